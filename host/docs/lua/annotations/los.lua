---@meta los
-- Generated from host/runtime by ./dev docs.

--- The system the program runs on.
---@class los.module
local los = {}

--- The kind of the operating system.
---@return string type "linux", "darwin", "bsd", "win32", "posix" or "other"
function los.type() end

return los
