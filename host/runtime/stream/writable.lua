-- Streams to write to: the class Writable.

local core = require('core')
local turn = require('internal/turn')
local readable = require('stream/readable')
local waiting = require('stream/waiting')

local Error = core.Error
local soon = turn.soon

--- A destination of data. It is made by overriding `_write` (or giving `write` in the
--- options), and `_writev` or `_writeMany` where several chunks can be written at once.
---
--- `write` gives false when more is held than the high-water mark; then wait for `drain`,
--- or write with `writeAll` in a coroutine. Nothing is allocated before it is used.
--- event drain(): there is room again after write() gave false.
--- event prefinish(): _end() was called and everything is written; before finish.
--- event finish(): _end() was called, everything is written and all callbacks were called.
--- event pipe(source Readable): something is piped to it.
--- event unpipe(source Readable): it no longer is.
--- event error(err Error): writing failed; what was held is dropped, its callbacks get the error.
--- event close(): the destination was closed; not emitted by all streams.
---@class Writable: Stream
local Writable = readable.Stream:extend()

local HIGH_WATER_MARK = 64 * 1024 -- bytes
local HIGH_WATER_OBJECTS = 16

--- Options: highWaterMark (bytes, or values in object mode), objectMode,
--- writableObjectMode; write, writev, final in place of the methods `_write`, `_writev`,
--- `_final`.
---@param options {highWaterMark: integer, objectMode: boolean, write: function, writev: function, final: function}|nil
function Writable:initialize(options)
  if options then
    self._writableOptions = options
    self._write = options.write -- nil: the class's
    self._writev = options.writev
    self._final = options.final
  end
end

local written

local NO_OPTIONS = {}

-- The state is made when it is first needed. Chunks that wait are at
-- state[first..last], their callbacks in `callbacks` at the same places. Flags that
-- are not set are nil, which keeps an idle stream small:
--   writing     _write was called and has not called back yet
--   sync        inside of _write
--   draining    inside of the loop over what waits
--   needDrain   write has given false
--   size, callback   of what is being written; `callback` a table when there are several
--   ending, finishing, finished
local function newState(self)
  local options = self._writableOptions or NO_OPTIONS
  local objects = options.objectMode or options.writableObjectMode
  local state
  state = {
    first = 1, last = 0,
    length = 0,           -- bytes or values not yet written
    highWaterMark = options.highWaterMark or (objects and HIGH_WATER_OBJECTS or HIGH_WATER_MARK),
    corked = 0,
    pending = 0,          -- writes whose callback was not called yet
    writing = false, sync = false, size = 0,
    done = function(err)
      return written(self, state, err)
    end,
  }
  if objects then
    state.objectMode = true
  end
  self._writableState = state
  return state
end

--- Called with a chunk to write; to be overridden. Must call back once, at once or later.
---@param chunk any a string; in object mode any value
---@param callback fun(err: Error|nil)
function Writable:_write(_, callback)
  callback(Error:new('the stream has no _write', 'ENOSYS'))
end

--- If it is there, called in place of `_write` when several chunks wait.
---@type nil|fun(self: Writable, chunks: {chunk: any}[], callback: fun(err: Error|nil))
Writable._writev = nil

--- The same with a plain table of the chunks, which the callee may keep.
---@type nil|fun(self: Writable, chunks: any[], callback: fun(err: Error|nil))
Writable._writeMany = nil

--- If it is there, called before `finish`, when everything is written.
---@type nil|fun(self: Writable, callback: fun(err: Error|nil))
Writable._final = nil

--------------------------------------------------------------------------------

local function finish(self)
  local state = self._writableState
  if not state.finished then
    state.finished = true
    self:emit('finish')
  end
end

local function finishMaybe(self, state)
  if not state.ending or state.finished or state.writing or state.length > 0
    or state.last >= state.first then
    return
  end
  if not state.finishing then
    state.finishing = true
    self:emit('prefinish')
    if self._final then
      state.pending = state.pending + 1
      self:_final(function(err)
        state.pending = state.pending - 1
        if err then
          return self:emit('error', err)
        end
        finishMaybe(self, state)
      end)
      return
    end
  end
  if state.pending == 0 and not state.holdFinish then
    finish(self)
  end
