--- The running program: its words, environment, signals and end.

local uv = require('uv')
local core = require('core')
local hooks = require('hooks')
local turn = require('internal/turn')
local native = require('native.process')

local Emitter, Error = core.Emitter, core.Error

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
local Process = Emitter:extend()

local env = setmetatable({}, {
  __index = function(_, name)
    return os.getenv(tostring(name)) -- uv's has a limit
  end,
  __newindex = function(_, name, value)
    name = tostring(name)
    if name == '' or name:find('[=%z]') then
      error('not a name for the environment: ' .. ('%q'):format(name), 2)
    end
    if value == nil then
      uv.os_unsetenv(name)
    else
      uv.os_setenv(name, tostring(value))
    end
  end,
  __pairs = function()
    return next, uv.os_environ(), nil
  end,
})

local stdio = { stdin = true, stdout = true, stderr = true }
local index = Process.meta.__index

function Process.meta.__index(self, key)
  if stdio[key] then
    local stream = require('pretty-print')[key]
    rawset(self, key, stream)
    return stream
  end
  return index[key]
end

function Process:initialize()
  self.argv = {}
  self.exitCode = 0
  self.pid = uv.os_getpid()
  self.env = env
end

--------------------------------------------------------------------------------
-- Signals: a handle from the first listener to the last.

local signals = {}

local function signalNumber(name)
  return type(name) == 'string' and name:find('^[Ss][Ii][Gg]%w+$') and uv.constants[name:upper()]
end

local function stopSignal(self, name)
  local handle = signals[name]
  if handle and self:listenerCount(name) == 0 then
    signals[name] = nil
    handle:close()
  end
end

-- Returns the error if the signal cannot be caught.
local function startSignal(self, name)
  local number = not signals[name] and signalNumber(name)
  if not number then
    return nil
  end
  local handle = uv.new_signal()
  local ok, err = handle:start(number, function()
    self:emit(name, name)
    stopSignal(self, name)
  end)
  if not ok then
    handle:close()
    return Error.fromUv(err, 'listen to', name)
  end
  handle:unref()
  signals[name] = handle
end

local function listen(self, add, name, callback)
  add(self, name, callback)
  local err = startSignal(self, name)
  if err then
    Emitter.removeListener(self, name, callback)
    error(err, 3)
  end
end

--- Adds a listener; for the name of a signal the signal is caught from now on. One that
--- cannot be caught raises.
---@param name string
---@param callback fun(...)
---@return Process self
function Process:on(name, callback)
  listen(self, Emitter.on, name, callback)
  return self
end

--- Adds a listener for the next event of that name only.
---@param name string
---@param callback fun(...)
---@return Process self
function Process:once(name, callback)
  listen(self, Emitter.once, name, callback)
  return self
end

--- Removes a listener. A signal without listeners does again what it does by default.
---@param name string
---@param callback fun(...)
---@return Process self
function Process:removeListener(name, callback)
  Emitter.removeListener(self, name, callback)
  stopSignal(self, name)
  return self
end

--- Removes all listeners of an event, or of every event.
---@param name string|nil
---@return Process self
function Process:removeAllListeners(name)
  Emitter.removeAllListeners(self, name)
  for signal in pairs(signals) do
    stopSignal(self, signal)
  end
  return self
end

--------------------------------------------------------------------------------

-- The functions of process may be called with a dot or with a colon.
local function withoutSelf(first, ...)
  if type(first) == 'table' and core.instanceof(first, Process) then
    return ...
  end
  return first, ...
end

--- Calls a function in the next turn of the loop, in the order asked for.
---@param fn fun(...)
---@param ... any
function Process.nextTick(fn, ...)
  local count = select('#', ...)
  if count <= 2 then
    return turn.soon(fn, ...)
  end
  local arguments = { ... }
  turn.soon(function()
    fn(unpack(arguments, 1, count))
  end)
end

