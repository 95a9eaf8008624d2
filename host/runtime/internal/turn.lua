-- The next turn of the loop, and the handles the runtime keeps for itself. Not for
-- programs: process.nextTick and timer.setImmediate are made of this.

local uv = require('uv')

local turn = {}

-- uv.walk shows what the program has open, not what the runtime keeps.
local hidden = setmetatable({}, { __mode = 'k' })
local walk = uv.walk

function uv.walk(visit)
  walk(function(handle)
    if not hidden[handle] then
      visit(handle)
    end
  end)
end

-- Keeps a handle out of uv.walk.
function turn.hide(handle)
  hidden[handle] = true
  return handle
end

function turn.show(handle)
  hidden[handle] = nil
  return handle
end

-- The queue: functions and up to two arguments each, in arrays beside each other so
-- that queueing makes no garbage.
local functions, firsts, seconds = {}, {}, {}
local head, tail = 1, 0
local idle

local function drain()
  local last = tail -- what is added meanwhile is for the turn after
  while head <= last do
    local at = head
    local fn, first, second = functions[at], firsts[at], seconds[at]
    functions[at], firsts[at], seconds[at] = nil, nil, nil
    -- An error leaves the rest for the next turn.
    head = at + 1
    if second ~= nil then
      fn(first, second)
    elseif first ~= nil then
      fn(first)
    else
      fn()
    end
  end
  if head > tail then
    head, tail = 1, 0
    idle:stop()
  end
end

-- Calls fn(first, second), without trailing nils, in the next turn of the loop, after those asked for before.
function turn.soon(fn, first, second)
  if not idle then
    idle = turn.hide(uv.new_idle())
  end
  if head > tail then
    idle:start(drain)
  end
  tail = tail + 1
  functions[tail], firsts[tail], seconds[tail] = fn, first, second
end

return turn
