-- Streams to read from: the class Readable. Its straight-line methods are in
-- stream/reading.lua, pipe and wrap in stream/pipe.lua.

local core = require('core')
local turn = require('internal/turn')
local waiting = require('stream/waiting')

local Emitter = core.Emitter
local soon = turn.soon
local sub = string.sub

--- The root of all streams; `pipe` for sources that only know `data`, `end`, `pause`
--- and `resume`.
---@class Stream: Emitter
local Stream = Emitter:extend()

--- A source of data. It is made by overriding `_read` (or giving `read` in the options),
--- which calls `push` with what there is, and `push(nil)` at the end.
---
--- It flows, that is emits `data`, from the first listener of `data`, from `resume` or
--- from `pipe` on. It is read with `read` after `readable`, or in straight lines with
--- `chunks`, `readAll`, `readLine`, `readExactly`. Not more than highWaterMark is
--- held in advance. Nothing is allocated before it is used.
--- event data(chunk any): the next chunk; a string, in object mode any value.
--- event readable(): there is something to read(), or the end was reached.
--- event end(): everything was read.
--- event pause(): it stopped flowing.
--- event resume(): it flows again.
--- event error(err Error): reading failed.
--- event close(): the source behind it was closed; not emitted by all streams.
---@class Readable: Stream
local Readable = Stream:extend()

local HIGH_WATER_MARK = 64 * 1024 -- bytes
local HIGH_WATER_OBJECTS = 16

--- Options: highWaterMark (bytes, or values in object mode), objectMode,
--- readableObjectMode, read (in place of the method `_read`).
---@param options {highWaterMark: integer, objectMode: boolean, read: fun(self: Readable, size: integer)}|nil
function Readable:initialize(options)
  if options then
    self._readableOptions = options
    if options.read then
      self._read = options.read
    end
  end
end

local NO_OPTIONS = {}

-- The state is made when it is first needed. Chunks are at state[first..last]; of
-- the first `offset` bytes have been read. Flags that are not set are nil, which keeps
-- an idle stream small:
--   flowing        true, false after pause, nil: nobody has said
--   ended          push(nil) was called; endScheduled, endEmitted
--   reading        _read was called and has not pushed yet
--   sync           inside of _read
--   needReadable   somebody waits for more
--   readableScheduled, flowScheduled, moreScheduled   asked for in the next turn
local function newState(self)
  local options = self._readableOptions or NO_OPTIONS
  local objects = options.objectMode or options.readableObjectMode
  local state = {
    first = 1, last = 0, offset = 0,
    length = 0, -- bytes or values held
    highWaterMark = options.highWaterMark or (objects and HIGH_WATER_OBJECTS or HIGH_WATER_MARK),
    reading = false, sync = false, needReadable = false,
  }
  if objects then
    state.objectMode = true
  end
  self._readableState = state
  return state
end

function Readable.state(self)
  return self._readableState or newState(self)
end

--- Called when more data is wanted; to be overridden. Answers with `push`, at once or
--- later; it is not called again before that.
---@param size integer how much would be welcome
function Readable:_read(_)
  self:emit('error', core.Error:new('the stream has no _read', 'ENOSYS'))
end

--------------------------------------------------------------------------------
-- The queue of chunks.

