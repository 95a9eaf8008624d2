---@meta thread
-- Generated from host/runtime by ./dev docs.

--- Threads: functions that run at the same time as the program, each in a Lua state of
--- its own with all of the runtime's modules. Nothing is shared: arguments and results
--- are copied, and may be nil, booleans, numbers and strings. A function brings its code
--- but not its upvalues, which are nil in the thread; there it can `require` what it
--- needs, files as the main file would.
---@class thread.module
local thread = {}

-- of thread.lua, Thread
--- A thread that was started. It runs its function, then its own loop until nothing is
--- left to wait for; the program goes on until then. Two objects of the same thread are
--- equal.
--- event exit(...): the thread has ended; the arguments are what its function returned.
--- event error(err Error): an error ended the thread, and nobody has joined it; err.traceback is the thread's.
---@class Thread: Emitter
---@field id integer 0: the program's own
local class_Thread = {}

--- Starts a thread; see `thread.start`.
---@param fn function|string
---@param ... nil|boolean|number|string
function class_Thread:initialize(fn, ...) end

--- Waits for the end of the thread, blocking everything else meanwhile; with
--- `thread:wait('exit')` the rest of the program goes on.
---@return boolean|nil ok nil if an error ended the thread
---@return any ... what its function returned, or the error
function class_Thread:join() end

thread.Thread = class_Thread

-- of thread.lua, Work
--- A function for a pool of threads, as many as there are processors. Their states are
--- kept from one call to the next, with the globals that were set there and the modules
--- that were loaded.
--- event error(err Error): a call ended in an error; err.traceback is the thread's.
---@class Work: Emitter
local class_Work = {}

--- Calls the function on a thread, and then `notify` with its results here.
---@param ... nil|boolean|number|string arguments
---@return boolean queued true
function class_Work:queue(...) end

--- Calls the function on a thread and waits for it in this coroutine.
---@param ... nil|boolean|number|string arguments
---@return any ... its results, or nil and the error
function class_Work:call(...) end

thread.Work = class_Work

--- Starts a thread that calls `fn`. At most 256 at a time.
---@param fn function|string a function in Lua, or code
---@param ... nil|boolean|number|string arguments of fn
---@return Thread thread
function thread.start(fn, ...) end

--- The same as `other:join()`.
---@param other Thread
---@return boolean|nil ok
---@return any ...
function thread.join(other) end

--- Whether two objects are the same thread.
---@param a Thread
---@param b Thread
---@return boolean
function thread.equals(a, b) end

--- The thread this is called in.
---@return Thread thread
function thread.self() end

--- Makes a function for the pool of threads.
---@param fn function|string a function in Lua, or code
---@param notify fun(...)|nil called with the results of each call that was queued
---@return Work work
function thread.work(fn, notify) end

--- The same as `work:queue(...)`.
---@param work Work
---@param ... nil|boolean|number|string
---@return boolean queued
function thread.queue(work, ...) end

return thread
