local test = require('./harness')
local core = require('core')
local uv = require('uv')
local timer = require('timer')
local globalProcess = require('process').globalProcess

test('globalProcess is the global process', function(t)
  t:equal(globalProcess(), process)
  t:ok(core.instanceof(process, core.Emitter))
  t:equal(process.pid, uv.os_getpid())
  t:equal(process.cwd(), uv.cwd())
  t:equal(process:cwd(), uv.cwd())
end)

test('argv and args', function(t)
  t:match(process.argv[0], 'virgo%-lua$')
  t:match(process.argv[1], 'process_test%.lua$')
  t:equal(args[0], process.argv[0])
  local _, out = t:run([[p(process.argv[1], process.argv[2], args[1], ...)]], { args = { 'a', 'b c' } })
  t:match(out, "'a'\t'b c'\t'a'")
end)

test('argv[0] starts a script given as its only argument', function(t)
  local path = os.tmpname()
  local file = io.open(path, 'w')
  file:write("print(process.argv[1] == '" .. path .. "', #process.argv)")
  file:close()
  t:defer(function() os.remove(path) end)
  local handle = io.popen(("'%s' '%s'"):format(process.argv[0], path))
  t:equal(handle:read('*a'), 'true\t1\n')
  handle:close()
end)

test('env: get, set, remove, iterate', function(t)
  t:equal(process.env.PATH, os.getenv('PATH'))
  t:equal(process.env.VIRGO_TEST_NONE, nil)
  process.env.VIRGO_TEST = 'value'
  t:defer(function() process.env.VIRGO_TEST = nil end)
  t:equal(os.getenv('VIRGO_TEST'), 'value')
  t:equal(process.env.VIRGO_TEST, 'value')
  local seen
  for name, value in pairs(process.env) do
    if name == 'VIRGO_TEST' then seen = value end
  end
  t:equal(seen, 'value')
  process.env.VIRGO_TEST = 5
  t:equal(process.env.VIRGO_TEST, '5')
  process.env.VIRGO_TEST = ''
  t:equal(process.env.VIRGO_TEST, '')
  process.env.VIRGO_TEST = nil
  t:equal(process.env.VIRGO_TEST, nil)
  process.env.VIRGO_TEST = ('x'):rep(100000)
  t:equal(#process.env.VIRGO_TEST, 100000)
  for _, name in ipairs { '', 'a=b', 'a\0b' } do
    t:raises(function() process.env[name] = 'x' end, 'process_test.lua:%d+: not a name')
  end
end)

test('nextTick: later, in order, with its arguments', function(t, expect)
  local order = {}
  process.nextTick(expect(function(...)
    order[1] = select('#', ...)
  end), 1, nil, 3)
  process.nextTick(expect(function(a, b)
    t:equal(order[1], 3)
    t:equal(a + b, 3)
  end), 1, 2)
  t:equal(order[1], nil)
end)

test('nextTick: an error in one does not lose the others', function(t)
  local code, out = t:run([[
    process:on('uncaughtException', function(err) print(err:match('[^\n]+')) end)
    process.nextTick(function() error('first', 0) end)
    process.nextTick(print, 'second')]])
  t:equal(out, 'first\nsecond\n')
  t:equal(code, 0)
end)

test('memoryUsage and cpuUsage', function(t)
  local memory = process:memoryUsage()
  t:ok(memory.rss > 1e6 and memory.heapUsed > 1e4 and memory.heapUsed < memory.rss)
  t:ok(process.memoryUsage().rss > 0)
  local before = process:cpuUsage()
  t:ok(before.user >= 0 and before.system >= 0)
  local n = 0
  repeat
    for i = 1, 1e6 do n = n + i end
    local used = process:cpuUsage(before)
  until used.user + used.system > 0
  t:ok(process.cpuUsage(before).user >= 0)
end)

test('kill: signal 0, nobody there, what is no signal', function(t)
  t:equal(process.kill(process.pid, 0), true)
  t:equal(process:kill(process.pid, 0), true)
  local ok, err = process.kill(2 ^ 22 + 1, 0)
  t:equal(ok, nil)
  t:equal(err.code, 'ESRCH')
  t:match(err, "kill '4194305'")
  t:raises(function() process.kill(process.pid, 'sigbogus') end, 'not a signal: sigbogus')
end)

test('a signal: listener, once, the handle comes and goes with them', function(t)
  local function handles()
    local n = 0
    uv.walk(function(handle) if not handle:is_closing() then n = n + 1 end end)
    return n
  end
  local before = handles()
  local function listener() end
  t:equal(process:on('sigusr2', listener), process)
  process:on('sigusr2', print)
  t:equal(handles(), before + 1)
  process:removeListener('sigusr2', print)
  t:equal(handles(), before + 1)
  process:removeListener('sigusr2', listener)
  t:equal(handles(), before)
  process:once('SIGUSR2', t:expect(function(name) t:equal(name, 'SIGUSR2') end))
  process.kill(process.pid, 'sigusr2')
  while process:listenerCount('SIGUSR2') > 0 do timer.sleep(1) end
  timer.sleep(1)
  t:equal(handles(), before)
  process:on('sigusr1', listener)
  process:removeAllListeners('sigusr1')
  t:equal(handles(), before)
  t:raises(function() process:on('sigkill', listener) end, 'EINVAL')
  t:equal(process:listenerCount('sigkill'), 0)
  t:raises(function() process:on('sigusr1', nil) end, 'must be a function')
  t:equal(handles(), before)
  process:on('signal', listener):removeListener('signal', listener)
end)

test('signals do not keep the program alive; without listeners they do what they do', function(t)
  local code = t:run([[process:on('sigterm', print)]])
  t:equal(code, 0)
  code = t:run([[
    local function f() end
    process:on('sigterm', f)
    process:removeListener('sigterm', f)
    process.kill(process.pid, 'sigterm')
    require('timer').sleep(10000)]])
  t:equal(code, -15)
end)

test('exit: codes', function(t)
  for text, wanted in pairs {
    ['local x'] = 0, ['process.exitCode = 3'] = 3, ['process:exit(4)'] = 4, ['process.exit(5)'] = 5,
    ['process.exitCode = 6 process:exit()'] = 6, ['process:exit(256 + 7)'] = 7, ['process:exit(-1)'] = 255,
    ['process:exit(true)'] = 1, ['process:on("exit", function() process.exitCode = 8 end)'] = 8,
    ['process:on("exit", function() process:exit(9) end)'] = 9,
    ['process:exit("nonsense")'] = 1, ['os.exit(11)'] = 11,
  } do
    t:equal(t:run(text), wanted, text)
  end
end)

test('exit: announced once, nothing is waited for', function(t)
  local code, out = t:run([[
    process:on('exit', function(code)
      print('exit', code)
      require('timer').setTimeout(100000, print)
      process:exit(2)
    end)
    require('timer').setTimeout(100000, print)
    process:exit(1)]])
  t:equal(out, 'exit\t1\n')
  t:equal(code, 2)
end)

test('an error in a callback: on stderr with traceback, code 1', function(t)
  local code, out, err = t:run([[
    process:on('exit', function(code) print('exit', code) end)
    local function deep() error('broken') end
    require('timer').setTimeout(1, function() deep() end)
    require('timer').setTimeout(100000, print)]])
  t:equal(code, 1)
  t:equal(out, 'exit\t1\n')
  t:match(err, '^Uncaught: .*command line.*:2: broken\n')
  t:match(err, 'stack traceback:\n.*deep')
end)

test('an error in the main file, also after a wait; in a coroutine', function(t)
  for _, text in ipairs {
    "error('broken')",
    "require('timer').sleep(1) error('broken')",
    "local t = require('timer') coroutine.wrap(function() t.sleep(1) error('broken') end)()",
  } do
    local code, _, err = t:run(text)
    t:equal(code, 1)
    t:match(err, '^Uncaught: .*:1: broken\nstack traceback:\n')
    t:equal(select(2, err:gsub('stack traceback', '')), 1)
  end
end)

test('what does not compile or is not there', function(t)
  local code, _, err = t:run('x = = 1')
  t:equal(code, 1)
  t:match(err, "^Uncaught: .*command line.*:1: unexpected symbol near '='\n$")
end)

test('uncaughtException: strings with traceback, objects as they are', function(t)
  local code, out, err = t:run([[
    local Error = require('core').Error
    process:on('uncaughtException', function(err, traceback)
      print(type(err), tostring(err):match('[^\n]+'))
      print((type(err) == 'table' and err.traceback or err):find('traceback') ~= nil, type(traceback))
    end)
    process.nextTick(function() error('a string', 0) end)
    process.nextTick(function() error(Error:new('an object')) end)
    process.nextTick(function() error({}) end)
    process.nextTick(function() error() end)
    error('in main', 0)]])
  t:equal(err, '')
  t:equal(code, 0)
  t:match(out, 'string\tin main\ntrue\tstring\n')
  t:match(out, 'string\ta string\ntrue\tstring\n')
  t:match(out, 'table\tan object\ntrue\tstring\n')
  t:match(out, 'table\ttable: 0x')
  t:match(out, 'string\tan error without a value\n')
end)

test('an error in the uncaughtException listener ends the program', function(t)
  local code, _, err = t:run([[
    process:on('uncaughtException', function(err) error('in the listener') end)
    process.nextTick(function() error('first') end)
    require('timer').setTimeout(100000, print)]])
  t:equal(code, 1)
  t:match(err, 'in the listener')
end)

test('an error event nobody listens to goes to process, else it is uncaught', function(t)
  local code, out = t:run([[
    local emitter = require('core').Emitter:new()
    process:on('error', function(err, from) print(err, from == emitter) end)
    emitter:emit('error', 'lost')]])
  t:equal(out, 'lost\ttrue\n')
  t:equal(code, 0)
  local err
  code, out, err = t:run([[
    local emitter = require('core').Emitter:new()
    process.nextTick(function() emitter:emit('error', require('core').Error:new('EIO: lost')) end)]])
  t:equal(code, 1)
  t:match(err, '^Uncaught: EIO: lost\nstack traceback:')
end)

test('a program starts also without standard streams', function(t)
  local path = os.tmpname()
  t:defer(function() os.remove(path) end)
  local code = t:await(function(done)
    local child
    child = require('uv').spawn('/bin/sh', { args = { '-c',
      ('exec "$0" -e "$1" <&- >&- 2>&-'), args[0], ([[
        print('nowhere')
        local fd = require('fs').openSync(%q, 'w')
        require('fs').writeSync(fd, -1, tostring(fd > 2))]]):format(path) } }, function(status)
      child:close()
      done(status)
    end)
  end)
  t:equal(code, 0)
  t:equal(require('fs').readFileSync(path), 'true')
end)

test('stdin, stdout, stderr', function(t)
  local pretty = require('pretty-print')
  t:equal(process.stdin, pretty.stdin)
  t:equal(process.stdout, pretty.stdout)
  t:equal(process.stderr, pretty.stderr)
end)

test('pairs and ipairs look at __pairs and __ipairs', function(t)
  local proxy = setmetatable({}, { __pairs = function() return next, { a = 1 }, nil end })
  for k, v in pairs(proxy) do t:equal(k .. v, 'a1') end
  for k, v in pairs(setmetatable({ b = 2 }, { __index = { c = 3 } })) do t:equal(k .. v, 'b2') end
  for i, v in ipairs(setmetatable({ 5 }, {})) do t:equal(i * v, 5) end
  t:raises(function() pairs(nil) end, 'bad argument #1')
  t:raises(function() ipairs() end, 'bad argument #1')
end)
