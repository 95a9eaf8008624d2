---@meta pathjoin
-- Generated from host/runtime by ./dev docs.

--- Joining file paths, in the way of the system the program runs on.
---@class pathjoin.module
local pathjoin = {}

--- The absolute beginning of a path: "/", or on Windows "C:\" and "\\server\share\".
---@param path string
---@return string|nil prefix nil for a relative path
function pathjoin.getPrefix(path) end

--- The parts of a path between its separators; empty ones are left out.
---@param path string
---@return string[]
function pathjoin.splitPath(path) end

--- The path made of a prefix and the parts `first` to `last`.
---@param prefix string|nil
---@param parts string[]
---@param first integer|nil
---@param last integer|nil
---@return string
function pathjoin.joinParts(prefix, parts, first, last) end

--- Joins paths; the last absolute one starts anew. "." and ".." are resolved, a
--- separator at the end is kept.
---@param ... string
---@return string
function pathjoin.pathJoin(...) end

---@type boolean
pathjoin.isWindows = nil

return pathjoin
