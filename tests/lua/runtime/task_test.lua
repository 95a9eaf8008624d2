local test = require('./harness')
local task = require('task')
local core = require('core')

test('run: at once, with arguments, in a coroutine', function(t)
  local seen
  local done = task.run(function(...) seen = { n = select('#', ...), coroutine.running(), ... } end, 1, nil, 3, nil)
  t:equal(done, true)
  t:equal(seen.n, 4)
  t:equal(type(seen[1]), 'thread')
  t:ok(seen[1] ~= coroutine.running())
  t:same({ seen[2], seen[3] == nil, seen[4] }, { 1, true, 3 })
end)

test('run: a coroutine is used again once its function has returned', function(t)
  local first, second
  task.run(function() first = coroutine.running() end)
  task.run(function() second = coroutine.running() end)
  t:equal(first, second)
end)

test('run: a function that waits keeps its coroutine to itself', function(t)
  local waiting, log = nil, {}
  local done = task.run(function(a)
    waiting = coroutine.running()
    log[1] = a
    log[2] = coroutine.yield()
  end, 'begun')
  t:equal(done, false)
  t:equal(task.run(function() t:ok(coroutine.running() ~= waiting) end), true)
  core.assertResume(waiting, 'woken')
  t:same(log, { 'begun', 'woken' })
  local again
  task.run(function() again = coroutine.running() end)
  t:equal(again, waiting)
end)

test('run: nested', function(t)
  local inner, outer
  outer = task.run(function()
    local here = coroutine.running()
    inner = task.run(function()
      t:ok(coroutine.running() ~= here)
      coroutine.yield()
    end)
  end)
  t:equal(inner, false)
  t:equal(outer, true)
  -- the outer one waits though the inner one has ended
  local thread
  t:equal(task.run(function()
    thread = coroutine.running()
    task.run(function() end)
    coroutine.yield()
  end), false)
  core.assertResume(thread)
end)

test('run: an error reaches the caller with the traceback of the coroutine', function(t)
  local function culprit() error('broken') end
  local err = t:raises(function() task.run(function() culprit() end) end, 'broken')
  t:match(err, 'task_test.lua:%d+: broken')
  t:match(err, "culprit")
  local made = core.Error:new('EX: object')
  t:equal(t:raises(function() task.run(error, made) end), made)
  t:match(made.traceback, 'stack traceback')
  -- and the pool goes on
  t:equal(task.run(function() end), true)
end)

test('run: an error after a wait reaches who resumes', function(t)
  local thread
  task.run(function()
    thread = coroutine.running()
    coroutine.yield()
    error('later')
  end)
  t:raises(function() core.assertResume(thread) end, 'later')
  t:equal(coroutine.status(thread), 'dead')
end)

test('run: a coroutine kept beyond its end is dead for who kept it', function(t)
  local kept
  task.run(function() kept = coroutine.running() end)
  local ok, err = coroutine.resume(kept, 'again')
  t:equal(ok, false)
  t:equal(err, 'cannot resume dead coroutine')
  local ran
  t:equal(task.run(function() ran = coroutine.running() end), true)
  t:ok(ran and ran ~= kept)
end)

test('run: many at a time, more than are kept', function(t)
  local threads, count = {}, 0
  for i = 1, 600 do
    task.run(function()
      threads[i] = coroutine.running()
      coroutine.yield()
      count = count + 1
    end)
  end
  for i = 1, 600 do core.assertResume(threads[i]) end
  t:equal(count, 600)
  local alive = 0
  for i = 1, 600 do
    if coroutine.status(threads[i]) ~= 'dead' then alive = alive + 1 end
  end
  t:equal(alive, 256)
end)

test('run: yields through pcall, and the error of a pcall stays inside', function(t)
  local thread, result
  task.run(function()
    thread = coroutine.running()
    result = { pcall(function() error(coroutine.yield(), 0) end) }
  end)
  core.assertResume(thread, 'inside')
  t:same(result, { false, 'inside' })
end)

test('wrap', function(t)
  local sum
  local add = task.wrap(function(a, b) sum = a + b end)
  t:equal(add(2, 3), true)
  t:equal(sum, 5)
end)
