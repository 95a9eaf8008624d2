-- pipe, unpipe and wrap of streams. Required for its effect on the classes.

local readable = require('stream/readable')

local Stream, Readable, flow = readable.Stream, readable.Readable, readable.flow

-- Standard output outlives what is piped to it.
local function mayEnd(dest, options)
  return not (options and options['end'] == false) and not dest._isStdio
end

--- Pipes a source of the old kind, one that only emits `data` and `end` and may be paused.
---@param dest Writable
---@param options {end: boolean}|nil `['end'] = false` leaves dest open at the end
---@return Writable dest
function Stream:pipe(dest, options)
  local source = self
  local function onData(chunk)
    if dest:write(chunk) == false and source.pause then
      source:pause()
    end
  end
  local function onDrain()
    if source.resume then
      source:resume()
    end
  end
  local function onEnd()
    if mayEnd(dest, options) then
      dest:_end()
    end
  end
  local function cleanup()
    source:removeListener('data', onData)
    dest:removeListener('drain', onDrain)
    source:removeListener('end', onEnd)
  end
  source:on('data', onData)
  dest:on('drain', onDrain)
  source:on('end', onEnd)
  source:once('end', cleanup)
  source:once('close', cleanup)
  dest:once('close', cleanup)
  dest:emit('pipe', source)
  return dest
end

-- A pipe is { dest, waiting, stop }; the readable's state has them in `pipes`, and in
-- `awaiting` how many of them wait for their destination to drain.

local function remove(self, state, pipe)
  for i, each in ipairs(state.pipes) do
    if each == pipe then
      table.remove(state.pipes, i)
      break
    end
  end
  if pipe.waiting then
    pipe.waiting = false
    state.awaiting = state.awaiting - 1
  end
  pipe.stop()
  if #state.pipes == 0 then
    state.pipes = nil
    if not state.endEmitted then
      self:pause()
    end
  elseif state.awaiting == 0 and state.pausedByPipe then
    state.pausedByPipe = false
    self:resume()
  end
  pipe.dest:emit('unpipe', self)
end

local function connect(self, state, dest, ends)
  local pipe = { dest = dest, waiting = false }

  local function onData(chunk)
    if dest:write(chunk) == false and not pipe.waiting and not pipe.stopped then
      pipe.waiting = true
      state.awaiting = state.awaiting + 1
      state.pausedByPipe = true
      self:pause()
    end
  end
  local function onDrain()
    if pipe.waiting then
      pipe.waiting = false
      state.awaiting = state.awaiting - 1
      if state.awaiting == 0 then
        state.pausedByPipe = false
        state.flowing = true
        flow(self)
        if state.flowing and not state.reading and not state.ended then
          self:read(0)
        end
      end
    end
  end
  local function onEnd()
    dest:_end()
  end
  local function unpipe()
    self:unpipe(dest)
  end
  local onError
  function onError(err)
    self:unpipe(dest)
    dest:removeListener('error', onError)
    if dest:listenerCount('error') == 0 then
      dest:emit('error', err)
    end
  end

  function pipe.stop()
    pipe.stopped = true
    self:removeListener('data', onData)
    self:removeListener('end', ends and onEnd or unpipe)
    dest:removeListener('drain', onDrain)
    dest:removeListener('error', onError)
    dest:removeListener('close', unpipe)
    dest:removeListener('finish', unpipe)
  end

  dest:on('drain', onDrain)
  dest:on('error', onError)
  dest:once('close', unpipe)
  dest:once('finish', unpipe)
  self:once('end', ends and onEnd or unpipe)
  state.pipes = state.pipes or {}
  state.awaiting = state.awaiting or 0
  state.pipes[#state.pipes + 1] = pipe
  dest:emit('pipe', self)
  self:on('data', onData)
end

--- Writes everything to `dest`, at the pace of the slowest destination, and ends it at
--- the end. An error of dest ends the pipe; errors of the source are not passed on.
---@param dest Writable
---@param options {end: boolean}|nil `['end'] = false` leaves dest open at the end
---@return Writable dest
function Readable:pipe(dest, options)
  local state = self:state()
  if state.endEmitted then
    if mayEnd(dest, options) then
      dest:_end()
    end
    return dest
  end
  connect(self, state, dest, mayEnd(dest, options))
  if not state.flowing and state.awaiting == 0 then
    self:resume()
  end
  return dest
end

--- Ends the pipe to `dest`, or all pipes. Without pipes the stream is paused.
---@param dest Writable|nil
---@return Readable self
function Readable:unpipe(dest)
  local state = self:state()
  local pipes = state.pipes
  for i = pipes and #pipes or 0, 1, -1 do
    if dest == nil or pipes[i].dest == dest then
      remove(self, state, pipes[i])
    end
  end
  return self
end

--- Takes its data from a source of the old kind, one that emits `data` and `end` and
--- has `pause` and `resume`. Its errors and `close` are emitted here too.
---@param source Stream
---@return Readable self
function Readable:wrap(source)
  local paused = false
  source:on('data', function(chunk)
    if not self:push(chunk) and source.pause then
      paused = true
      source:pause()
    end
  end)
  source:on('end', function()
    self:push(nil)
  end)
  for _, name in ipairs { 'error', 'close', 'destroy' } do
    source:on(name, function(...)
      self:emit(name, ...)
    end)
  end
  function self._read()
    if paused then
      paused = false
      source:resume()
    end
  end
  return self
end
