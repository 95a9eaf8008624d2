---@meta task
-- Generated from host/runtime by ./dev docs.

--- Straight-line code without a coroutine per call: functions run in coroutines that
--- are used again once their function has returned. For listeners that may wait, such
--- as those of a server's connections and requests.
---@class task.module
local task = {}

--- Calls `fn` at once, in a coroutine, so that it may wait. An error before its first
--- wait is raised in the caller of `run`, one after it where the coroutine was resumed,
--- which for the runtime's own waits means `uncaughtException`; both with the
--- coroutine's traceback.
---@param fn fun(...)
---@param ... any fn's arguments
---@return boolean done whether fn has returned; false when it waits
function task.run(fn, ...) end

--- Makes a function that calls `fn` by `run`: a listener that may wait.
---@param fn fun(...)
---@return fun(...): boolean
function task.wrap(fn) end

return task
