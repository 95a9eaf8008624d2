-- Streams that are both: Duplex, Transform, PassThrough, Observable.

local core = require('core')
local readable = require('stream/readable')
local Writable = require('stream/writable')

local Error = core.Error
local Readable = readable.Readable

--- A stream to read from and to write to, such as a socket. `_read` and `_write` are to
--- be overridden. Its sides are independent: with allowHalfOpen = false the end of one
--- ends the other.
---@class Duplex: Readable, Writable
local Duplex = Readable:extend()

for name, member in pairs(Writable) do
  if type(member) == 'function' and rawget(Readable, name) == nil
    and rawget(readable.Stream, name) == nil then
    Duplex[name] = member
  end
end

--- Options are those of Readable and Writable, and allowHalfOpen (true).
---@param options table|nil
function Duplex:initialize(options)
  if options then
    Readable.initialize(self, options)
    Writable.initialize(self, options)
    if options.allowHalfOpen == false then
      self.allowHalfOpen = false
      self:once('end', function()
        self:_end()
      end)
    end
  end
end

Duplex.allowHalfOpen = true

--------------------------------------------------------------------------------

--- A duplex whose output is made of its input. `_transform`, and `_flush` where something
--- is left to be said at the end, are to be overridden, or given as the options transform
--- and flush.
---@class Transform: Duplex
local Transform = Duplex:extend()

---@param options table|nil
function Transform:initialize(options)
  Duplex.initialize(self, options)
  if options then
    self._transform = options.transform
    self._flush = options.flush
  end
end

--- Called with each chunk; to be overridden. Gives output with `push`, or with the
--- callback, which is called once per chunk.
---@param chunk any
---@param callback fun(err: Error|nil, output: any|nil)
function Transform:_transform(_, callback)
  callback(Error:new('the stream has no _transform', 'ENOSYS'))
end

--- If it is there, called when all input has been transformed.
---@type nil|fun(self: Transform, callback: fun(err: Error|nil, output: any|nil))
Transform._flush = nil

local transformed

local function newState(self)
  local state
  state = {
    needed = false,  -- output is wanted and there was no input
    busy = false,    -- inside of _transform, until it has called back
    chunk = nil, callback = nil, -- the input that waits
    done = function(err, output)
      return transformed(self, state, err, output)
    end,
  }
  self._transformState = state
  -- All input has arrived; the output ends when the last of it is transformed.
  self:once('prefinish', function()
    if not self._flush then
      return self:push(nil)
    end
    local writable = self._writableState
    writable.holdFinish = true
    self:_flush(function(err, output)
      writable.holdFinish = false
      if err then
        return self:emit('error', err)
      end
      if output ~= nil then
        self:push(output)
      end
      self:push(nil)
      if writable.pending == 0 and not writable.finished then
        writable.finished = true
        self:emit('finish')
      end
    end)
  end)
  return state
end

local function wantsOutput(self)
  local state = self:state()
  return state.needReadable or state.length < state.highWaterMark
    or (self._waiting and self._waiting.reader)
end

function transformed(self, state, err, output)
  local callback = state.callback
  if not callback then
    self:emit('error', Error:new('_transform called back twice'))
    return
  end
  state.busy, state.chunk, state.callback = false, nil, nil
  if err then
    return callback(err)
  end
  if output ~= nil then
    self:push(output)
  end
  callback()
  local reading = self:state()
  reading.reading = false
  if wantsOutput(self) then
    self:_read(reading.highWaterMark)
  end
end

function Transform:_write(chunk, callback)
  local state = self._transformState or newState(self)
  state.chunk, state.callback = chunk, callback
  if not state.busy and (state.needed or wantsOutput(self)) then
    self:_read()
  end
end

function Transform:_read()
  local state = self._transformState or newState(self)
  if state.callback and not state.busy then
    state.busy, state.needed = true, false
    self:_transform(state.chunk, state.done)
  else
    state.needed = true
  end
end

function Transform:_end(chunk, callback)
  if not self._transformState then
    newState(self)
  end
  return Writable._end(self, chunk, callback)
end

--- Gives output.
---@param chunk any|nil nil ends the output
---@return boolean more
function Transform:push(chunk)
  local state = self._transformState
  if state then
    state.needed = false
  end
  return Readable.push(self, chunk)
end

--------------------------------------------------------------------------------

--- A transform that changes nothing.
---@class PassThrough: Transform
local PassThrough = Transform:extend()

function PassThrough:_transform(chunk, callback)
  callback(nil, chunk)
end

--- A transform that changes nothing, and can be watched.
---@class Observable: Transform
local Observable = Transform:extend()

function Observable:_transform(chunk, callback)
  for _, observer in ipairs(self._observers or {}) do
    observer:push(chunk)
  end
  callback(nil, chunk)
end

local function nothing() end

--- A stream with everything that passes from now on. It holds what is not read from it.
---@return Readable observer
function Observable:observe()
  local observer = Readable:new(self._readableOptions)
  observer._read = nothing
  if not self._observers then
    self._observers = {}
    self:once('end', function()
      for _, each in ipairs(self._observers) do
        each:push(nil)
      end
    end)
  end
  table.insert(self._observers, observer)
  return observer
end

return { Duplex = Duplex, Transform = Transform, PassThrough = PassThrough, Observable = Observable }