end

local function call(state, callback, err)
  state.pending = state.pending - 1
  if callback then
    callback(err)
  end
end

-- A write is done: whoever waited for it or for room hears of it.
local function after(self, callback)
  local state = self._writableState
  if state.needDrain and state.length == 0 then
    state.needDrain = false
    if not state.ending then
      self:emit('drain')
    end
    local waiter = self._waiting
    if waiter and waiter.writer then
      waiting.wake(waiter, 'writer')
    end
  end
  if type(callback) == 'table' then
    for i = 1, callback.n do
      call(state, callback[i])
    end
  else
    call(state, callback)
  end
  finishMaybe(self, state)
end

-- Calls back with the error for the write that failed and all that waited.
local function fail(self, failure)
  local state, err = self._writableState, failure.err
  local callbacks = failure.callbacks
  for i = 1, callbacks.n do
    call(state, callbacks[i], err)
  end
  local waiter = self._waiting
  self:emit('error', err)
  if waiter and waiter.writer then
    waiting.wake(waiter, 'writer')
  end
end

local function failed(self, state, err, callback)
  local callbacks = type(callback) == 'table' and callback or { n = 1, callback or nil }
  for i = state.first, state.last do
    callbacks.n = callbacks.n + 1
    callbacks[callbacks.n] = state.callbacks and state.callbacks[i] or nil
    state[i] = nil
  end
  state.first, state.last, state.length, state.callbacks = 1, 0, 0, nil
  state.needDrain = nil
  local failure = { err = err, callbacks = callbacks }
  if state.sync then
    soon(fail, self, failure)
  else
    fail(self, failure)
  end
end

local function startWrite(self, state, chunk, size, callback)
  state.writing, state.sync = true, true
  state.size, state.callback = size, callback
  self:_write(chunk, state.done)
  state.sync = false
end

-- Takes what waits as one table, for _writev and _writeMany.
local function gather(self, state)
  local chunks, callbacks, n = {}, { n = 0 }, 0
  local wrapped = not self._writeMany
  for i = state.first, state.last do
    n = n + 1
    local callback = state.callbacks and state.callbacks[i] or nil
    chunks[n] = wrapped and { chunk = state[i], callback = callback } or state[i]
    callbacks[n] = callback
    state[i] = nil
  end
  callbacks.n = n
  state.first, state.last, state.callbacks = 1, 0, nil
  return chunks, callbacks
end

