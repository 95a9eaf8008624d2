-- virgo lua annotations.lua FOLDER: holds the annotation files against the runtime.
-- Every name in them exists, and every public name of a module is in its file.
local uv = require('uv')

local folder = args[2]

-- Classes that no module exports: an instance, which is closed again.
local function child()
  local made = require('childprocess').spawn('true')
  return made
end
local INSTANCES = {
  Process = function() return process end,
  Module = function() return select(2, require('require').generator('x')) end,
  ChildProcess = child,
  ChildInput = function() return child().stdin end,
  ChildOutput = function() return child().stdout end,
  Path = function() return require('path').posix end,
  StandardOutput = function() return process.stdout end,
  StandardInput = function() return process.stdin end,
  Credential = function() return require('tls').createCredentials({}) end,
  Hooks = function() return require('hooks') end,
}
-- Made by operations that need a peer. docs.reference holds their names.
local UNREACHABLE = { FetchResponse = true }
-- For the runtime itself; see generate.lua.
local PRIVATE = {
  core = { checkResume = true },
  path = { split = true, separators = true },
  process = { finish = true, uncaught = true },
  require = { builtin = true, main = true, setPrivate = true },
}

local failures, names = {}, 0
local function fail(...) failures[#failures + 1] = table.concat({ ... }) end

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

local function short(class) return class:match('[%w_]+$') end

-- Looks up a name; an object that raises for unknown names has none.
local function get(object, name)
  local ok, value = pcall(function() return object[name] end)
  if ok then return value end
end

-- The object whose methods a class's are. The file that declares it returns it, or has
-- it by its name, or by that of its variable.
local function class_object(class)
  local instance = INSTANCES[short(class.name)]
  if instance then return instance() end
  local ok, value = pcall(require, (class.file:gsub('%.lua$', '')))
  if not ok or type(value) ~= 'table' then return nil end
  for _, name in ipairs { short(class.name), class.variable } do
    local inner = get(value, name)
    if type(inner) == 'table' then return inner end
  end
  return value
end

local function check(module, text)
  local exports = require(module)
  local variable = module:gsub('[^%w_]', '_')
  local listed, classes = {}, {}
  local class, file, variable_there
  for line in text:gmatch('[^\n]+') do
    if line:find('^%-%- of ') then file, variable_there = line:match('^%-%- of (%S+), (%S+)$') end
    class = line:match('^%-%-%-@class ([%w_.]+)') or class
    local name = line:match('^local (class_[%w_]+) = {}')
    if name then classes[name] = { name = class, file = file, variable = variable_there } end
  end
  for owner, name in text:gmatch('\nfunction ([%w_]+)[.:]([%w_]+)%(') do
    names = names + 1
    if owner == variable then
      listed[name] = true
      if type(get(exports, name)) ~= 'function' then fail(module, '.', name, ' is no function of the runtime') end
    else
      local class = classes[owner]
      local object = class_object(class)
      if not object then
        if UNREACHABLE[short(class.name)] then goto continue end
        fail(module, ': nothing of class ', class.name, ' to look at')
      elseif get(object, name) == nil then
        fail(module, ': ', class.name, ' has no ', name)
      end
    end
    ::continue::
  end
  for name in text:gmatch('\n' .. variable .. '%.([%w_]+) = ') do
    names = names + 1
    listed[name] = true
    if get(exports, name) == nil then fail(module, '.', name, ' does not exist') end
  end
  if type(exports) ~= 'table' then return end
  for name in pairs(exports) do
    local private = PRIVATE[module] and PRIVATE[module][name]
    if type(name) == 'string' and not name:find('^_') and not private and not listed[name] then
      fail(module, '.', name, ' is not annotated')
    end
  end
end

local request = assert(uv.fs_scandir(folder))
local modules = {}
while true do
  local name = uv.fs_scandir_next(request)
  if not name then break end
  modules[name:match('^(.+)%.lua$')] = true
end
for _, name in ipairs(require('require').builtin('native.builtins').names()) do
  if not name:find('/') and name ~= 'main' and not modules[name] then fail(name, ' has no annotations') end
end
for module in pairs(modules) do
  local text = read(folder .. '/' .. module .. '.lua')
  assert(loadstring(text, '@' .. module .. '.lua'))
  check(module, '\n' .. text)
end

if #failures > 0 then
  table.sort(failures)
  io.stderr:write(table.concat(failures, '\n'), '\n')
  process:exit(1)
end
print(names .. ' names')
