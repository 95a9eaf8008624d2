--- Finding and loading modules. Every file has a `require` of its own:
---
--- `./name` and `../name` are looked for from the file's folder, `/name` as it is;
--- a bare name in `libs/` and `deps/` of the file's folder and of all above it, then
--- among the built-in modules, then in the ways of plain Lua (package.path). `.lua`
--- may be left out; a folder stands for its `init.lua`. A module is loaded once per
--- full path. It returns a value, or fills `exports`; one that is still being loaded
--- gives the exports it has so far. Globals it assigns stay its own.

local uv = require('uv')
local builtins = require('native.builtins')
local pathjoin = require('pathjoin')

local pathJoin, splitPath = pathjoin.pathJoin, pathjoin.splitPath

--- A file as a module; the variable `module` in it.
---@class Module
---@field path string the file's full path
---@field dir string the folder it is in
---@field exports any what `require` of it gives
local Module = {}
Module.__index = Module

local modules = {}       -- by full path
local builtinModules = {} -- by name
local plainRequire = require('native.require') -- of plain Lua
local privateRequire = plainRequire            -- what built-in modules may ask for besides

local function environment(module, require)
  return setmetatable({ require = require, module = module, exports = module.exports },
    { __index = _G })
end

-- Whether fn is running on the thread, at whatever depth.
local function runsOn(thread, fn)
  if thread and coroutine.status(thread) == 'dead' then
    return false
  end
  for level = 0, 1e6 do
    local info
    if thread and thread ~= coroutine.running() then
      info = debug.getinfo(thread, level, 'f')
    else
      info = debug.getinfo(level + 2, 'f')
    end
    if not info then
      return false
    elseif info.func == fn then
      return true
    end
  end
end

-- Runs the module's chunk, or gives what it has so far when it is running already.
-- There is no pcall around it, so that tracebacks are whole; a module that failed
-- before is known by its chunk not being on the stack any more.
local function run(module, chunk, ...)
  module.chunk, module.thread = chunk, coroutine.running() or false
  local result = chunk(...)
  module.chunk, module.thread = nil, nil
  if result ~= nil then
    module.exports = result
  end
  return module.exports
end

local function isUsable(module)
  return not module.chunk or runsOn(module.thread or nil, module.chunk)
end

--------------------------------------------------------------------------------

local builtinRequire

local function loadBuiltin(name)
  local module = builtinModules[name]
  if module and isUsable(module) then
    return module.exports
  end
  local chunk = builtins.load(name)
  if not chunk then
    return nil
  end
  module = setmetatable({ path = 'builtin:' .. name .. '.lua', dir = 'builtin:', exports = {} },
    Module)
  builtinModules[name] = module
  setfenv(chunk, environment(module, builtinRequire))
  return run(module, chunk, name)
end

-- Built-in modules see each other, never the program's files.
function builtinRequire(name)
  local found = loadBuiltin(name)
  if found ~= nil then
    return found
  end
  return privateRequire(name)
end

-- Modules that plain Lua's require has found may ask for built-in ones.
table.insert(package.loaders, 2, function(name)
  local chunk = builtins.load(name)
  if not chunk then
    return "\n\tno built-in module '" .. name .. "'"
  end
  return function()
    return loadBuiltin(name)
  end
end)

--------------------------------------------------------------------------------

