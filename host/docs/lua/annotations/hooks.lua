---@meta hooks
-- Generated from host/runtime by ./dev docs.

---@class hooks.module
local hooks = {}

-- of hooks.lua, hooks
--- One emitter for the whole program, for libraries that want to know of its end.
--- event process.exit(code integer): the program ends with this code; nothing is waited for any more.
--- event process.uncaughtException(err any, traceback string): nobody caught an error. With a listener here or on
--- `process` the program goes on.
---@class Hooks: Emitter
local class_Hooks = {}

return hooks
