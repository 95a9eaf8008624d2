---@meta timer
-- Generated from host/runtime by ./dev docs.

--- Timers. Times are in milliseconds; the shortest is 1 (0 counts as 1).
---@class timer.module
local timer = {}

--- Waits in a coroutine.
---@param delay number
---@param thread thread|nil the coroutine to be resumed, the running one when not given
function timer.sleep(delay, thread) end

--- Calls a function once, after a delay.
---@param delay number
---@param callback fun(...)
---@param ... any the callback's arguments
---@return uv_timer_t timer for clearTimeout
function timer.setTimeout(delay, callback, ...) end

--- Calls a function again and again, until clearInterval.
---@param interval number at least 1
---@param callback fun(...)
---@param ... any the callback's arguments
---@return uv_timer_t timer
function timer.setInterval(interval, callback, ...) end

--- Calls a function in the next turn of the loop.
---@param callback fun(...)
---@param ... any the callback's arguments
function timer.setImmediate(callback, ...) end

--- Ends a timer of setTimeout or setInterval. One that has ended already, or nil, is no
--- error.
---@param handle uv_timer_t|nil
function timer.clearTimer(handle) end

--- Ends the waiting of an item.
---@param item Emitter
function timer.unenroll(item) end

--- Gives an item a time after which it emits `timeout`. The time starts with `active`.
---@param item Emitter
---@param duration number 0 is none
function timer.enroll(item, duration) end

--- Starts an enrolled item's time anew. Cheap; meant to be called with every sign of life.
---@param item Emitter
function timer.active(item) end

--- The same as timer.clearTimer.
timer.clearInterval = nil

--- The same as timer.clearTimer.
timer.clearTimeout = nil

return timer