local function readFile(path)
  local fd, err = uv.fs_open(path, 'r', 420)
  if not fd then
    return nil, err
  end
  local stat, parts = nil, {}
  stat, err = uv.fs_fstat(fd)
  local size = stat and math.max(stat.size, 4096) or 4096
  while stat do
    local chunk
    chunk, err = uv.fs_read(fd, size, -1)
    if not chunk or chunk == '' then break end
    parts[#parts + 1] = chunk
  end
  uv.fs_close(fd)
  if err then
    return nil, err
  end
  return table.concat(parts)
end

local function isFile(path)
  local stat = uv.fs_stat(path)
  return stat and stat.type ~= 'directory'
end

-- The file that stands for a path, or nil; what was looked for is added to `tried`.
local function candidate(path, tried)
  if path:find('%.lua$') or path:find('%.so$') then
    if isFile(path) then
      return path
    end
    tried[#tried + 1] = path
  end
  for _, ending in ipairs { '.lua', '/init.lua', '.so' } do
    if isFile(path .. ending) then
      return path .. ending
    end
    if ending ~= '.so' then
      tried[#tried + 1] = path .. ending
    end
  end
end

local function climb(dir, name, tried)
  local parts = splitPath(dir)
  local prefix = pathjoin.getPrefix(dir)
  for depth = #parts, 0, -1 do
    local above = pathjoin.joinParts(prefix, parts, 1, depth)
    for _, folder in ipairs { 'libs', 'deps' } do
      local base = pathJoin(above, folder)
      if uv.fs_stat(base) then
        local path = candidate(pathJoin(base, name), tried)
        if not path and name:find('.', 1, true) then
          path = candidate(pathJoin(base, (name:gsub('%.', '/'))), tried)
        end
        if path then
          return path
        end
      end
    end
  end
end

local function isPath(name)
  return name:find('^%.%.?$') or name:find('^%.%.?[/\\]') or pathjoin.getPrefix(name)
end

local resolved = {} -- bare names, by folder

-- The full path of the file a name stands for in a folder, or nil.
local function find(dir, name, tried)
  if isPath(name) then
    local path = pathJoin(dir, name)
    return candidate(#path > 1 and path:gsub('[/\\]$', '') or path, tried)
  end
  local known = resolved[dir]
  if not known then
    known = {}
    resolved[dir] = known
  end
  local path = known[name]
  if not path then
    path = climb(dir, name, tried)
    known[name] = path
  end
  return path
end

local function loadNative(path)
  local name = path:match('([^/\\]+)%.%w+$'):gsub('^[^%-]*%-', ''):gsub('%.', '_')
  local open, err = package.loadlib(path, 'luaopen_' .. name)
  if not open then
    error(err, 0)
  end
  return open
end

local function loadPath(path)
  local module = modules[path]
  if module and isUsable(module) then
    return module.exports
  end
  local chunk, err
  module = setmetatable({ path = path, dir = pathJoin(path, '..'), exports = {} }, Module)
  if path:find('%.so$') then
    chunk = loadNative(path)
  else
    local code
    code, err = readFile(path)
    if code then
      chunk, err = loadstring(code:gsub('^#[^\n]*', ''), '@' .. path)
    end
    if not chunk then
      error(err, 0)
    end
    setfenv(chunk, environment(module, function(name)
      return Module.require(module, name)
    end))
  end
  modules[path] = module
  return run(module, chunk, path)
end

local function notFound(name, tried)
  local text = { ("module '%s' not found; looked for:"):format(name) }
  for _, path in ipairs(tried) do
    text[#text + 1] = '\t' .. path
  end
  if not isPath(name) then
    text[#text + 1] = '\tlibs/ and deps/ in the folders above, the built-in modules'
    text[#text + 1] = '\tpackage.path: ' .. package.path
    text[#text + 1] = '\tpackage.cpath: ' .. package.cpath
  end
  return table.concat(text, '\n')
end

-- Whether plain Lua's require has the module. Only asked when nothing else has it.
local function plainHas(name)
  if package.loaded[name] ~= nil or package.preload[name] then
    return true
  end
  if not package.searchpath then
    return true
  end
  local root = name:match('^[^.]+')
  return package.searchpath(name, package.path) or package.searchpath(name, package.cpath)
    or package.searchpath(root, package.cpath)
end

--- The module a name stands for in this file; what the file's `require` calls.
--- A module that is not found raises, naming what was looked for.
---@param name string
---@return any exports
function Module:require(name)
  if type(name) ~= 'string' or name == '' then
    error('require wants the name of a module, got ' .. (name == '' and 'an empty one' or type(name)), 2)
  end
  local tried = {}
  local path = find(self.dir, name, tried)
  if path then
    return (loadPath(path))
  end
  if not isPath(name) then
    local found = loadBuiltin(name)
    if found ~= nil then
      return found
    end
    if plainHas(name) then
      return (plainRequire(name))
    end
  end
  error(notFound(name, tried), 2)
end

--- The full path of the file a name stands for in this file; "builtin:NAME.lua" for a
--- built-in module.
---@param name string
---@return string|nil path
---@return string|nil err what was looked for
function Module:resolve(name)
  local tried = {}
  local path = find(self.dir, name, tried)
  if path then
    return path
  end
  if not isPath(name) and (builtinModules[name] or builtins.load(name)) then
    return 'builtin:' .. name .. '.lua'
  end
  return nil, notFound(name, tried)
end

--- Reads a file, its path being relative to the module's folder.
---@param path string
---@return string|nil content
---@return string|nil err
function Module:load(path)
  return readFile(pathJoin(self.dir, path))
end

--- Goes over the entries of a folder, relative to the module's folder.
---@param path string
---@return fun(): string|nil, string|nil entries name and type of each ("file", "directory", "link"...)
---@return string|nil err
function Module:scan(path)
  local request, err = uv.fs_scandir(pathJoin(self.dir, path))
  if not request then
    return nil, err
  end
  return function()
    return uv.fs_scandir_next(request)
  end
end

--- What uv.fs_stat says of a path relative to the module's folder.
---@param path string
---@return table|nil stat
---@return string|nil err
function Module:stat(path)
  return uv.fs_stat(pathJoin(self.dir, path))
end

--- Calls `action` with the real path of a file of the module, to be given to ffi.load
--- and the like.
---@param path string relative to the module's folder
---@param action fun(path: string): any
---@return any ... what `action` returned
function Module:action(path, action)
  return action(pathJoin(self.dir, path))
end

--------------------------------------------------------------------------------

local generator = {}

--- The `require` and the module of a file, which need not exist.
---@param path string relative to the current folder, or absolute
---@return fun(name: string): any require
---@return Module module
function generator.generator(path)
  path = pathJoin(uv.cwd(), path)
  local module = setmetatable({ path = path, dir = pathJoin(path, '..'), exports = {} }, Module)
  return function(name)
    return Module.require(module, name)
  end, module
end

-- For the bootstrap: loads and runs the main file. Not for programs.
generator.main = function(path, source)
  local require, module = generator.generator(path)
  modules[module.path] = module
  local chunk, err
  if source then
    chunk, err = loadstring(source, '=(command line)')
  else
    local code
    code, err = readFile(module.path)
    if not code then
      error(('cannot read %s: %s'):format(path, err), 0)
    end
    chunk, err = loadstring(code:gsub('^#[^\n]*', ''), '@' .. path)
  end
  if not chunk then
    error(err, 0)
  end
  setfenv(chunk, environment(module, require))
  return function(...)
    return run(module, chunk, ...)
  end
end

generator.builtin = builtinRequire

function generator.setPrivate(require)
  privateRequire = require
end

setmetatable(generator, {
  __call = function(_, path)
    return generator.generator(path)
  end,
})

-- This very instance is what everybody gets; the bootstrap loaded it by hand.
builtinModules.require = setmetatable({ path = 'builtin:require.lua', dir = 'builtin:',
  exports = generator }, Module)

return generator
