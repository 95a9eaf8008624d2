local test = require('./harness')
local core = require('core')
local Object, Emitter, Error, instanceof = core.Object, core.Emitter, core.Error, core.instanceof

test('Object: classes, instances, initialize', function(t)
  local Shape = Object:extend()
  function Shape:initialize(name) self.name = name end
  function Shape:title() return 'a ' .. self.name end
  local Square = Shape:extend()
  function Square:initialize(side)
    Shape.initialize(self, 'square')
    self.side = side
  end
  local square = Square:new(3)
  t:equal(square:title(), 'a square')
  t:equal(square.side, 3)
  t:equal(Square:create().side, nil)
  t:equal(Square.meta.super, Shape)
  t:raises(function() square:new() end, 'on a class, not on an instance')
  t:raises(function() square:create() end, 'on a class, not on an instance')
end)

test('Object: metamethods are copied to classes that extend', function(t)
  local Point = Object:extend()
  function Point:initialize(x) self.x = x end
  function Point.meta.__add(a, b) return a.x + b.x end
  local Point3 = Point:extend()
  t:equal(Point3:new(1) + Point3:new(2), 3)
  function Point3.meta.__tostring() return 'three' end
  t:ok(tostring(Point:new(1)) ~= 'three')
  t:equal(tostring(Point3:new(1)), 'three')
end)

test('instanceof', function(t)
  local A = Object:extend()
  local B = A:extend()
  local C = A:extend()
  local b = B:new()
  t:ok(instanceof(b, B) and instanceof(b, A) and instanceof(b, Object))
  t:ok(not instanceof(b, C))
  t:ok(not instanceof(A:new(), B))
  for _, value in ipairs { 1, 'text', {}, true, print } do
    t:equal(instanceof(value, A), false)
  end
  t:equal(instanceof(nil, A), false)
  t:equal(instanceof(b, nil), false)
  t:equal(instanceof(b, {}), false)
  t:equal(instanceof(b, b), false)
end)

test('Error: message, code, behaves like its text', function(t)
  local err = Error:new('disk full', 'ENOSPC')
  t:equal(err.message, 'disk full')
  t:equal(err.code, 'ENOSPC')
  t:equal(tostring(err), 'disk full')
  t:equal('failed: ' .. err, 'failed: disk full')
  t:equal(err .. '!', 'disk full!')
  t:equal(err:match('%a+$'), 'full')
  t:equal(err:find('full', 1, true), 6)
  t:equal(Error:new('ENOENT: no such file').code, 'ENOENT')
  t:equal(Error:new('plain').code, nil)
  t:ok(instanceof(err, Error))
  t:equal(t:raises(function() error(err) end, 'disk full'), err)
end)

test('Error.fromUv names the operation and the object', function(t)
  local err = Error.fromUv('ENOENT: no such file or directory: /x', 'open', '/x')
  t:equal(tostring(err), "ENOENT: no such file or directory, open '/x'")
  t:equal(err.code, 'ENOENT')
  t:equal(err.syscall, 'open')
  t:equal(err.path, '/x')
  t:equal(tostring(Error.fromUv('EPIPE: broken pipe', 'write')), 'EPIPE: broken pipe, write')
  t:equal(Error.fromUv('ECONNREFUSED', 'connect').code, 'ECONNREFUSED')
  t:equal(Error.fromUv('something odd', 'read').code, nil)
end)

