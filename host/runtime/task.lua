--- Straight-line code without a coroutine per call: functions run in coroutines that
--- are used again once their function has returned. For listeners that may wait, such
--- as those of a server's connections and requests.

local core = require('core')

local checkResume = core.checkResume
local resume, yield = coroutine.resume, coroutine.yield

local task = {}

-- Coroutines that wait for a function. A coroutine that was parked when the pool was
-- full ends instead.
local POOL_SIZE = 256
local pool, parked = {}, 0

-- The coroutine that parked last; says to run whether its function has returned.
local ended

-- Somebody kept a coroutine beyond the end of its function and resumes it. For him
-- it is dead, so it becomes that.
local function refuse(thread)
  for i = 1, parked do
    if pool[i] == thread then
      pool[i] = pool[parked]
      pool[parked] = nil
      parked = parked - 1
      break
    end
  end
  error('cannot resume dead coroutine', 0)
end

-- run resumes a coroutine with itself as the first argument, and nobody else does.
local function check(self, wake, ...)
  if wake ~= self then
    refuse(self)
  end
  return ...
end

local function work(self, fn, ...)
  fn(...)
  ended = self
  if parked == POOL_SIZE then
    return
  end
  parked = parked + 1
  pool[parked] = self
  return work(self, check(self, yield()))
end

--- Calls `fn` at once, in a coroutine, so that it may wait. An error before its first
--- wait is raised in the caller of `run`, one after it where the coroutine was resumed,
--- which for the runtime's own waits means `uncaughtException`; both with the
--- coroutine's traceback.
---@param fn fun(...)
---@param ... any fn's arguments
---@return boolean done whether fn has returned; false when it waits
function task.run(fn, ...)
  local thread
  if parked > 0 then
    thread = pool[parked]
    pool[parked] = nil
    parked = parked - 1
  else
    thread = coroutine.create(work)
  end
  ended = nil
  checkResume(thread, resume(thread, thread, fn, ...))
  return ended == thread
end

--- Makes a function that calls `fn` by `run`: a listener that may wait.
---@param fn fun(...)
---@return fun(...): boolean
function task.wrap(fn)
  local run = task.run
  return function(...)
    return run(fn, ...)
  end
end

return task
