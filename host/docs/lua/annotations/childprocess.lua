---@meta childprocess
-- Generated from host/runtime by ./dev docs.

--- Other programs: started, fed, listened to and ended.
---@class childprocess.module
local childprocess = {}

-- of childprocess.lua, Process
--- A child. It is made by `spawn`, `exec` and `execFile`.
--- event exit(code integer, signal integer): it has ended, by itself with an exit code or by a signal (else 0). Its output may not be read yet.
--- event error(err Error): it could not be started (code "ENOENT": there is no such program; `exit` with -127 and `close` follow), or was given an error by `destroy`.
--- event close(code integer, signal integer): it has ended, and its output was read or nobody reads it.
---@class ChildProcess: Emitter
---@field pid integer|nil nil if it could not be started
---@field stdin ChildInput|nil with the stdio "pipe"
---@field stdout ChildOutput|nil
---@field stderr ChildOutput|nil
---@field stdio table 1..3 the same; what was given for a stream or a number
---@field exitCode integer|nil once it has ended
---@field signal integer|nil once it has ended: what ended it, or 0
---@field killed boolean whether `kill` has sent it a signal
local class_ChildProcess = {}

--- Sends a signal to the child, or with `detached` to it and all that it has started.
---@param signal string|integer|nil "SIGTERM"
---@return boolean|nil ok
---@return Error|nil err "ESRCH": it has ended
function class_ChildProcess:kill(signal) end

--- Closes this side of the pipes. The child goes on; `exit` and `close` come when it ends.
function class_ChildProcess:close() end

--- Ends the child (SIGKILL) and closes the pipes. `error`, if an error is given, `exit`
--- and `close` follow.
---@param err Error|nil
function class_ChildProcess:destroy(err) end

--- The program does not end before the child does; so it is unless `unref` is called.
function class_ChildProcess:ref() end

--- The program may end before the child does.
function class_ChildProcess:unref() end

--- As of every emitter; for `exit` and `close` it does not wait when that has happened.
---@param event string
---@param timeout number|nil milliseconds
---@return any ... the event's arguments, or nil and the error
function class_ChildProcess:wait(event, timeout) end

childprocess.Process = class_ChildProcess

-- of internal/child_pipes.lua, Output
--- What a child writes: its stdout or stderr.
--- event close(): the pipe is closed, and everything was read.
---@class ChildOutput: Readable
---@field destroyed boolean|nil
local class_ChildOutput = {}

--- Stops reading and closes the pipe; `error` with the error, if one is given, and
--- `close` follow.
---@param err Error|nil
---@return ChildOutput self
function class_ChildOutput:destroy(err) end

-- of internal/child_pipes.lua, Input
--- What a child reads: its stdin. To end it, call `_end` (or `shutdown`).
--- event error(err Error): code "EPIPE" when the child does not read any more; `close` follows.
--- event close(): the pipe is closed.
---@class ChildInput: Writable
---@field destroyed boolean|nil
local class_ChildInput = {}

--- As of every `Writable`; after `destroy` it only calls back with an error.
---@param chunk any
---@param callback fun(err: Error|nil)|nil
---@return boolean more
function class_ChildInput:write(chunk, callback) end

--- The same as `_end`.
---@param callback fun()|nil
---@return ChildInput self
function class_ChildInput:shutdown(callback) end

--- Closes the pipe at once; what is not written yet is lost. `error` with the error, if
--- one is given, and `close` follow.
---@param err Error|nil
---@return ChildInput self
function class_ChildInput:destroy(err) end

--- Starts a program. Options:
---
--- `stdio`: "pipe" (the default), "inherit" or "ignore" for all three, or a list with one
--- of these, a file descriptor or a stream for each. `env`: its whole environment, a table
--- by name (left out: ours). `cwd`, `uid`, `gid`. `detached`: it leads a session and a
--- process group of its own, which `kill` then means.
---@param command string a path, or a name that is looked for in PATH
---@param args string[]|nil
---@param options table|nil
---@return ChildProcess child
function childprocess.spawn(command, args, options) end

--- Runs a program to its end, without a shell. Options as for `spawn` but `stdio`, and:
---
--- `timeout`: milliseconds, after which it and all that it has started get `killSignal`
--- ("SIGTERM"), and SIGKILL if they are still there `killAfter` ms (2000) later; it then
--- leads a process group of its own. `maxBuffer`: bytes that stdout and stderr may have
--- each (1 MiB); with more it is killed. `input`: what it reads; without it and without
--- a callback it reads nothing, with a callback you may write to `child.stdin`.
---
--- The error has `code` (the exit code; or "ENOENT", "ETIMEDOUT", "ENOBUFS"), `signal`,
--- `killed`, `cmd`, `stdout` and `stderr`.
---@param file string
---@param args string[]|nil
---@param options table|nil
---@param callback fun(err: Error|nil, stdout: string, stderr: string)|nil
---@return ChildProcess|string|nil result the child; without a callback stdout, or nil
---@return string|Error|nil result2 without a callback stderr, or the error
---@overload fun(file: string, callback: fun(err: Error|nil, stdout: string, stderr: string)): ChildProcess
function childprocess.execFile(file, args, options, callback) end

--- Runs a command of the shell to its end. Options as for `execFile`, and `shell`
--- ("/bin/sh").
---@param command string
---@param options table|nil
---@param callback fun(err: Error|nil, stdout: string, stderr: string)|nil
---@return ChildProcess|string|nil result the child; without a callback stdout, or nil
---@return string|Error|nil result2 without a callback stderr, or the error
---@overload fun(command: string, callback: fun(err: Error|nil, stdout: string, stderr: string)): ChildProcess
function childprocess.exec(command, options, callback) end

return childprocess
