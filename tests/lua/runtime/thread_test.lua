local test = require('./harness')
local core = require('core')
local thread = require('thread')
local uv = require('uv')

test('start and join: arguments and results', function(t)
  local other = thread.start(function(...)
    return select('#', ...), ...
  end, nil, true, 1.5, 'a\0b', nil)
  t:ok(core.instanceof(other, thread.Thread))
  local results = { n = 0 }
  local function keep(...) results = { n = select('#', ...), ... } end
  keep(other:join())
  t:equal(results.n, 7)
  t:equal(results[1], true)
  t:equal(results[2], 5)
  t:equal(results[3], nil)
  t:equal(results[4], true)
  t:equal(results[5], 1.5)
  t:equal(results[6], 'a\0b')
  t:equal(results[7], nil)
  t:equal(other:join(), true, 'joined twice')
  t:equal(thread.join(thread.start(function() end)), true)
  local big = ('x'):rep(5e6)
  t:equal(select(2, thread.start(function(text) return #text end, big):join()), #big)
  t:equal(select(2, thread.start('return 1 + ...', 2):join()), 3, 'code instead of a function')
end)

test('wait for exit: the program goes on meanwhile', function(t)
  local ticks = 0
  local timer = uv.new_timer()
  timer:start(1, 1, function() ticks = ticks + 1 end)
  local other = thread.start(function()
    require('uv').sleep(100)
    return 'slept'
  end)
  t:equal(other:wait('exit'), 'slept')
  timer:close()
  t:ok(ticks > 2, ticks)
  other = thread.start(function() return 1, 2 end)
  t:await(function(done)
    other:on('exit', t:expect(function(a, b)
      t:equal(a + b, 3)
      done()
    end))
  end)
end)

test('self, equals, ids', function(t)
  local main = thread.self()
  t:equal(main.id, 0)
  t:ok(main == thread.self())
  t:ok(thread.equals(main, thread.self()))
  local a = thread.start(function() return require('thread').self().id end)
  local b = thread.start(function() end)
  t:ok(not thread.equals(a, b))
  t:ok(a ~= b)
  t:ok(a ~= main)
  t:equal(select(2, a:join()), a.id)
  b:join()
  t:match(tostring(a), '^thread %d+$')
  t:raises(function() main:join() end, 'its own end')
end)

test('a thread has the modules, its own globals and its own loop', function(t)
  mine = 1 -- luacheck: ignore
  local other = thread.start(function()
    assert(mine == nil)
    mine = 2 -- luacheck: ignore
    local path = require('path')
    local json = require('json')
    local fs = require('fs')
    local childprocess = require('childprocess')
    local uv = require('uv')
    local out = assert(childprocess.exec('echo from a child'))
    local stat = assert(fs.stat('/'))
    local fired = false
    local timer = uv.new_timer()
    timer:start(1, 0, function() timer:close() fired = true end)
    require('core')
    process:on('exit', function() assert(fired) end)
    return path.join('a', 'b'), json.stringify({ 1 }), out, stat.type, type(process.pid)
  end)
  local ok, joined, text, out, kind, pid = other:join()
  t:ok(ok, joined)
  t:equal(joined, 'a/b')
  t:equal(text, '[1]')
  t:equal(out, 'from a child\n')
  t:equal(kind, 'directory')
  t:equal(pid, 'number')
  t:equal(mine, 1)
  mine = nil
end)

test('files are required as from the main file', function(t)
  local ok, kind = thread.start(function() return type(require('./json_test_data')) end):join()
  t:equal(ok, nil)
  t:match(kind, "module './json_test_data' not found")
  t:match(kind, 'tests/lua/runtime/json_test_data')
end)

test('errors of a thread', function(t)
  local ok, err = thread.start(function() error('before waiting') end):join()
  t:equal(ok, nil)
  t:ok(core.instanceof(err, core.Error))
  t:match(err, 'thread_test.lua:%d+: before waiting')
  t:match(err.traceback, 'in a thread: .*stack traceback')
  ok, err = thread.start(function()
    local timer = require('uv').new_timer()
    timer:start(1, 0, function() error('in a callback') end)
  end):join()
  t:equal(ok, nil)
  t:match(err, 'in a callback')
  ok, err = thread.start(function()
    require('fs').stat('/')
    error(require('core').Error:new('ENOENT: after waiting'))
  end):join()
  t:equal(ok, nil)
  t:equal(err.code, 'ENOENT')
  ok, err = thread.start('this is not Lua'):join()
  t:equal(ok, nil)
  t:match(err, "'=' expected")
  ok, err = thread.start(function() return {} end):join()
  t:equal(ok, nil)
  t:match(err, 'result 1 is a table; only')
  local other = thread.start(function() error('nobody joined') end)
  other:on('exit', t:expect(0))
  t:await(function(done)
    other:on('error', t:expect(function(failure)
      t:match(failure, 'nobody joined')
      done()
    end))
  end)
  other = thread.start(function() error('while waiting') end)
  ok, err = other:wait('exit')
  t:equal(ok, nil)
  t:match(err, 'while waiting')
end)

test("process.exit and uncaughtException are the thread's own", function(t)
  t:equal(thread.start(function()
    require('uv').new_timer():start(1e6, 0, function() end)
    process:exit(3)
  end):join(), true)
  local ok, heard = thread.start(function()
    local heard
    process:on('uncaughtException', function(err) heard = tostring(err) end)
    local timer = require('uv').new_timer()
    timer:start(1, 0, function()
      timer:close()
      error('heard of')
    end)
    require('fs').stat('/')
    for _ = 1, 1000 do
      if heard then break end
      require('uv').sleep(1)
      require('fs').stat('/')
    end
    return heard
  end):join()
  t:ok(ok, heard)
  t:match(heard, 'heard of')
end)

test('what cannot pass raises here', function(t)
  t:raises(function() thread.start() end, 'wants a function')
  t:raises(function() thread.start(math.sin) end, 'not one of C')
  t:raises(function() thread.start(function() end, 1, {}) end, 'argument 2 is a table')
  t:raises(function() thread.start(function() end, function() end) end, 'argument 1 is a function')
  t:raises(function() thread.work({}) end, 'wants a function')
  t:raises(function() thread.work(function() end, 1) end, 'must be a function')
  t:raises(function() thread.work(function() end):queue(print) end, 'argument 1 is a function')
end)

test('upvalues do not come along', function(t)
  local upvalue = 1
  local ok, kind = thread.start(function() return type(upvalue) end):join()
  t:ok(ok)
  t:equal(kind, 'nil')
end)

test('many threads at a time', function(t)
  local threads = {}
  for i = 1, 20 do
    threads[i] = thread.start(function(n)
      local sum = 0
      for k = 1, n * 1000 do sum = sum + k end
      return sum
    end, i)
  end
  for i = 20, 1, -1 do
    local ok, sum = threads[i]:join()
    t:ok(ok, sum)
    t:equal(sum, i * 1000 * (i * 1000 + 1) / 2)
  end
end)

test('threads start threads', function(t)
  local ok, sum = thread.start(function()
    local threads = require('thread')
    local ok, sum = threads.start(function(a) return a + 1 end, 41):join()
    assert(ok, sum)
    return sum
  end):join()
  t:ok(ok, sum)
  t:equal(sum, 42)
end)

test('work: queue and notify', function(t)
  local got, left = {}, 30
  t:await(function(done)
    local work = thread.work(function(i) return i, i * i end, function(i, square)
      got[i] = square
      left = left - 1
      if left == 0 then done() end
    end)
    t:ok(core.instanceof(work, thread.Work))
    for i = 1, 15 do t:equal(work:queue(i), true) end
    for i = 16, 30 do t:equal(thread.queue(work, i), true) end
  end)
  for i = 1, 30 do t:equal(got[i], i * i) end
  thread.work(function() end):queue()
end)

test('work: call waits, and states are kept', function(t)
  local work = thread.work(function()
    calls = (calls or 0) + 1 -- luacheck: ignore
    return calls
  end)
  local most = 0
  for _ = 1, 100 do most = math.max(most, work:call()) end
  t:ok(most > 1, 'globals stay from call to call')
  t:equal(thread.work(function() return require('fs').stat('/').type end):call(), 'directory')
  t:equal(select('#', thread.work(function() return nil, nil end):call()), 2)
end)

test('work: errors', function(t)
  local work = thread.work(function(fails)
    if fails then error('no luck') end
    return 'fine'
  end, t:expect(0))
  t:await(function(done)
    work:on('error', t:expect(function(err)
      t:match(err, 'no luck')
      t:match(err.traceback, 'in a thread')
      done()
    end))
    work:queue(true)
  end)
  local result, err = work:call(true)
  t:equal(result, nil)
  t:match(err, 'no luck')
  t:equal(work:call(false), 'fine', 'a state that failed is replaced')
end)
