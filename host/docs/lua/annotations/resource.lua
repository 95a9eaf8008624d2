---@meta resource
-- Generated from host/runtime by ./dev docs.

--- Files that belong to a module, found from the file that asks for them.
---@class resource.module
local resource = {}

--- The full path of a file.
---@param path string relative to the file that calls
---@return string
function resource.resolve(path) end

--- Reads a file at once.
---@param path string relative to the file that calls
---@return string|nil content
---@return string|nil err
function resource.load(path) end

return resource