test('Emitter: order, arguments, self', function(t)
  local emitter, seen = Emitter:new(), {}
  t:equal(emitter:on('x', function(...) seen[#seen + 1] = { 'a', select('#', ...), ... } end), emitter)
  t:equal(emitter:emit('x', 1, nil), emitter)
  emitter:on('x', function(v) seen[#seen + 1] = { 'b', v } end)
  emitter:emit('x', 2)
  t:same(seen, { { 'a', 2, 1 }, { 'a', 1, 2 }, { 'b', 2 } })
  t:equal(emitter:listenerCount('x'), 2)
  t:equal(emitter:listenerCount('y'), 0)
  t:equal(Emitter:new():listenerCount('y'), 0)
end)

test('Emitter: once is called once, alone and among others', function(t)
  local emitter, n = Emitter:new(), 0
  local function count() n = n + 1 end
  emitter:once('x', count)
  t:equal(emitter:listenerCount('x'), 1)
  emitter:emit('x'):emit('x')
  t:equal(n, 1)
  emitter:on('x', count)
  emitter:once('x', count)
  emitter:emit('x'):emit('x')
  t:equal(n, 4)
  emitter:once('x', count)
  emitter:once('y', count)
  emitter:once('y', function() emitter:emit('y') end) -- must not come back to itself
  emitter:emit('y')
  t:equal(n, 5)
end)

test('Emitter: listeners, removeListener, removeAllListeners', function(t)
  local emitter = Emitter:new()
  local function a() end
  local function b() end
  emitter:on('x', a)
  t:same(emitter:listeners('x'), { a })
  emitter:once('x', b)
  t:same(emitter:listeners('x'), { a, b })
  t:equal(emitter:removeListener('x', b), emitter)
  t:same(emitter:listeners('x'), { a })
  emitter:removeListener('x', print):removeListener('none', a)
  emitter:removeListener('x', a)
  t:same(emitter:listeners('x'), {})
  emitter:once('x', a)
  t:same(emitter:listeners('x'), { a })
  emitter:removeListener('x', a)
  t:equal(emitter.handlers, nil, 'no listener, no table')
  emitter:on('x', a):on('x', b):on('y', a)
  emitter:removeAllListeners('x')
  t:equal(emitter:listenerCount('x'), 0)
  t:equal(emitter:listenerCount('y'), 1)
  emitter:on('x', a)
  emitter:removeAllListeners()
  t:equal(emitter:listenerCount('y'), 0)
  t:equal(emitter.handlers, nil)
  emitter:removeAllListeners()
end)

test('Emitter: changes while an event is emitted', function(t)
  local emitter, seen = Emitter:new(), {}
  local function c() seen[#seen + 1] = 'c' end
  local function b() seen[#seen + 1] = 'b' end
  emitter:on('x', function()
    seen[#seen + 1] = 'a'
    emitter:removeListener('x', b)
    emitter:on('x', function() seen[#seen + 1] = 'new' end)
  end)
  emitter:on('x', b)
  emitter:on('x', c)
  emitter:emit('x')
  t:same(seen, { 'a', 'c' })
  emitter:emit('x')
  t:same(seen, { 'a', 'c', 'a', 'c', 'new' })
end)

test('Emitter: nested emits and removal of all', function(t)
  local emitter, n = Emitter:new(), 0
  local function count() n = n + 1 end
  emitter:on('x', function()
    emitter:removeListener('x', count)
    emitter:removeAllListeners('x')
    emitter:emit('x')
    emitter:on('x', count)
  end)
  emitter:on('x', count)
  emitter:on('x', count)
  emitter:emit('x')
  t:equal(n, 0)
  emitter:emit('x')
  t:equal(n, 1)
end)

test('Emitter: a listener that raises does not break the list', function(t)
  local emitter, n = Emitter:new(), 0
  emitter:on('x', function() n = n + 1 end)
  emitter:once('x', function() error('boom', 0) end)
  emitter:on('x', function() n = n + 10 end)
  t:equal(t:raises(function() emitter:emit('x') end), 'boom')
  t:equal(n, 1)
  emitter:emit('x')
  t:equal(n, 12)
end)

test('Emitter: add and remove of many keeps nothing', function(t)
  local emitter = Emitter:new()
  emitter:on('x', function() end)
  emitter:on('x', function() end)
  for _ = 1, 1000 do
    local function f() end
    emitter:once('x', f)
    emitter:emit('x')
  end
  t:equal(emitter:listenerCount('x'), 2)
end)

test('Emitter: error without a listener raises the value itself', function(t)
  local emitter, err = Emitter:new(), Error:new('broken')
  t:equal(t:raises(function() emitter:emit('error', err) end), err)
  t:raises(function() emitter:emit('error') end, 'without a listener')
  emitter:on('error', function(got) t:equal(got, err) end)
  emitter:emit('error', err)
end)

test('Emitter: missingHandlerType may be overridden', function(t)
  local Loud = Emitter:extend()
  local seen
  function Loud:missingHandlerType(name, ...) seen = { name, ... } end
  local loud = Loud:new()
  loud:emit('nobody', 1, 2)
  t:same(seen, { 'nobody', 1, 2 })
  loud:emit('error', 'x')
  t:same(seen, { 'error', 'x' })
end)

test('Emitter: listeners must be callable', function(t)
  local emitter = Emitter:new()
  t:raises(function() emitter:on('x', nil) end, 'must be a function, not nil')
  t:raises(function() emitter:once('x', 'text') end, 'core_test.lua')
  local got
  emitter:on('x', setmetatable({}, { __call = function(_, v) got = v end }))
  emitter:emit('x', 5)
  t:equal(got, 5)
end)

test('Emitter: wrap', function(t)
  local emitter, got, err = Emitter:new(), nil, nil
  function emitter:opened(fd) got = fd == 7 and self end
  local callback = emitter:wrap('opened')
  t:equal(emitter.opened, callback)
  emitter:on('error', function(e) err = e end)
  emitter.opened(nil, 7)
  t:equal(got, emitter)
  emitter.opened('failed', 8)
  t:equal(err, 'failed')
  t:raises(function() emitter:wrap('none') end, 'no method none')
end)

test('Emitter: propagate', function(t)
  local from, to, got = Emitter:new(), Emitter:new(), nil
  to:on('x', function(...) got = { ... } end)
  t:equal(from:propagate('x', to), to)
  from:emit('x', 1, 2)
  t:same(got, { 1, 2 })
  t:raises(function() from:propagate('x', nil) end, 'must be an emitter')
end)

local function later(fn)
  local timer = require('uv').new_timer()
  timer:start(1, 0, function()
    timer:close()
    fn()
  end)
end

test('Emitter: wait gives the arguments of the event', function(t)
  local emitter = Emitter:new()
  later(function() emitter:emit('x', 1, nil, 3) end)
  t:same({ n = 3, emitter:wait('x') }, { n = 3, 1, nil, 3 })
  t:equal(emitter.handlers, nil)
end)

test('Emitter: wait ends with an error event, and with the timeout', function(t)
  local emitter = Emitter:new()
  later(function() emitter:emit('error', Error:new('gone', 'EGONE')) end)
  local value, err = emitter:wait('x', 10000)
  t:equal(value, nil)
  t:equal(err.code, 'EGONE')
  value, err = emitter:wait('x', 1)
  t:equal(value, nil)
  t:equal(err.code, 'ETIMEDOUT')
  t:match(err, 'no event "x" within 1 ms')
  t:equal(emitter.handlers, nil)
  later(function() emitter:emit('error', 'itself') end)
  t:equal(emitter:wait('error'), 'itself')
end)

test('Emitter: wait when on() itself emits', function(t)
  local Eager = Emitter:extend()
  function Eager:on(name, callback)
    Emitter.on(self, name, callback)
    if name == 'x' then self:emit('x', 'at once') end
    return self
  end
  t:equal(Eager:new():wait('x'), 'at once')
end)

test('assertResume: the traceback of the coroutine, tables keep identity', function(t)
  local function inner() error('deep') end
  local thread = coroutine.create(function() inner() end)
  local err = t:raises(function() core.assertResume(thread) end, 'deep')
  t:match(err, 'core_test.lua:%d+: in function')
  local object = Error:new('object')
  thread = coroutine.create(function() error(object) end)
  t:equal(t:raises(function() core.assertResume(thread) end), object)
  t:match(object.traceback, 'core_test.lua')
  thread = coroutine.create(function(a) return a, coroutine.yield(a + 1) end)
  t:equal(core.assertResume(thread, 1), 2)
end)
