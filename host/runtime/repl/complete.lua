-- What can follow what was typed: names, fields, methods, modules.
local uv = require('uv')
local builtins = require('native.builtins')

local KEYWORDS = { 'and', 'break', 'do', 'else', 'elseif', 'end', 'false', 'for', 'function', 'goto',
  'if', 'in', 'local', 'nil', 'not', 'or', 'repeat', 'return', 'then', 'true', 'until', 'while' }
-- Chains of __index longer than this are not followed.
local MAX_DEPTH = 16

local function sorted(set)
  local list = {}
  for word in pairs(set) do list[#list + 1] = word end
  table.sort(list)
  return list
end

-- Adds the names in `value`, and in what it inherits from, that begin with `prefix`.
local function add_names(found, value, prefix, accept)
  for _ = 1, MAX_DEPTH do
    if type(value) == 'table' then
      for name, field in next, value do
        if type(name) == 'string' and name:find('^[%a_][%w_]*$') and name:sub(1, #prefix) == prefix
          and accept(field) then
          found[name] = type(field)
        end
      end
    end
    local meta = debug.getmetatable(value)
    local index = type(meta) == 'table' and rawget(meta, '__index')
    if type(index) ~= 'table' then return end
    value = index
  end
end

-- A field without running code of the program: __index functions are not called.
local function get(value, name)
  for _ = 1, MAX_DEPTH do
    if type(value) == 'table' then
      local field = rawget(value, name)
      if field ~= nil then return field end
    end
    local meta = debug.getmetatable(value)
    local index = type(meta) == 'table' and rawget(meta, '__index')
    if type(index) ~= 'table' then return nil end
    value = index
  end
end

-- The value of "a.b.c"; nil if there is none.
local function resolve(environment, path)
  local value
  for name in path:gmatch('[%a_][%w_]*') do
    if value == nil then value = environment[name] else value = get(value, name) end
    if value == nil then return nil end
  end
  return value
end

-- What may be written without a dot before it.
local function add_variables(found, environment, prefix)
  local function any() return true end
  add_names(found, environment, prefix, any)
  add_names(found, _G, prefix, any)
  for _, words in ipairs({ KEYWORDS, builtins.names() }) do
    for _, word in ipairs(words) do
      if word:sub(1, #prefix) == prefix and word:find('^%l+$') and word ~= 'main' then
        found[word] = true
      end
    end
  end
end

local function module_names(prefix)
  local found = {}
  local function offer(name)
    if name:sub(1, #prefix) == prefix and not name:find('^internal/') and name ~= 'main' then
      found[name] = true
    end
  end
  for _, name in ipairs(builtins.names()) do offer(name) end
  for name in pairs(package.preload) do offer(name) end
  offer('uv')
  local folder = prefix:match('^(%.%.?/.*/)') or prefix:match('^%.%.?/')
  for _, place in ipairs(folder and { folder } or { 'libs/', 'deps/' }) do
    local entries = uv.fs_scandir(place)
    while entries do
      local name, kind = uv.fs_scandir_next(entries)
      if not name then break end
      local module = name:match('^(.+)%.lua$') or (kind == 'directory' and name)
      if module then offer((folder or '') .. module) end
    end
  end
  return sorted(found)
end

-- The candidates for the end of `before`, and the byte where that end begins.
return function(environment, before)
  local quoted = before:match('require%s*%(?%s*["\']([%w_./-]*)$')
  if quoted then return module_names(quoted), #before - #quoted + 1 end
  local prefix = before:match('[%a_]?[%w_]*$')
  local from = #before - #prefix + 1
  local path, separator = before:sub(1, from - 1):match('([%a_][%w_.]*)%s*([.:])$')
  local found = {}
  if not separator then
    -- Not in the middle of a number, or after what is no plain name.
    if before:sub(1, from - 1):find('[%d.:]$') then return {} end
    add_variables(found, environment, prefix)
    return sorted(found), from
  end
  local value = resolve(environment, path)
  if value ~= nil then
    add_names(found, value, prefix, function(field)
      return separator == '.' or type(field) == 'function'
    end)
  end
  return sorted(found), from
end
