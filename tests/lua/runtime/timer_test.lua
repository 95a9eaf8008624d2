local test = require('./harness')
local timer = require('timer')
local core = require('core')
local uv = require('uv')

test('sleep', function(t)
  local before = uv.now()
  timer.sleep(20)
  t:ok(uv.now() - before >= 19)
  timer.sleep(0)
  timer.sleep(-5)
  timer.sleep(0 / 0)
  timer.sleep(0.5)
  t:raises(function() timer.sleep('soon') end, 'timer_test.lua:%d+: sleep wants a number')
end)

test('sleep outside of a coroutine is an error', function(t, expect)
  timer.setImmediate(expect(function()
    t:raises(function() timer.sleep(1) end, 'in a coroutine')
  end))
end)

test('sleep with the coroutine given', function(t)
  local thread = coroutine.running()
  timer.sleep(1, thread)
end)

test('setTimeout: once, with its arguments', function(t, expect)
  timer.setTimeout(1, expect(function(...)
    t:same({ n = select('#', ...), ... }, { n = 3, 'a', nil, 'c' })
  end), 'a', nil, 'c')
  timer.setTimeout(0, expect(function(...) t:equal(select('#', ...), 0) end))
  timer.setTimeout('2', expect())
end)

test('setTimeout: in the order of time', function(t, expect)
  local order = {}
  timer.setTimeout(30, expect(function() t:same(order, { 'first', 'second' }) end))
  timer.setTimeout(15, expect(function() order[#order + 1] = 'second' end))
  timer.setTimeout(1, expect(function() order[#order + 1] = 'first' end))
end)

test('clearTimeout: before, after, twice, inside, nil', function(_, expect)
  local never = timer.setTimeout(1, expect(0))
  timer.clearTimeout(never)
  timer.clearTimeout(never)
  timer.clearTimeout(nil)
  local done
  done = timer.setTimeout(1, expect(function() timer.clearTimeout(done) end))
  timer.sleep(5)
  timer.clearTimer(done)
end)

test('setInterval until clearInterval', function(t, expect)
  local n, interval = 0, nil
  interval = timer.setInterval(1, expect(function(a, b)
    t:equal(a, 1)
    t:equal(b, 2)
    n = n + 1
    if n == 3 then timer.clearInterval(interval) end
  end, 3), 1, 2)
  local zero
  zero = timer.setInterval(0, expect(function() timer.clearTimer(zero) end))
end)

test('setImmediate: in order, after what runs now, new ones a turn later', function(t, expect)
  local order = {}
  timer.setImmediate(expect(function(...)
    order[#order + 1] = 'a'
    t:same({ ... }, { 1, 2, 3 })
    timer.setImmediate(expect(function() t:same(order, { 'a', 'b1' }) end))
  end), 1, 2, 3)
  timer.setImmediate(expect(function(x)
    order[#order + 1] = 'b' .. x
  end), 1)
  t:same(order, {})
end)

test('what is no function', function(t)
  t:raises(function() timer.setTimeout(1, nil) end, 'timer_test.lua:%d+: setTimeout wants a function')
  t:raises(function() timer.setInterval(1, 'x') end, 'setInterval wants a function')
  t:raises(function() timer.setImmediate({}) end, 'setImmediate wants a function')
  t:raises(function() timer.setTimeout(nil, print) end, 'wants a number of milliseconds')
end)

local function item(t, duration)
  local made = core.Emitter:new()
  timer.enroll(made, duration)
  t:defer(function() timer.unenroll(made) end)
  return made
end

test('idle items: timeout once, after the last sign of life', function(t, expect)
  local quiet, busy = item(t, 20), item(t, 20)
  local began, busyAt = uv.now(), nil
  quiet:on('timeout', expect(function() t:ok(uv.now() - began >= 20) end))
  busy:on('timeout', expect(function() busyAt = uv.now() end))
  timer.active(quiet)
  timer.active(busy)
  timer.sleep(12)
  timer.active(busy)
  local again = uv.now()
  busy:wait('timeout', 10000)
  t:ok(busyAt - again >= 20, 'not before its time')
end)

test('idle items share one timer per duration', function(t)
  local function count()
    local n = 0
    uv.walk(function(handle)
      if not handle:is_closing() then n = n + 1 end
    end)
    return n
  end
  local before = count()
  local items = {}
  for i = 1, 100 do
    items[i] = item(t, 5000)
    timer.active(items[i])
  end
  t:equal(count(), before + 1)
  for i = 1, 100 do timer.unenroll(items[i]) end
  t:equal(count(), before)
end)

test('unenroll, enroll anew, no time at all', function(t, expect)
  local gone = item(t, 1)
  gone:on('timeout', expect(0))
  timer.active(gone)
  timer.unenroll(gone)
  timer.unenroll(gone)
  timer.active(gone)
  local none = item(t, 0)
  none:on('timeout', expect(0))
  timer.active(none)
  local changed = item(t, 10000)
  timer.active(changed)
  timer.enroll(changed, 1)
  timer.active(changed)
  changed:on('timeout', expect())
end)

test('a timeout listener may activate, unenroll others', function(t, expect)
  local a, b, n = item(t, 2), item(t, 2), 0
  a:on('timeout', expect(function()
    n = n + 1
    timer.unenroll(b)
    if n < 3 then timer.active(a) end
  end, 3))
  b:on('timeout', expect(0))
  timer.active(a)
  timer.active(b)
end)

test('many timers leave nothing', function(t)
  local left = 10000
  t:await(function(done)
    for i = 1, left do
      timer.setTimeout(i % 10, function()
        left = left - 1
        if left == 0 then done() end
      end)
    end
  end)
  t:equal(left, 0)
end)

test('timers of 0 ms set again and again leave room for everything else', function(t)
  local socket, heard = uv.new_udp(), false
  t:defer(function() socket:close() end)
  socket:bind('127.0.0.1', 0)
  socket:recv_start(function(_, data) heard = heard or data ~= nil end)
  socket:send('x', '127.0.0.1', socket:getsockname().port)
  local tries = 0
  while not heard and tries < 10000 do
    timer.sleep(0)
    tries = tries + 1
  end
  t:ok(heard)
end)
