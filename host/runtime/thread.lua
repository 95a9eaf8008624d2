--- Threads: functions that run at the same time as the program, each in a Lua state of
--- its own with all of the runtime's modules. Nothing is shared: arguments and results
--- are copied, and may be nil, booleans, numbers and strings. A function brings its code
--- but not its upvalues, which are nil in the thread; there it can `require` what it
--- needs, files as the main file would.

local core = require('core')
local native = require('native.thread')
local turn = require('internal/turn')
local uv = require('uv')

local Error = core.Error
local running, yield = coroutine.running, coroutine.yield

local thread = {}

-- The loop goes on while threads run: a timer that never fires.
local alive, busy = nil, 0

local function begin()
  busy = busy + 1
  if not alive then
    alive = turn.hide(uv.new_timer())
    alive:start(2 ^ 40, 0, function() end)
  end
end

local function over()
  busy = busy - 1
  if busy == 0 then
    alive:close()
    alive = nil
  end
end

local function codeOf(fn, what)
  if type(fn) == 'string' then
    return fn
  elseif type(fn) ~= 'function' then
    error(what .. ' wants a function, not a ' .. type(fn), 3)
  end
  local ok, code = pcall(string.dump, fn)
  if not ok then
    error(what .. ' wants a function in Lua, not one of C', 3)
  end
  return code
end

local function failure(message, traceback)
  local err = Error:new(message)
  err.traceback = message .. '\nin a thread: ' .. traceback
  return err
end

-- native.start; done(err, ...) is called on the loop.
local function start(reuse, code, done, ...)
  local job = native.start(reuse, code, function(failed, ...)
    over()
    if failed then
      return done(failure(...))
    end
    return done(nil, ...)
  end, ...)
  begin()
  return job
end

--------------------------------------------------------------------------------

--- A thread that was started. It runs its function, then its own loop until nothing is
--- left to wait for; the program goes on until then. Two objects of the same thread are
--- equal.
--- event exit(...): the thread has ended; the arguments are what its function returned.
--- event error(err Error): an error ended the thread, and nobody has joined it; err.traceback is the thread's.
---@class Thread: Emitter
---@field id integer 0: the program's own
local Thread = core.Emitter:extend()
thread.Thread = Thread

function Thread.meta.__eq(a, b)
  return a.id == b.id
end

function Thread.meta.__tostring(self)
  return 'thread ' .. self.id
end

--- Starts a thread; see `thread.start`.
---@param fn function|string
---@param ... nil|boolean|number|string
function Thread:initialize(fn, ...)
  self.job = start(false, codeOf(fn, 'Thread:new'), function(err, ...)
    if err and not self.joined then
      self:emit('error', err)
    elseif not err then
      self:emit('exit', ...)
    end
  end, ...)
  self.id = self.job:id()
end

local function joined(failed, ...)
  if failed then
    return nil, failure(...)
  end
  return true, ...
end

--- Waits for the end of the thread, blocking everything else meanwhile; with
--- `thread:wait('exit')` the rest of the program goes on.
---@return boolean|nil ok nil if an error ended the thread
---@return any ... what its function returned, or the error
function Thread:join()
  if not self.job then
    error('a thread cannot wait for its own end', 2)
  end
  self.joined = true
  return joined(self.job:join())
end

--- Starts a thread that calls `fn`. At most 256 at a time.
---@param fn function|string a function in Lua, or code
---@param ... nil|boolean|number|string arguments of fn
---@return Thread thread
function thread.start(fn, ...)
  return Thread:new(codeOf(fn, 'thread.start'), ...)
end

--- The same as `other:join()`.
---@param other Thread
---@return boolean|nil ok
---@return any ...
function thread.join(other)
  return other:join()
end

--- Whether two objects are the same thread.
---@param a Thread
---@param b Thread
---@return boolean
function thread.equals(a, b)
  return a.id == b.id
end

--- The thread this is called in.
---@return Thread thread
function thread.self()
  local self = Thread:create()
  self.id = native.self()
  return self
end

--------------------------------------------------------------------------------

--- A function for a pool of threads, as many as there are processors. Their states are
--- kept from one call to the next, with the globals that were set there and the modules
--- that were loaded.
--- event error(err Error): a call ended in an error; err.traceback is the thread's.
---@class Work: Emitter
local Work = core.Emitter:extend()
thread.Work = Work

function Work:initialize(fn, notify)
  self.code = codeOf(fn, 'thread.work')
  if notify ~= nil and type(notify) ~= 'function' then
    error('thread.work: the second argument must be a function, not a ' .. type(notify), 3)
  end
  self.notify = notify
end

--- Calls the function on a thread, and then `notify` with its results here.
---@param ... nil|boolean|number|string arguments
---@return boolean queued true
function Work:queue(...)
  start(true, self.code, function(err, ...)
    if err then
      self:emit('error', err)
    elseif self.notify then
      self.notify(...)
    end
  end, ...)
  return true
end

--- Calls the function on a thread and waits for it in this coroutine.
---@param ... nil|boolean|number|string arguments
---@return any ... its results, or nil and the error
function Work:call(...)
  local waiting, main = running()
  if not waiting or main == true then
    error('Work:call waits: call it in a coroutine', 2)
  end
  start(true, self.code, function(err, ...)
    if err then
      return core.assertResume(waiting, nil, err)
    end
    return core.assertResume(waiting, ...)
  end, ...)
  return yield()
end

--- Makes a function for the pool of threads.
---@param fn function|string a function in Lua, or code
---@param notify fun(...)|nil called with the results of each call that was queued
---@return Work work
function thread.work(fn, notify)
  return Work:new(fn, notify)
end

--- The same as `work:queue(...)`.
---@param work Work
---@param ... nil|boolean|number|string
---@return boolean queued
function thread.queue(work, ...)
  return work:queue(...)
end

return thread