-- Writes what waits, as far as it goes without waiting.
local function writeWaiting(self, state)
  if state.draining then
    return
  end
  state.draining = true
  while state.last >= state.first and not state.writing and state.corked == 0 do
    local first = state.first
    if state.last > first and (self._writeMany or self._writev) then
      local chunks, callbacks = gather(self, state)
      state.writing, state.sync = true, true
      state.size, state.callback = state.length, callbacks
      if self._writeMany then
        self:_writeMany(chunks, state.done)
      else
        self:_writev(chunks, state.done)
      end
      state.sync = false
    else
      local chunk = state[first]
      local callback = nil
      if state.callbacks then
        callback = state.callbacks[first] or nil
        state.callbacks[first] = nil
      end
      state[first] = nil
      if first == state.last then
        state.first, state.last = 1, 0
      else
        state.first = first + 1
      end
      startWrite(self, state, chunk, state.objectMode and 1 or #chunk, callback)
    end
  end
  state.draining = nil
end

-- What _write calls back.
function written(self, state, err)
  if not state.writing then
    self:emit('error', Error:new('_write called back twice'))
    return
  end
  local callback = state.callback
  state.writing, state.callback = false, nil
  state.length = state.length - state.size
  if err then
    return failed(self, state, err, callback)
  end
  if state.last >= state.first and state.corked == 0 then
    writeWaiting(self, state)
  end
  if not state.sync then
    after(self, callback)
  elseif callback or state.needDrain or state.ending then
    soon(after, self, callback)
  else
    state.pending = state.pending - 1
  end
end

local function callWith(callback, err)
  callback(err)
end

local function refuse(self, callback, err)
  soon(function()
    self:emit('error', err)
  end)
  if callback then
    soon(callWith, callback, err)
  end
  return false
end

-- The chunk as it is to be written and its size; nil and the error if it cannot be.
local function accept(state, chunk)
  if state.ending then
    return nil, Error:new('EPIPE: write after the end')
  elseif state.objectMode then
    if chunk == nil then
      return nil, Error:new('EINVAL: cannot write nil')
    end
    return chunk, nil, 1
  end
  local kind = type(chunk)
  if kind ~= 'string' then
    if kind == 'table' and (chunk[1] ~= nil or next(chunk) == nil) then
      local ok, joined = pcall(table.concat, chunk)
      if not ok then
        return nil, Error:new('EINVAL: cannot write a table of other things than strings')
      end
      chunk = joined
    elseif kind == 'number' or kind == 'cdata' or (kind == 'table' and chunk.toString) then
      chunk = tostring(chunk)
    else
      return nil, Error:new('EINVAL: cannot write a ' .. kind)
    end
  end
  return chunk, nil, #chunk
end

--- Writes a chunk. After false the stream holds as much as it should; go on at `drain`.
---@param chunk any a string, a number, a Buffer or a table of strings; in object mode any value but nil
---@param callback fun(err: Error|nil)|nil called when it is written
---@return boolean more whether more is welcome
function Writable:write(chunk, callback)
  local state = self._writableState or newState(self)
  local size, err
  if type(chunk) == 'string' and not state.objectMode and not state.ending then
    size = #chunk
  else
    chunk, err, size = accept(state, chunk)
    if err then
      return refuse(self, callback, err)
    end
  end
  state.length = state.length + size
  state.pending = state.pending + 1
  local room = state.length < state.highWaterMark
  if not room then
    state.needDrain = true
  end
  if state.writing or state.corked > 0 or state.draining then
    local last = state.last + 1
    state.last = last
    state[last] = chunk
    if callback then
      state.callbacks = state.callbacks or {}
      state.callbacks[last] = callback
    end
  else
    startWrite(self, state, chunk, size, callback)
  end
  return room
end

--- Holds back what is written from now on, until `uncork` was called as often.
function Writable:cork()
  local state = self._writableState or newState(self)
  state.corked = state.corked + 1
end

--- Writes what was held back.
function Writable:uncork()
  local state = self._writableState or newState(self)
  if state.corked > 0 then
    state.corked = state.corked - 1
    if state.corked == 0 and not state.writing then
      writeWaiting(self, state)
      finishMaybe(self, state)
    end
  end
end

--- Ends the stream, after a last chunk if one is given; `finish` follows when everything
--- is written.
---@param chunk any|nil
---@param callback fun()|nil called at `finish`
function Writable:_end(chunk, callback)
  local state = self._writableState or newState(self)
  if type(chunk) == 'function' then
    chunk, callback = nil, chunk
  end
  if chunk ~= nil then
    self:write(chunk)
  end
  if state.corked > 0 then
    state.corked = 1
    self:uncork()
  end
  if callback then
    if state.finished then
      soon(callback)
    else
      self:once('finish', callback)
    end
  end
  if not state.ending then
    state.ending = true
    finishMaybe(self, state)
  end
end

--- Nothing can be read from it: an `error` event.
function Writable:pipe()
  self:emit('error', Error:new('cannot pipe from a stream that is only written to', 'ENOTSUP'))
end

--- Writes in a coroutine, and waits until less than the high-water mark is held.
---@param data any as for write
---@return boolean|nil ok
---@return Error|nil err
function Writable:writeAll(data)
  local waiter = waiting.of(self, 'writer', 'writeAll')
  local state = self._writableState or newState(self)
  local err = waiter.writerError
  waiter.writerError = nil
  if err == nil and waiter.closed then
    err = waiting.aborted()
  end
  if err == nil then
    data, err = accept(state, data)
  end
  if err ~= nil then
    return nil, err
  end
  if self:write(data) and waiter.writerError == nil then
    return true
  end
  while state.needDrain and waiter.writerError == nil and not waiter.closed do
    waiting.wait(waiter, 'writer')
  end
  err = waiter.writerError
  waiter.writerError = nil
  if err == nil and state.needDrain then
    err = waiting.aborted()
  end
  if err ~= nil then
    return nil, err
  end
  return true
end

return Writable
