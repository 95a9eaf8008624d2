---@meta process
-- Generated from host/runtime by ./dev docs.

--- The running program: its words, environment, signals and end.
---@class process.module
local process = {}

-- of process.lua, Process
--- The global `process`. Signals are listened to with `process:on('sigint', fn)`; they do
--- not keep the program alive.
--- event exit(code integer): the program ends; nothing is waited for any more.
--- event error(err any, emitter Emitter): an emitter had an error that nobody listens to.
--- event uncaughtException(err any, traceback string): an error was raised in a callback or the main file. Without
--- a listener it is printed and the program ends with code 1.
--- event sigint(name string): and so for each signal, by its name in small letters.
---@class Process: Emitter
---@field argv string[] 0: what runs programs, 1: the main file, from 2 on: its arguments
---@field exitCode integer the code the program ends with by itself
---@field pid integer
---@field env table<string, string> the environment; assigning nil removes, pairs() iterates
---@field stdin Readable
---@field stdout Writable
---@field stderr Writable
local class_Process = {}

--- Adds a listener; for the name of a signal the signal is caught from now on. One that
--- cannot be caught raises.
---@param name string
---@param callback fun(...)
---@return Process self
function class_Process:on(name, callback) end

--- Adds a listener for the next event of that name only.
---@param name string
---@param callback fun(...)
---@return Process self
function class_Process:once(name, callback) end

--- Removes a listener. A signal without listeners does again what it does by default.
---@param name string
---@param callback fun(...)
---@return Process self
function class_Process:removeListener(name, callback) end

--- Removes all listeners of an event, or of every event.
---@param name string|nil
---@return Process self
function class_Process:removeAllListeners(name) end

--- Calls a function in the next turn of the loop, in the order asked for.
---@param fn fun(...)
---@param ... any
function class_Process.nextTick(fn, ...) end

--- The folder the program works in.
---@return string path
function class_Process.cwd() end

--- Sends a signal to a process; signal 0 only asks whether it is there.
---@param pid integer
---@param signal string|integer|nil "sigterm" when not given
---@return boolean|nil ok
---@return Error|nil err
function class_Process.kill(...) end

--- The memory in use, in bytes: rss is the process's, heapUsed that of Lua's objects.
---@return {rss: integer, heapUsed: integer}
function class_Process.memoryUsage() end

--- The processor time used, in microseconds.
---@param before {user: integer, system: integer}|nil an earlier answer, to get what was used since
---@return {user: integer, system: integer}
function class_Process.cpuUsage(...) end

--- Ends the program now. Listeners of `exit` are called; what is still open is dropped.
---@param code integer|nil process.exitCode when not given
function class_Process:exit(code) end

--- The one Process object, which is also the global `process`.
---@return Process
function process.globalProcess() end

return process
