---@meta luvi
-- Generated from host/runtime by ./dev docs.

--- What programs written for Luvit ask of luvi, the executable it is made with.
---@class luvi.module
local luvi = {}

--- The version of luvi that is stood in for.
luvi.version = nil

--- Joining paths, see pathjoin.
luvi.path = nil

---@type boolean
luvi.isWindows = nil

---@type table
luvi.options = nil

return luvi
