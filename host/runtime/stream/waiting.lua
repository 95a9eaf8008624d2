-- The straight-line side of streams: coroutines that wait for data, or for room to
-- write. One may read and another write at a time.
--
-- From the first straight-line call on, errors of the stream are kept here and given
-- to the next call as nil, err; they do not count as unhandled any more.

local core = require('core')

local Error, assertResume = core.Error, core.assertResume
local running, yield = coroutine.running, coroutine.yield

local waiting = {}

-- self._waiting: the threads, and the error each side has not been told of yet
local function make(self)
  local state = { reader = false, writer = false, readerError = nil, writerError = nil, closed = false }
  self._waiting = state
  local function wake()
    local reader, writer = state.reader, state.writer
    state.reader, state.writer = false, false
    if reader then assertResume(reader) end
    if writer then assertResume(writer) end
  end
  self:on('error', function(err)
    if err == nil then
      err = Error:new('the stream failed')
    end
    state.readerError, state.writerError = err, err
    wake()
  end)
  self:on('close', function()
    state.closed = true
    wake()
  end)
  return state
end

-- The state, for a method that is about to wait as `role` (reader, writer).
function waiting.of(self, role, method)
  local thread, main = running()
  if not thread or main == true then
    error(method .. ' waits: call it in a coroutine', 3)
  end
  local state = self._waiting or make(self)
  if state[role] and coroutine.status(state[role]) ~= 'dead' then
    error(method .. ': another coroutine is waiting for this stream', 3)
  end
  return state
end

-- Waits until it is woken by waiting.wake, an error or close.
function waiting.wait(state, role)
  state[role] = running()
  yield()
  state[role] = false
end

function waiting.wake(state, role)
  local thread = state[role]
  if thread then
    state[role] = false
    assertResume(thread)
  end
end

-- The error of a stream that closed too early.
function waiting.aborted()
  return Error:new('ECONNABORTED: the stream was closed before its end')
end

return waiting