--- The folder the program works in.
---@return string path
function Process.cwd()
  return (uv.cwd())
end

--- Sends a signal to a process; signal 0 only asks whether it is there.
---@param pid integer
---@param signal string|integer|nil "sigterm" when not given
---@return boolean|nil ok
---@return Error|nil err
function Process.kill(...)
  local pid, signal = withoutSelf(...)
  if signal == nil then
    signal = 'sigterm'
  end
  local number = type(signal) == 'number' and signal or signalNumber(signal)
  if not number then
    error('not a signal: ' .. tostring(signal), 2)
  end
  local ok, err = uv.kill(pid, number)
  if not ok then
    return nil, Error.fromUv(err, 'kill', tostring(pid))
  end
  return true
end

--- The memory in use, in bytes: rss is the process's, heapUsed that of Lua's objects.
---@return {rss: integer, heapUsed: integer}
function Process.memoryUsage()
  return { rss = uv.resident_set_memory(), heapUsed = collectgarbage('count') * 1024 }
end

--- The processor time used, in microseconds.
---@param before {user: integer, system: integer}|nil an earlier answer, to get what was used since
---@return {user: integer, system: integer}
function Process.cpuUsage(...)
  local before = withoutSelf(...)
  local usage = uv.getrusage()
  local user = usage.utime.sec * 1e6 + usage.utime.usec
  local system = usage.stime.sec * 1e6 + usage.stime.usec
  if before then
    user, system = user - before.user, system - before.system
  end
  return { user = user, system = system }
end

local function exitCode(code)
  return (tonumber(code) or (code and 1 or 0)) % 256
end

-- What the end is announced with, once.
local function announce(self, code)
  if not self.exiting then
    self.exiting = true
    self:emit('exit', code)
    hooks:emit('process.exit', code)
  end
end

--- Ends the program now. Listeners of `exit` are called; what is still open is dropped.
---@param code integer|nil process.exitCode when not given
function Process:exit(code)
  if type(self) ~= 'table' then
    self, code = rawget(_G, 'process'), self
  end
  if code ~= nil then
    self.exitCode = code
  end
  announce(self, exitCode(self.exitCode))
  io.stdout:flush()
  native.exit(exitCode(self.exitCode))
end

--------------------------------------------------------------------------------
-- For the bootstrap.

local process

local exports = {}

--- The one Process object, which is also the global `process`.
---@return Process
function exports.globalProcess()
  if not process then
    process = Process:new()
    process.argv[0] = native.executable
  end
  return process
end

-- Nothing is left to wait for: announces the end and gives the exit code.
function exports.finish()
  announce(process, exitCode(process.exitCode))
  io.stdout:flush()
  return exitCode(process.exitCode)
end

-- An error nobody caught, with the traceback of where it was raised.
function exports.uncaught(err, traceback)
  traceback = traceback or ''
  if traceback ~= '' and not traceback:find('^stack traceback') then
    traceback = 'stack traceback:\n' .. traceback
  end
  if err == nil then
    err = 'an error without a value'
  end
  if type(err) == 'table' then
    if rawget(err, 'traceback') == nil then
      rawset(err, 'traceback', tostring(err) .. '\n' .. traceback)
    end
  elseif type(err) == 'string' and traceback ~= '' and not err:find('\nstack traceback:', 1, true) then
    err = err .. '\n' .. traceback
  end
  local heard = false
  for _, emitter in ipairs { process, hooks } do
    local name = emitter == hooks and 'process.uncaughtException' or 'uncaughtException'
    if emitter:listenerCount(name) > 0 then
      heard = true
      emitter:emit(name, err, traceback)
    end
  end
  if heard then
    return
  end
  local text = type(err) == 'table' and rawget(err, 'traceback') or err
  io.stdout:flush()
  io.stderr:write('Uncaught: ', tostring(text), '\n')
  process:exit(1)
end

return exports
