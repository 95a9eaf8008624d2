--- Timers. Times are in milliseconds; the shortest is 1 (0 counts as 1).

local uv = require('uv')
local core = require('core')
local turn = require('internal/turn')

local timer = {}

local LONGEST = 2 ^ 53

-- What uv is given: whole, at least `least`, not too large. A timer of 0 ms that is set
-- again by its own callback is due at once: uv would never get to anything else.
local function milliseconds(value, what, least)
  value = tonumber(value)
  if not value then
    error(what .. ' wants a number of milliseconds', 3)
  end
  if not (value > least) then
    return least
  end
  return math.ceil(value < LONGEST and value or LONGEST)
end

local function checkCallback(callback, what)
  if type(callback) ~= 'function' then
    local meta = debug.getmetatable(callback)
    if not (meta and meta.__call) then
      error(what .. ' wants a function, not ' .. type(callback), 3)
    end
  end
end

local function closeTimer(handle)
  if not handle:is_closing() then
    handle:close()
  end
end

--- Waits in a coroutine.
---@param delay number
---@param thread thread|nil the coroutine to be resumed, the running one when not given
function timer.sleep(delay, thread)
  delay = milliseconds(delay, 'sleep', 1)
  local running, main = coroutine.running()
  thread = thread or running
  if not running or main == true then
    error('sleep must be called in a coroutine', 2)
  end
  local handle = uv.new_timer()
  handle:start(delay, 0, function()
    handle:close()
    return core.assertResume(thread)
  end)
  return coroutine.yield()
end

--- Calls a function once, after a delay.
---@param delay number
---@param callback fun(...)
---@param ... any the callback's arguments
---@return uv_timer_t timer for clearTimeout
function timer.setTimeout(delay, callback, ...)
  delay = milliseconds(delay, 'setTimeout', 1)
  checkCallback(callback, 'setTimeout')
  local handle = uv.new_timer()
  local count = select('#', ...)
  if count == 0 then
    handle:start(delay, 0, function()
      closeTimer(handle)
      callback()
    end)
  else
    local arguments = { ... }
    handle:start(delay, 0, function()
      closeTimer(handle)
      callback(unpack(arguments, 1, count))
    end)
  end
  return handle
end

--- Calls a function again and again, until clearInterval.
---@param interval number at least 1
---@param callback fun(...)
---@param ... any the callback's arguments
---@return uv_timer_t timer
function timer.setInterval(interval, callback, ...)
  interval = milliseconds(interval, 'setInterval', 1)
  checkCallback(callback, 'setInterval')
  local handle = uv.new_timer()
  local count, arguments = select('#', ...), { ... }
  handle:start(interval, interval, function()
    callback(unpack(arguments, 1, count))
  end)
  return handle
end

--- Calls a function in the next turn of the loop.
---@param callback fun(...)
---@param ... any the callback's arguments
function timer.setImmediate(callback, ...)
  checkCallback(callback, 'setImmediate')
  local count = select('#', ...)
  if count <= 2 then
    return turn.soon(callback, ...)
  end
  local arguments = { ... }
  turn.soon(function()
    callback(unpack(arguments, 1, count))
  end)
end

--- Ends a timer of setTimeout or setInterval. One that has ended already, or nil, is no
--- error.
---@param handle uv_timer_t|nil
function timer.clearTimer(handle)
  if handle then
    closeTimer(handle)
  end
end

timer.clearTimeout = timer.clearTimer
timer.clearInterval = timer.clearTimer

--------------------------------------------------------------------------------
-- Idle lists: many items that wait for the same time share one uv timer. A list has
-- its items in the order in which they run out: the one that was active last is last.

local lists = {}  -- by duration
local spares = {} -- stopped timers, kept for the next list

local MAX_SPARES = 16

local function detach(item)
  local before, after = item._idlePrev, item._idleNext
  if before then
    before._idleNext, after._idlePrev = after, before
    item._idlePrev, item._idleNext = nil, nil
  end
end

local function drop(list)
  lists[list.duration] = nil
  local handle = list.timer
  list.timer = nil
  if #spares < MAX_SPARES then
    handle:stop()
    spares[#spares + 1] = turn.hide(handle)
  else
    handle:close()
  end
end

local function expire(list)
  local now = uv.now()
  local function again()
    expire(list)
  end
  while true do
    local item = list._idleNext
    if item == list then
      return drop(list)
    end
    local left = list.duration - (now - item._idleStart)
    if left > 0 then
      return list.timer:start(left, 0, again)
    end
    detach(item)
    -- A listener that raises leaves the rest to the next turn.
    list.timer:start(1, 0, again)
    item:emit('timeout')
    if list.timer == nil then
      return
    end
  end
end

local function newList(duration)
  local list = { duration = duration }
  list._idleNext, list._idlePrev = list, list
  local handle = table.remove(spares)
  if handle then
    turn.show(handle)
  else
    handle = uv.new_timer()
  end
  list.timer = handle
  handle:start(duration, 0, function()
    expire(list)
  end)
  lists[duration] = list
  return list
end

--- Ends the waiting of an item.
---@param item Emitter
function timer.unenroll(item)
  local list = item._idleNext and lists[item._idleTimeout]
  detach(item)
  if list and list._idleNext == list then
    drop(list)
  end
  item._idleTimeout = nil
end

--- Gives an item a time after which it emits `timeout`. The time starts with `active`.
---@param item Emitter
---@param duration number 0 is none
function timer.enroll(item, duration)
  duration = milliseconds(duration, 'enroll', 0)
  if item._idleNext then
    timer.unenroll(item)
  end
  item._idleTimeout = duration
end

--- Starts an enrolled item's time anew. Cheap; meant to be called with every sign of life.
---@param item Emitter
function timer.active(item)
  local duration = item._idleTimeout
  if not duration or duration <= 0 then
    return
  end
  local list = lists[duration]
  if not list then
    list = newList(duration)
  end
  detach(item)
  item._idleStart = uv.now()
  local last = list._idlePrev
  item._idlePrev, item._idleNext = last, list
  last._idleNext, list._idlePrev = item, item
end

return timer
