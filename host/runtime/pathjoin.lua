--- Joining file paths, in the way of the system the program runs on.

local pathjoin = {}

--- Whether paths are those of Windows.
pathjoin.isWindows = package.config:sub(1, 1) == '\\'

local isWindows = pathjoin.isWindows
local separator = isWindows and '\\' or '/'

--- The absolute beginning of a path: "/", or on Windows "C:\" and "\\server\share\".
---@param path string
---@return string|nil prefix nil for a relative path
function pathjoin.getPrefix(path)
  if isWindows then
    local found = path:match('^%a:[\\/]?') or path:match('^[\\/][\\/][^\\/]+[\\/][^\\/]+[\\/]?')
      or path:match('^[\\/]')
    return found and (found:gsub('/', '\\'))
  end
  return path:match('^/')
end

--- The parts of a path between its separators; empty ones are left out.
---@param path string
---@return string[]
function pathjoin.splitPath(path)
  local parts = {}
  for part in path:gmatch(isWindows and '[^\\/]+' or '[^/]+') do
    parts[#parts + 1] = part
  end
  return parts
end

--- The path made of a prefix and the parts `first` to `last`.
---@param prefix string|nil
---@param parts string[]
---@param first integer|nil
---@param last integer|nil
---@return string
function pathjoin.joinParts(prefix, parts, first, last)
  return (prefix or '') .. table.concat(parts, separator, first or 1, last or #parts)
end

--- Joins paths; the last absolute one starts anew. "." and ".." are resolved, a
--- separator at the end is kept.
---@param ... string
---@return string
function pathjoin.pathJoin(...)
  local inputs, prefix, first = { ... }, nil, 1
  for i = #inputs, 1, -1 do
    prefix = pathjoin.getPrefix(inputs[i])
    if prefix then
      first = i
      inputs[i] = inputs[i]:sub(#prefix + 1)
      break
    end
  end
  local parts, above = {}, 0
  for i = first, #inputs do
    for _, part in ipairs(pathjoin.splitPath(inputs[i])) do
      if part == '..' then
        if parts[above + 1] then
          parts[#parts] = nil
        elseif not prefix then
          above = above + 1
          parts[above] = '..'
        end
      elseif part ~= '.' then
        parts[#parts + 1] = part
      end
    end
  end
  local joined = pathjoin.joinParts(prefix, parts)
  local last = inputs[#inputs]
  if parts[1] and last and last:find(isWindows and '[\\/]$' or '/$') then
    joined = joined .. separator
  end
  return joined
end

return pathjoin
