--- Files that belong to a module, found from the file that asks for them.

local uv = require('uv')
local pathJoin = require('pathjoin').pathJoin

local resource = {}

-- The path, relative to the folder of the function `level` above the caller.
local function fromCaller(path, level)
  if type(path) ~= 'string' then
    error('a resource is named by a path, not by a ' .. type(path), level + 1)
  end
  local source = debug.getinfo(level + 1, 'S').source
  local file = source:match('^@(.*)$')
  local folder = file and pathJoin(uv.cwd(), file, '..') or uv.cwd()
  return pathJoin(folder, path)
end

--- The full path of a file.
---@param path string relative to the file that calls
---@return string
function resource.resolve(path)
  local full = fromCaller(path, 2)
  return full
end

--- Reads a file at once.
---@param path string relative to the file that calls
---@return string|nil content
---@return string|nil err
function resource.load(path)
  local full = fromCaller(path, 2)
  local file, err = io.open(full, 'rb')
  if not file then
    return nil, err
  end
  local content
  content, err = file:read('*a')
  file:close()
  if not content then
    return nil, full .. ': ' .. err
  end
  return content
end

return resource
