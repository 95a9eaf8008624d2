---@meta require
-- Generated from host/runtime by ./dev docs.

--- Finding and loading modules. Every file has a `require` of its own:
---
--- `./name` and `../name` are looked for from the file's folder, `/name` as it is;
--- a bare name in `libs/` and `deps/` of the file's folder and of all above it, then
--- among the built-in modules, then in the ways of plain Lua (package.path). `.lua`
--- may be left out; a folder stands for its `init.lua`. A module is loaded once per
--- full path. It returns a value, or fills `exports`; one that is still being loaded
--- gives the exports it has so far. Globals it assigns stay its own.
---@class require.module
local require = {}

-- of require.lua, Module
--- A file as a module; the variable `module` in it.
---@class Module
---@field path string the file's full path
---@field dir string the folder it is in
---@field exports any what `require` of it gives
local class_Module = {}

--- The module a name stands for in this file; what the file's `require` calls.
--- A module that is not found raises, naming what was looked for.
---@param name string
---@return any exports
function class_Module:require(name) end

--- The full path of the file a name stands for in this file; "builtin:NAME.lua" for a
--- built-in module.
---@param name string
---@return string|nil path
---@return string|nil err what was looked for
function class_Module:resolve(name) end

--- Reads a file, its path being relative to the module's folder.
---@param path string
---@return string|nil content
---@return string|nil err
function class_Module:load(path) end

--- Goes over the entries of a folder, relative to the module's folder.
---@param path string
---@return fun(): string|nil, string|nil entries name and type of each ("file", "directory", "link"...)
---@return string|nil err
function class_Module:scan(path) end

--- What uv.fs_stat says of a path relative to the module's folder.
---@param path string
---@return table|nil stat
---@return string|nil err
function class_Module:stat(path) end

--- Calls `action` with the real path of a file of the module, to be given to ffi.load
--- and the like.
---@param path string relative to the module's folder
---@param action fun(path: string): any
---@return any ... what `action` returned
function class_Module:action(path, action) end

--- The `require` and the module of a file, which need not exist.
---@param path string relative to the current folder, or absolute
---@return fun(name: string): any require
---@return Module module
function require.generator(path) end

return require