local function append(state, chunk)
  local last = state.last + 1
  state.last = last
  state[last] = chunk
  state.length = state.length + (state.objectMode and 1 or #chunk)
end

local function popFirst(state)
  local first = state.first
  local chunk = state[first]
  state[first] = nil
  if first == state.last then
    state.first, state.last = 1, 0
  else
    state.first = first + 1
  end
  if state.objectMode then
    state.length = state.length - 1
  else
    local offset = state.offset
    state.length = state.length - (#chunk - offset)
    if offset > 0 then
      chunk = sub(chunk, offset + 1)
      state.offset = 0
    end
  end
  return chunk
end

-- Takes n bytes, 0 < n <= length.
local function take(state, n)
  local have = #state[state.first] - state.offset
  if n < have then
    local from = state.offset
    state.offset = from + n
    state.length = state.length - n
    return sub(state[state.first], from + 1, from + n)
  elseif n == have then
    return popFirst(state)
  end
  local parts = {}
  while n > 0 do
    have = #state[state.first] - state.offset
    local part = n >= have and popFirst(state) or take(state, n)
    parts[#parts + 1] = part
    n = n - #part
  end
  return table.concat(parts)
end

--------------------------------------------------------------------------------

local flow

local function emitEnd(self)
  local state = self._readableState
  if not state.endEmitted and state.length == 0 then
    state.endEmitted = true
    self:emit('end')
  end
end

local function endReadable(self, state)
  if not state.endScheduled and not state.endEmitted then
    state.endScheduled = true
    soon(emitEnd, self)
  end
end

local function emitReadable(self)
  local state = self._readableState
  state.readableScheduled = false
  if state.length > 0 or state.ended then
    self:emit('readable')
  end
  flow(self)
end

local function scheduleReadable(self, state)
  state.needReadable = false
  if not state.readableScheduled then
    state.readableScheduled = true
    soon(emitReadable, self)
  end
end

local function callRead(self, state)
  state.reading, state.sync = true, true
  self:_read(state.highWaterMark)
  state.sync = false
end

-- Fills up to the high-water mark while nobody takes the data.
local function readMore(self)
  local state = self._readableState
  state.moreScheduled = false
  while not state.reading and not state.ended and not state.flowing
    and state.length < state.highWaterMark do
    local before = state.length
    self:read(0)
    if state.length == before then
      break
    end
  end
end

local function howMuch(state, n)
  if state.length == 0 or n == 0 then
    return 0
  elseif state.objectMode then
    return 1
  elseif n == nil then
    if state.flowing then
      return #state[state.first] - state.offset
    end
    return state.length
  elseif n < 0 then
    return 0
  elseif n > state.length and not state.ended then
    state.needReadable = true
    if n > state.highWaterMark then
      state.highWaterMark = n
    end
    return 0
  end
  return n < state.length and n or state.length
end

--- Takes data that was read in advance: `size` bytes or nothing as long as there are
--- fewer (at the end: the rest); all of it without a size; in object mode one value.
--- Also emitted as `data`. `read(0)` only asks the source for more.
---@param size integer|nil
---@return any|nil chunk nil when there is nothing now
function Readable:read(size)
  local state = self._readableState or newState(self)
  if size == 0 and state.needReadable
    and (state.length >= state.highWaterMark or state.ended) then
    if state.length == 0 then
      endReadable(self, state)
    else
      scheduleReadable(self, state)
    end
    return nil
  end
  local n = howMuch(state, size)
  if state.length == 0 and state.ended then
    endReadable(self, state)
    return nil
  end
  if not state.reading and not state.ended
    and (state.needReadable or state.length - n < state.highWaterMark) then
    if state.length == 0 then
      state.needReadable = true
    end
    callRead(self, state)
    if not state.reading then
      n = howMuch(state, size)
    end
  end
  local chunk
  if n > 0 then
    if state.objectMode then
      chunk = popFirst(state)
    else
      chunk = take(state, n)
    end
  end
  if state.length == 0 then
    if not state.ended then
      state.needReadable = true
    elseif chunk ~= nil then
      endReadable(self, state)
    end
  end
  if chunk ~= nil then
    self:emit('data', chunk)
  elseif n == 0 and size ~= 0 then
    state.needReadable = true
  end
  return chunk
end

local function pushEnd(self, state)
  if state.ended then
    return false
  end
  state.reading, state.ended = false, true
  local waiter = self._waiting
  if waiter and waiter.reader then
    waiting.wake(waiter, 'reader')
  elseif state.length == 0 and state.flowing then
    endReadable(self, state)
  else
    scheduleReadable(self, state)
  end
  return false
end

-- What to do with a chunk that was put into the queue.
local function announce(self, state)
  local waiter = self._waiting
  if waiter and waiter.reader then
    waiting.wake(waiter, 'reader')
  elseif state.needReadable or state.flowing then
    scheduleReadable(self, state)
  end
  if not state.moreScheduled and not state.flowing and not state.reading and not state.ended
    and state.length < state.highWaterMark then
    state.moreScheduled = true
    soon(readMore, self)
  end
end

--- Called by the source with the next chunk, or with nil at the end. An empty string
--- only says that `_read` has nothing now.
---@param chunk any|nil a string; in object mode any value but nil
---@return boolean more whether more is welcome
function Readable:push(chunk)
  local state = self._readableState or newState(self)
  if chunk == nil then
    return pushEnd(self, state)
  elseif state.ended then
    self:emit('error', core.Error:new('push after the end', 'EPIPE'))
    return false
  elseif not state.objectMode then
    if type(chunk) ~= 'string' then
      chunk = tostring(chunk)
    end
    if chunk == '' then
      state.reading = false
      return state.length < state.highWaterMark
    end
  end
  state.reading = false
  if state.flowing and state.length == 0 and not state.sync then
    self:emit('data', chunk)
    if state.flowing and not state.reading and not state.ended then
      callRead(self, state)
      if state.length > 0 then
        scheduleReadable(self, state)
      end
    end
  else
    append(state, chunk)
    announce(self, state)
  end
  -- A reader that waits for much has asked for more in the meantime.
  return not state.ended
    and (state.reading or state.length < state.highWaterMark or state.length == 0)
end

--- Gives back what was read too much; it is the next to be read.
---@param chunk any
function Readable:unshift(chunk)
  local state = self._readableState or newState(self)
  if chunk == nil or (chunk == '' and not state.objectMode) then
    return
  end
  if state.endEmitted then
    self:emit('error', core.Error:new('unshift after the end', 'EPIPE'))
    return
  end
  if state.offset > 0 then
    state[state.first] = sub(state[state.first], state.offset + 1)
    state.offset = 0
  end
  if state.length == 0 then
    state.first, state.last = 1, 1
  else
    state.first = state.first - 1
  end
  state[state.first] = chunk
  state.length = state.length + (state.objectMode and 1 or #chunk)
  announce(self, state)
end

--------------------------------------------------------------------------------
-- Flowing.

function flow(self)
  local state = self._readableState
  while state.flowing and self:read() ~= nil do end
end

local function startFlow(self)
  local state = self._readableState
  state.flowScheduled = false
  if not state.flowing then
    return
  end
  if not state.reading then
    self:read(0)
  end
  self:emit('resume')
  flow(self)
  if state.flowing and not state.reading and not state.ended then
    self:read(0)
  end
end

--- Lets it flow, from the next turn of the loop on.
---@return Readable self
function Readable:resume()
  local state = self._readableState or newState(self)
  if not state.flowing then
    state.flowing = true
    if not state.flowScheduled then
      state.flowScheduled = true
      soon(startFlow, self)
    end
  end
  return self
end

--- Stops the flow; what arrives meanwhile is held, up to the high-water mark.
---@return Readable self
function Readable:pause()
  local state = self._readableState or newState(self)
  if state.flowing ~= false then
    state.flowing = false
    self:emit('pause')
  end
  return self
end

--- Whether `pause` was called last.
---@return boolean
function Readable:isPaused()
  local state = self._readableState
  return state ~= nil and state.flowing == false
end

local function pull(self)
  self:read(0)
end

local function listened(self, name)
  if name == 'data' then
    local state = self._readableState or newState(self)
    if state.flowing == nil then
      self:resume()
    end
  elseif name == 'readable' then
    local state = self._readableState or newState(self)
    if not state.listening then
      state.listening, state.needReadable = true, true
      state.flowing = state.flowing or false
      if state.length > 0 or state.ended then
        scheduleReadable(self, state)
      elseif not state.reading then
        soon(pull, self)
      end
    end
  end
end

--- Adds a listener. The first of `data` lets the stream flow, unless it was paused; the
--- first of `readable` makes it read in advance.
---@param name string
---@param callback fun(...)
---@return Readable self
function Readable:on(name, callback)
  Emitter.on(self, name, callback)
  if name == 'data' or name == 'readable' then
    listened(self, name)
  end
  return self
end

--- The same as `on`.
---@param name string
---@param callback fun(...)
---@return Readable self
function Readable:addListener(name, callback)
  return self:on(name, callback)
end

--- Adds a listener for one event; see `on`.
---@param name string
---@param callback fun(...)
---@return Readable self
function Readable:once(name, callback)
  Emitter.once(self, name, callback)
  if name == 'data' or name == 'readable' then
    listened(self, name)
  end
  return self
end

return {
  Stream = Stream,
  Readable = Readable,
  take = take,
  popFirst = popFirst,
  callRead = callRead,
  endReadable = endReadable,
  flow = flow,
}
