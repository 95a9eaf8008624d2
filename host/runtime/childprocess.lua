--- Other programs: started, fed, listened to and ended.

local uv = require('uv')
local core = require('core')
local run = require('internal/child_run')
local spawn = require('internal/child_spawn')
local soon = require('internal/turn').soon

local Error = core.Error

local childprocess = {}

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
local Process = core.Emitter:extend()
childprocess.Process = Process

local NOT_STARTED = -127

local function maybeClose(self)
  if self.exitCode == nil or self.closed then
    return
  end
  for i = 1, 3 do
    local stream = self.own[i]
    if stream and stream.onSettled then
      return
    end
  end
  self.closed = true
  self:emit('close', self.exitCode, self.signal)
end

local function exited(self, code, signal)
  self.exitCode, self.signal = code, signal
  local handle = self.handle
  self.handle = nil
  if handle then
    handle:close()
  end
  local stdin = self.own[1]
  if stdin then
    stdin:destroy()
  end
  self:emit('exit', code, signal)
  for i = 2, 3 do
    local stream = self.own[i]
    if stream and not stream.destroyed then
      stream:takeRest()
    end
  end
  soon(maybeClose, self)
end

function Process:initialize(command, arguments, options)
  self.killed = false
  self.command = command
  local group = options.detached and true or false
  local handle, pid, stdio = spawn(command, arguments, options, function(code, signal)
    exited(self, code, signal)
  end)
  self.stdio, self.own = stdio, stdio.own
  self.stdin, self.stdout, self.stderr = stdio[1], stdio[2], stdio[3]
  for i = 1, 3 do
    local stream = self.own[i]
    if stream then
      stream.onSettled = function()
        maybeClose(self)
      end
    end
  end
  if handle then
    self.handle, self.pid, self.leadsGroup = handle, pid, group
    return
  end
  local err = pid
  for i = 1, 3 do
    if self.own[i] then
      self.own[i]:destroy()
    end
  end
  soon(function()
    self.exitCode, self.signal = NOT_STARTED, 0
    self:emit('error', err)
    self:emit('exit', NOT_STARTED, 0)
    maybeClose(self)
  end)
end

local function signalNumber(signal)
  if signal == nil then
    return uv.constants.SIGTERM
  end
  local number = type(signal) == 'number' and signal
    or type(signal) == 'string' and uv.constants[signal:upper()]
  if not number then
    error('there is no signal ' .. tostring(signal), 3)
  end
  return number
end

--- Sends a signal to the child, or with `detached` to it and all that it has started.
---@param signal string|integer|nil "SIGTERM"
---@return boolean|nil ok
---@return Error|nil err "ESRCH": it has ended
function Process:kill(signal)
  local number = signalNumber(signal)
  local ok, err
  if not self.handle then
    err = 'ESRCH: the process has ended'
  elseif self.leadsGroup then
    ok, err = uv.kill(-self.pid, number)
  else
    ok, err = self.handle:kill(number)
  end
  if not ok then
    return nil, Error.fromUv(err, 'kill', self.command)
  end
  self.killed = true
  return true
end

--- Closes this side of the pipes. The child goes on; `exit` and `close` come when it ends.
function Process:close()
  for i = 1, 3 do
    if self.own[i] then
      self.own[i]:destroy()
    end
  end
end

--- Ends the child (SIGKILL) and closes the pipes. `error`, if an error is given, `exit`
--- and `close` follow.
---@param err Error|nil
function Process:destroy(err)
  self:kill('SIGKILL')
  self:close()
  if err ~= nil then
    soon(function()
      self:emit('error', err)
    end)
  end
end

--- The program does not end before the child does; so it is unless `unref` is called.
function Process:ref()
  if self.handle then self.handle:ref() end
end

--- The program may end before the child does.
function Process:unref()
  if self.handle then self.handle:unref() end
end

--- As of every emitter; for `exit` and `close` it does not wait when that has happened.
---@param event string
---@param timeout number|nil milliseconds
---@return any ... the event's arguments, or nil and the error
function Process:wait(event, timeout)
  if (event == 'exit' and self.exitCode and not self.handle) or (event == 'close' and self.closed) then
    return self.exitCode, self.signal
  end
  return core.Emitter.wait(self, event, timeout)
end

--------------------------------------------------------------------------------

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
function childprocess.spawn(command, args, options)
  return Process:new(command, args or {}, options or {})
end

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
function childprocess.execFile(file, args, options, callback)
  if type(args) == 'function' then
    args, callback = nil, args
  elseif type(options) == 'function' then
    options, callback = nil, options
  end
  return run(Process, file, args or {}, options or {}, callback, file)
end

--- Runs a command of the shell to its end. Options as for `execFile`, and `shell`
--- ("/bin/sh").
---@param command string
---@param options table|nil
---@param callback fun(err: Error|nil, stdout: string, stderr: string)|nil
---@return ChildProcess|string|nil result the child; without a callback stdout, or nil
---@return string|Error|nil result2 without a callback stderr, or the error
---@overload fun(command: string, callback: fun(err: Error|nil, stdout: string, stderr: string)): ChildProcess
function childprocess.exec(command, options, callback)
  if type(options) == 'function' then
    options, callback = nil, options
  end
  options = options or {}
  return run(Process, options.shell or '/bin/sh', { '-c', command }, options, callback, command)
end

return childprocess
