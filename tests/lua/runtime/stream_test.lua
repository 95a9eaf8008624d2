local test = require('./harness')
local stream = require('stream')
local core = require('core')
local process = require('process').globalProcess()

local Readable, Writable, Duplex, Transform, PassThrough, Observable =
  stream.Readable, stream.Writable, stream.Duplex, stream.Transform, stream.PassThrough,
  stream.Observable

local function nothing() end

-- Lets everything happen that follows without waiting for time.
local function settle(t)
  for _ = 1, 50 do
    t:await(function(done) process.nextTick(done) end)
  end
end

-- A source of the chunks given; in the same turn of the loop or one later.
local function source(chunks, options)
  local i, made = 0, Readable:new(options)
  function made:_read()
    made.asked = (made.asked or 0) + 1
    local function give()
      i = i + 1
      self:push(chunks[i])
    end
    if options and options.later then process.nextTick(give) else give() end
  end
  return made
end

-- A destination that keeps what it gets; `slow` calls back one turn later.
local function sink(slow, options)
  local made = Writable:new(options)
  made.got = {}
  function made:_write(chunk, callback)
    self.got[#self.got + 1] = chunk
    if slow then process.nextTick(callback) else callback() end
  end
  return made
end

local function collect(readable)
  local got = {}
  readable:on('data', function(chunk) got[#got + 1] = chunk end)
  return got
end

-- Runs `body` with sources that answer at once and with those that answer later.
local function both(name, body)
  test(name .. ' (at once)', function(t, expect) body(t, expect, {}) end)
  test(name .. ' (later)', function(t, expect) body(t, expect, { later = true }) end)
end

test('an unused stream holds nothing', function(t)
  for _, class in ipairs { Readable, Writable, Duplex, Transform, PassThrough } do
    t:equal(next(class:new()), nil)
  end
end)

both('data and end, in order, once', function(t, expect, options)
  local readable = source({ 'a', 'bc', 'd' }, options)
  local got = collect(readable)
  readable:on('end', expect(function() t:same(got, { 'a', 'bc', 'd' }) end))
end)

both('end without data', function(_, expect, options)
  local readable = source({}, options)
  readable:on('data', expect(nothing, 0))
  readable:on('end', expect())
end)

both('readable and read', function(t, expect, options)
  local readable, got = source({ 'abc', 'def', 'gh' }, options), {}
  readable:on('readable', function()
    while true do
      local chunk = readable:read(4)
      if not chunk then break end
      got[#got + 1] = chunk
    end
  end)
  readable:on('end', expect(function() t:equal(table.concat(got, '|'), 'abcd|efgh') end))
end)

test('read: sizes, all, too much, zero, negative', function(t)
  local readable = Readable:new()
  readable._read = nothing
  readable:push('abc')
  readable:push('defg')
  t:equal(readable:read(0), nil)
  t:equal(readable:read(-1), nil)
  t:equal(readable:read(1), 'a')
  t:equal(readable:read(4), 'bcde')
  t:equal(readable:read(3), nil, 'fewer are there')
  t:equal(readable:read(), 'fg')
  t:equal(readable:read(), nil)
  readable:push('xy')
  readable:push(nil)
  t:equal(readable:read(10), 'xy', 'at the end: the rest')
  readable:on('end', t:expect())
  t:equal(readable:read(), nil)
end)

test('unshift, also into a chunk half read, and into an empty stream', function(t)
  local readable = Readable:new({ read = nothing })
  readable:push('hello')
  t:equal(readable:read(2), 'he')
  readable:unshift('HE')
  t:equal(readable:read(3), 'HEl')
  t:equal(readable:read(), 'lo')
  readable:unshift('again')
  readable:unshift('')
  readable:unshift(nil)
  t:equal(readable:read(), 'again')
end)

test('push tells when it is enough: at the high-water mark', function(t)
  local readable = Readable:new({ highWaterMark = 4, read = nothing })
  t:equal(readable:push('abc'), true)
  t:equal(readable:push('d'), false)
  t:equal(readable:read(1), 'a')
  t:equal(readable:push('') , true)
  readable:push(nil)
  t:equal(readable:push(nil), false)
end)

test('it reads ahead up to the high-water mark and no further', function(t)
  local readable = source({ 'ab', 'cd', 'ef', 'gh' }, { highWaterMark = 4 })
  readable:read(0)
  settle(t)
  t:equal(readable.asked, 2)
  t:equal(readable:read(3), 'abc')
end)

test('push after the end is an error event', function(t, expect)
  local readable = Readable:new({ read = nothing })
  readable:push(nil)
  readable:once('error', expect(function(err) t:match(err, 'after the end') end))
  readable:push('x')
  readable:on('end', expect(function()
    readable:once('error', expect(function(err) t:match(err, 'unshift after') end))
    readable:unshift('x')
  end))
  readable:resume()
end)

test('no _read, no _write, no _transform: error events', function(t, expect)
  local readable = Readable:new()
  readable:on('error', expect(function(err) t:equal(err.code, 'ENOSYS') end))
  readable:read()
  local writable = Writable:new()
  writable:on('error', expect(function(err) t:equal(err.code, 'ENOSYS') end))
  writable:write('x', expect(function(err) t:equal(err.code, 'ENOSYS') end))
  local transform = Transform:new()
  transform:on('error', expect(function(err) t:equal(err.code, 'ENOSYS') end))
  transform:write('x')
end)

both('pause and resume', function(t, expect, options)
  local readable = source({ 'a', 'b', 'c' }, options)
  local got, paused = {}, 0
  readable:on('pause', function() paused = paused + 1 end)
  readable:on('resume', expect(nothing, 2))
  t:equal(readable:isPaused(), false)
  readable:on('data', function(chunk)
    got[#got + 1] = chunk
    if chunk == 'a' then
      t:equal(readable:pause(), readable)
      readable:pause()
      t:equal(readable:isPaused(), true)
      process.nextTick(function()
        process.nextTick(function()
          t:same(got, { 'a' })
          readable:resume()
        end)
      end)
    end
  end)
  readable:on('end', expect(function()
    t:same(got, { 'a', 'b', 'c' })
    t:equal(paused, 1)
  end))
end)

test('a stream that was paused does not flow for a listener', function(t)
  local readable = source({ 'a' })
  readable:pause()
  local got = collect(readable)
  settle(t)
  t:same(got, {})
  readable:resume()
  settle(t)
  t:same(got, { 'a' })
end)

test('addListener and once let it flow too', function(t, expect)
  source({ 'a' }):addListener('data', expect())
  source({ 'b' }):once('data', expect(function(chunk) t:equal(chunk, 'b') end))
  source({ 'c' }):once('readable', expect())
end)

both('object mode: any value, one at a time', function(t, expect, options)
  options.objectMode = true
  local one = {}
  local readable = source({ one, false, 0, '', 'x' }, options)
  local got = collect(readable)
  readable:on('end', expect(function()
    t:equal(got[1], one)
    t:same(got, { one, false, 0, '', 'x' })
  end))
end)

test('object mode: read gives one value whatever the size', function(t)
  local readable = Readable:new({ objectMode = true, read = nothing, highWaterMark = 2 })
  t:equal(readable:push({ 1 }), true)
  t:equal(readable:push({ 2 }), false)
  t:same(readable:read(10), { 1 })
  readable:unshift('first')
  t:equal(readable:read(), 'first')
  t:same(readable:read(), { 2 })
  t:equal(readable:read(), nil)
end)

test('much data through a source that answers at once does not grow the stack', function(t, expect)
  local n = 0
  local readable = Readable:new({ read = function(self)
    n = n + 1
    self:push(n <= 20000 and 'x' or nil)
  end })
  local size = 0
  readable:on('data', function(chunk) size = size + #chunk end)
  readable:on('end', expect(function() t:equal(size, 20000) end))
end)

--------------------------------------------------------------------------------

test('write: order, callbacks, finish', function(t, expect)
  for _, slow in ipairs { false, true } do
    local writable, called = sink(slow), {}
    for i = 1, 3 do
      t:equal(writable:write('c' .. i, expect(function(err)
        t:equal(err, nil)
        called[#called + 1] = i
      end)), true)
    end
    writable:on('prefinish', expect())
    writable:on('finish', expect(function()
      t:same(writable.got, { 'c1', 'c2', 'c3', 'last' })
      t:same(called, { 1, 2, 3 })
    end))
    writable:_end('last', expect())
  end
end)

test('write gives false at the high-water mark, drain follows', function(t, expect)
  local writable = sink(true, { highWaterMark = 4 })
  t:equal(writable:write('abc'), true)
  t:equal(writable:write('d'), false)
  t:equal(writable:write('e'), false)
  writable:on('drain', expect(function()
    t:same(writable.got, { 'abc', 'd', 'e' })
    t:equal(writable:write('f'), true)
  end))
end)

test('drain also when the destination answers at once', function(t, expect)
  local writable = sink(false, { highWaterMark = 1 })
  t:equal(writable:write('abc'), false)
  writable:on('drain', expect())
end)

test('what can be written', function(t, expect)
  local writable = sink()
  writable:write(12.5)
  writable:write({ 'a', 'b', 3 })
  writable:write('')
  writable:write({})
  t:same(writable.got, { '12.5', 'ab3', '', '' })
  writable:on('error', expect(function(err) t:equal(err.code, 'EINVAL') end, 4))
  for _, value in ipairs { true, print, { x = 1 }, { {} } } do
    t:equal(writable:write(value, expect(function(err) t:equal(err.code, 'EINVAL') end)), false)
  end
end)

test('write after the end: error event and callback', function(t, expect)
  local writable = sink()
  writable:_end()
  writable:on('error', expect(function(err) t:equal(err.code, 'EPIPE') end))
  t:equal(writable:write('x', expect(function(err) t:match(err, 'after the end') end)), false)
  t:same(writable.got, {})
end)

test('_end: twice, only a callback, after finish', function(t, expect)
  local writable = sink()
  writable:on('finish', expect())
  writable:_end(expect())
  writable:_end()
  settle(t)
  writable:_end(expect())
end)

test('cork and uncork, nested; _writev gets what was held', function(t, expect)
  local batches = {}
  local writable = Writable:new({
    write = function(_, chunk, callback) batches[#batches + 1] = chunk callback() end,
    writev = function(_, chunks, callback)
      local all = {}
      for i, each in ipairs(chunks) do all[i] = each.chunk end
      batches[#batches + 1] = all
      callback()
    end,
  })
  writable:uncork()
  writable:cork()
  writable:cork()
  writable:write('a', expect())
  writable:write('b')
  writable:uncork()
  t:same(batches, {})
  writable:write('c', expect())
  writable:uncork()
  t:same(batches, { { 'a', 'b', 'c' } })
  writable:write('d')
  t:same(batches, { { 'a', 'b', 'c' }, 'd' })
  writable:cork()
  writable:cork()
  writable:write('e')
  writable:write('f')
  writable:_end('g', expect(function() t:same(batches[3], { 'e', 'f', 'g' }) end))
end)

test('without _writev a corked stream writes one after the other', function(t)
  local writable = sink()
  writable:cork()
  writable:write('a')
  writable:write('b')
  writable:uncork()
  t:same(writable.got, { 'a', 'b' })
end)

test('_writeMany gets the chunks that piled up', function(t, expect)
  local writable, got = Writable:new(), {}
  function writable:_write(chunk, callback) got[#got + 1] = chunk process.nextTick(callback) end
  function writable:_writeMany(chunks, callback)
    got[#got + 1] = chunks
    process.nextTick(callback)
  end
  for _, chunk in ipairs { 'a', 'b', 'c' } do writable:write(chunk, expect()) end
  writable:_end(expect(function() t:same(got, { 'a', { 'b', 'c' } }) end))
end)

test('_final runs before finish; its error is an error event', function(t, expect)
  local order = {}
  local writable = Writable:new({
    write = function(_, _, callback) process.nextTick(callback) end,
    final = function(_, callback)
      order[#order + 1] = 'final'
      process.nextTick(callback)
    end,
  })
  writable:on('finish', expect(function() t:same(order, { 'final' }) end))
  writable:_end('x')
  local bad = Writable:new({ final = function(_, callback) callback('no') end })
  bad:on('finish', expect(nothing, 0))
  bad:on('error', expect(function(err) t:equal(err, 'no') end))
  bad:_end()
end)

test('a failed write: its callback, those that waited, one error event; then it goes on', function(t, expect)
  for _, slow in ipairs { false, true } do
    local n = 0
    local writable = Writable:new({ write = function(_, _, callback)
      n = n + 1
      local err = n == 1 and core.Error:new('EIO: i/o error') or nil
      if slow then process.nextTick(callback, err) else callback(err) end
    end })
    writable:on('error', expect(function(err) t:equal(err.code, 'EIO') end))
    writable:cork()
    for _ = 1, 3 do
      writable:write('x', expect(function(err) t:equal(err.code, 'EIO') end))
    end
    writable:uncork()
    settle(t)
    t:equal(n, 1)
    writable:write('y', expect(function(err) t:equal(err, nil) end))
  end
end)

test('a callback that comes twice is an error event', function(t, expect)
  local writable = Writable:new({ write = function(_, _, callback) callback() callback() end })
  writable:on('error', expect(function(err) t:match(err, 'twice') end))
  writable:write('x')
  local transform = Transform:new({ transform = function(_, _, callback) callback() callback() end })
  transform:on('error', expect(function(err) t:match(err, 'twice') end))
  transform:write('x')
end)

test('object mode of a writable', function(t, expect)
  local writable = sink(true, { objectMode = true, highWaterMark = 2 })
  t:equal(writable:write({ 1 }), true)
  t:equal(writable:write(false), false)
  writable:on('error', expect(function(err) t:equal(err.code, 'EINVAL') end))
  t:equal(writable:write(nil), false)
  writable:_end({ 3 }, expect(function() t:same(writable.got, { { 1 }, false, { 3 } }) end))
end)

test('a writable cannot be piped', function(t, expect)
  local writable = sink()
  writable:on('error', expect(function(err) t:match(err, 'only written to') end))
  writable:pipe(sink())
end)

--------------------------------------------------------------------------------

both('pipe: everything, pipe and unpipe events, the end', function(t, expect, options)
  for _, slow in ipairs { false, true } do
    local readable, writable = source({ 'a', 'b', 'c' }, options), sink(slow, { highWaterMark = 1 })
    writable:on('pipe', expect(function(from) t:equal(from, readable) end))
    writable:on('unpipe', expect(function(from) t:equal(from, readable) end))
    writable:on('finish', expect(function() t:same(writable.got, { 'a', 'b', 'c' }) end))
    t:equal(readable:pipe(writable), writable)
  end
end)

test('pipe keeps the pace: no more is held than both marks', function(t, expect)
  local given, held = 0, 0
  local readable = Readable:new({ highWaterMark = 10, read = function(self)
    given = given + 5
    self:push(given <= 5000 and 'xxxxx' or nil)
  end })
  local taken = 0
  local writable = Writable:new({ highWaterMark = 10, write = function(_, chunk, callback)
    taken = taken + #chunk
    held = math.max(held, given - taken)
    process.nextTick(callback)
  end })
  readable:pipe(writable)
  writable:on('finish', expect(function()
    t:equal(taken, 5000)
    t:ok(held <= 40, held)
  end))
end)

test('pipe to two destinations goes at the pace of the slower', function(t, expect)
  local readable = source({ 'a', 'b', 'c', 'd' }, { highWaterMark = 1 })
  local fast, slow = sink(false, { highWaterMark = 1 }), sink(true, { highWaterMark = 1 })
  readable:pipe(fast)
  readable:pipe(slow)
  fast:on('finish', expect(function() t:same(fast.got, { 'a', 'b', 'c', 'd' }) end))
  slow:on('finish', expect(function() t:same(slow.got, { 'a', 'b', 'c', 'd' }) end))
end)

test('pipe with end = false, and after the end', function(t, expect)
  local readable, writable = source({ 'a' }), sink()
  writable:on('finish', expect(nothing, 0))
  writable:on('unpipe', expect())
  readable:pipe(writable, { ['end'] = false })
  settle(t)
  t:same(writable.got, { 'a' })
  local late = sink()
  late:on('finish', expect())
  readable:pipe(late)
end)

test('unpipe: one, all, and one that is waited for', function(t)
  local readable = Readable:new({ read = nothing })
  local a, b, stuck = sink(), sink(), Writable:new({ highWaterMark = 1, write = nothing })
  readable:pipe(a)
  readable:pipe(b)
  readable:pipe(stuck)
  settle(t)
  readable:push('1')
  settle(t)
  t:same(a.got, { '1' })
  t:equal(readable:isPaused(), true, 'waits for the one that is stuck')
  t:equal(readable:unpipe(stuck), readable)
  readable:push('2')
  settle(t)
  t:same(a.got, { '1', '2' })
  readable:unpipe(a)
  readable:push('3')
  settle(t)
  t:same(a.got, { '1', '2' })
  t:same(b.got, { '1', '2', '3' })
  readable:unpipe()
  t:equal(readable:isPaused(), true)
  readable:push('4')
  settle(t)
  t:same(b.got, { '1', '2', '3' })
  t:equal(readable:listenerCount('data'), 0)
  t:equal(readable:listenerCount('end'), 0)
  for _, name in ipairs { 'drain', 'error', 'close', 'finish' } do
    t:equal(a:listenerCount(name) + b:listenerCount(name) + stuck:listenerCount(name), 0, name)
  end
  readable:unpipe()
end)

test('an error or the close of the destination ends the pipe', function(t, expect)
  local readable, writable = Readable:new({ read = nothing }), sink()
  readable:pipe(writable)
  writable:on('error', expect())
  writable:on('unpipe', expect())
  writable:emit('error', 'broken')
  t:equal(readable:listenerCount('data'), 0)
  local closing = sink()
  readable:pipe(closing)
  closing:on('unpipe', expect())
  closing:emit('close')
  local alone = sink()
  readable:pipe(alone)
  t:raises(function() alone:emit('error', 'nobody listens') end, 'nobody listens')
end)

test('Stream.pipe for sources of the old kind', function(t, expect)
  local old = stream.Stream:new()
  local paused, resumed = 0, 0
  function old:pause() paused = paused + 1 end
  function old:resume() resumed = resumed + 1 end
  local writable = sink(true, { highWaterMark = 2 })
  t:equal(old:pipe(writable), writable)
  old:emit('data', 'abc')
  t:equal(paused, 1)
  settle(t)
  t:equal(resumed, 1)
  writable:on('finish', expect(function() t:same(writable.got, { 'abc' }) end))
  old:emit('end')
  t:equal(old:listenerCount('data'), 0)
end)

test('wrap', function(t, expect)
  local old = core.Emitter:new()
  local paused = 0
  function old:pause() paused = paused + 1 end
  function old:resume() self:emit('data', 'more') self:emit('end') end
  local readable = Readable:new({ highWaterMark = 4 })
  t:equal(readable:wrap(old), readable)
  old:emit('data', 'abcd')
  t:equal(paused, 1)
  readable:on('error', expect())
  readable:on('close', expect())
  t:equal(readable:readAll(), 'abcdmore')
  old:emit('close')
  old:emit('error', 'x')
end)

--------------------------------------------------------------------------------

test('Duplex: two sides', function(t, expect)
  local duplex = Duplex:new({ read = nothing, write = function(self, chunk, callback)
    self:push(chunk:upper())
    callback()
  end })
  t:ok(core.instanceof(duplex, Readable))
  local got = collect(duplex)
  duplex:write('a')
  duplex:_end('b', expect())
  duplex:push(nil)
  duplex:on('end', expect(function() t:same(got, { 'A', 'B' }) end))
end)

test('Duplex: allowHalfOpen', function(t, expect)
  local options = { read = nothing, write = function(_, _, callback) callback() end }
  local open = Duplex:new(options)
  t:equal(open.allowHalfOpen, true)
  open:on('finish', expect(nothing, 0))
  open:resume()
  open:push(nil)
  options.allowHalfOpen = false
  local closed = Duplex:new(options)
  t:equal(closed.allowHalfOpen, false)
  closed:on('finish', expect())
  closed:resume()
  closed:push(nil)
end)

test('Transform: output by callback and by push, flush at the end', function(t, expect)
  for _, later in ipairs { false, true } do
    local function call(fn, ...) if later then process.nextTick(fn, ...) else fn(...) end end
    local transform = Transform:new({
      transform = function(self, chunk, callback)
        self:push(chunk)
        call(callback, nil, chunk:upper())
      end,
      flush = function(self, callback)
        self:push('.')
        call(callback, nil, '!')
      end,
    })
    local got, order = collect(transform), {}
    transform:on('finish', expect(function() order[#order + 1] = 'finish' end))
    transform:on('end', expect(function() t:equal(table.concat(got), 'aAbBcC.!') end))
    transform:write('a')
    transform:write('b', expect())
    transform:_end('c')
    settle(t)
    t:same(order, { 'finish' })
  end
end)

test('Transform: errors of transform and flush', function(t, expect)
  local transform = Transform:new({
    transform = function(_, _, callback) callback('bad input') end,
    flush = function(_, callback) callback('bad end') end,
  })
  local errors = {}
  transform:on('error', expect(function(err) errors[#errors + 1] = err end, 2))
  transform:write('x', expect(function(err) t:equal(err, 'bad input') end))
  settle(t)
  transform:_end()
  t:same(errors, { 'bad input', 'bad end' })
end)

test('Transform: back-pressure from the output to the input', function(t)
  local transform = PassThrough:new({ highWaterMark = 4 })
  local accepted = 0
  while transform:write('xx') and accepted < 100 do accepted = accepted + 1 end
  settle(t)
  t:ok(accepted < 10, accepted)
  local size = 0
  transform:on('data', function(chunk) size = size + #chunk end)
  transform:on('drain', t:expect())
  settle(t)
  t:equal(size, 2 * (accepted + 1))
end)

test('Transform: no input at all still ends', function(_, expect)
  local transform = PassThrough:new()
  transform:on('end', expect())
  transform:on('finish', expect())
  transform:resume()
  transform:_end()
end)

test('PassThrough in object mode, in a chain of pipes', function(t, expect)
  local readable = source({ { n = 1 }, { n = 2 }, { n = 3 } }, { objectMode = true, later = true })
  local double = Transform:new({ objectMode = true, transform = function(_, value, callback)
    callback(nil, { n = value.n * 2 })
  end })
  local writable = sink(true, { objectMode = true, highWaterMark = 1 })
  readable:pipe(PassThrough:new({ objectMode = true, highWaterMark = 1 })):pipe(double):pipe(writable)
  writable:on('finish', expect(function()
    t:same(writable.got, { { n = 2 }, { n = 4 }, { n = 6 } })
  end))
end)

test('Observable: observers see what passes from then on', function(t, expect)
  local observable = Observable:new()
  local first = collect(observable:observe())
  local passed = collect(observable)
  observable:write('a')
  settle(t)
  local observer = observable:observe()
  local second = collect(observer)
  observer:on('end', expect(function()
    t:same(second, { 'b' })
    t:same(first, { 'a', 'b' })
    t:same(passed, { 'a', 'b' })
  end))
  observable:_end('b')
end)

--------------------------------------------------------------------------------

both('chunks: a loop over all', function(t, _, options)
  local got = {}
  for chunk in source({ 'a', 'b', 'c' }, options):chunks() do got[#got + 1] = chunk end
  t:equal(table.concat(got), 'abc')
  options.objectMode = true
  got = {}
  for value in source({ 1, 2, 3 }, options):chunks() do got[#got + 1] = value end
  t:same(got, { 1, 2, 3 })
end)

both('readAll, its limit, object mode', function(t, _, options)
  t:equal(source({ 'ab', 'cd' }, options):readAll(), 'abcd')
  t:equal(source({ 'ab', 'cd' }, options):readAll(4), 'abcd')
  local all, err = source({ 'ab', 'cd', 'e' }, options):readAll(4)
  t:equal(all, nil)
  t:equal(err.code, 'EMSGSIZE')
  t:equal(source({}, options):readAll(), '')
  options.objectMode = true
  t:same(source({ 1, 2 }, options):readAll(), { 1, 2 })
end)

both('readLine: across chunks, both endings, the rest', function(t, expect, options)
  local readable = source({ 'one\ntw', 'o\r', '\n', '\n', 'th', 'ree' }, options)
  readable:on('end', expect())
  t:equal(readable:readLine(), 'one')
  t:equal(readable:readLine(), 'two')
  t:equal(readable:readLine(), '')
  t:equal(readable:readLine(), 'three')
  t:equal(readable:readLine(), nil)
  t:equal(readable:readLine(), nil)
end)

both('readLine: the limit at its edge', function(t, _, options)
  t:equal(source({ '1234\n' }, options):readLine(4), '1234')
  t:equal(source({ '1234\r\n' }, options):readLine(4), '1234')
  t:equal(source({ '12', '34' }, options):readLine(4), '1234')
  for _, text in ipairs { '12345\n', '12345', '123456', '12345\r\n' } do
    local line, err = source({ text }, options):readLine(4)
    t:equal(line, nil)
    t:equal(err.code, 'EMSGSIZE')
  end
  local endless = Readable:new({ read = function(self) self:push(('x'):rep(65536)) end })
  local line, err = endless:readLine()
  t:equal(line, nil)
  t:match(err, '1048576 bytes')
end)

both('readExactly, also more than the high-water mark', function(t, _, options)
  options.highWaterMark = 2
  local readable = source({ 'abc', 'de', 'fghij' }, options)
  t:equal(readable:readExactly(0), '')
  t:equal(readable:readExactly(4), 'abcd')
  t:equal(readable:readExactly(5), 'efghi')
  local bytes, err = readable:readExactly(3)
  t:equal(bytes, nil)
  t:equal(err.code, 'EOF')
  t:match(err, '2 bytes too early')
  t:equal(readable:readAll(), 'j')
end)

test('mixing the ways of reading keeps the bytes in order', function(t)
  local readable = source({ 'GET /\r\nbody', ' of it', 'rest' }, { later = true })
  t:equal(readable:readLine(), 'GET /')
  t:equal(readable:readExactly(6), 'body o')
  readable:unshift('<')
  t:equal(readable:readExactly(3), '<f ')
  t:equal(readable:readAll(), 'itrest')
end)

test('many lines in one chunk are cheap', function(t)
  local readable = source({ ('line\n'):rep(100000) })
  local n = 0
  while readable:readLine() do n = n + 1 end
  t:equal(n, 100000)
end)

test('an error of the stream: as value, after the data', function(t)
  local readable = Readable:new({ read = nothing })
  t:equal(readable:readExactly(0), '')
  process.nextTick(function()
    readable:push('left')
    readable:emit('error', core.Error:new('ECONNRESET: reset'))
  end)
  t:equal(readable:readExactly(4), 'left')
  local bytes, err = readable:readExactly(1)
  t:equal(bytes, nil)
  t:equal(err.code, 'ECONNRESET')
  bytes, err = readable:readAll()
  t:equal(bytes, nil)
  t:equal(err.code, 'ECONNRESET')
  t:equal(select(2, readable:readLine()).code, 'ECONNRESET')
  t:equal(t:raises(function() for _ in readable:chunks() do end end), err)
end)

test('a close before the end is an error, after it is not', function(t)
  local readable = Readable:new({ read = nothing })
  process.nextTick(function() readable:emit('close') end)
  local all, err = readable:readAll()
  t:equal(all, nil)
  t:equal(err.code, 'ECONNABORTED')
  readable = Readable:new({ read = nothing })
  process.nextTick(function()
    readable:push('x')
    readable:push(nil)
    readable:emit('close')
  end)
  t:equal(readable:readAll(), 'x')
end)

test('misuse: outside of a coroutine, two readers, flowing, object mode', function(t)
  local readable = Readable:new({ read = nothing })
  local raised
  process.nextTick(function() raised = select(2, pcall(readable.readLine, readable)) end)
  settle(t)
  t:match(raised, 'call it in a coroutine')
  local other = coroutine.create(function() return readable:readAll() end)
  t:ok(coroutine.resume(other))
  t:raises(function() readable:readLine() end, 'another coroutine is waiting')
  readable:push(nil)
  local flowing = source({ 'a' }):resume()
  t:raises(function() flowing:readAll() end, 'flows already')
  t:raises(function() source({ 1 }, { objectMode = true }):readLine() end, 'object mode')
end)

test('writeAll waits for room', function(t, expect)
  local writable = sink(true, { highWaterMark = 4 })
  writable:on('drain', expect())
  t:equal(writable:writeAll('abc'), true)
  t:equal(#writable.got, 1)
  t:equal(writable:writeAll('defgh'), true)
  t:same(writable.got, { 'abc', 'defgh' })
  local ok, err = writable:writeAll(true)
  t:equal(ok, nil)
  t:equal(err.code, 'EINVAL')
  writable:_end()
  ok, err = writable:writeAll('x')
  t:equal(ok, nil)
  t:equal(err.code, 'EPIPE')
end)

test('writeAll: errors as values, later ones too', function(t)
  local fails = false
  local writable = Writable:new({ highWaterMark = 1, write = function(_, _, callback)
    process.nextTick(callback, fails and core.Error:new('EPIPE: broken') or nil)
  end })
  t:equal(writable:writeAll('a'), true)
  fails = true
  local ok, err = writable:writeAll('b')
  t:equal(ok, nil)
  t:equal(err.code, 'EPIPE')
  fails = false
  t:equal(writable:writeAll('c'), true)
  writable:emit('error', core.Error:new('ELATE: meanwhile'))
  ok, err = writable:writeAll('d')
  t:equal(err.code, 'ELATE')
  process.nextTick(function() writable:emit('close') end)
  local stuck = Writable:new({ highWaterMark = 1, write = nothing })
  process.nextTick(function() stuck:emit('close') end)
  ok, err = stuck:writeAll('x')
  t:equal(ok, nil)
  t:equal(err.code, 'ECONNABORTED')
end)

test('writeAll and _end at once: the writer hears', function(t)
  local writable = sink(true, { highWaterMark = 1 })
  process.nextTick(function() end)
  local thread = coroutine.wrap(function() writable.told = writable:writeAll('abc') end)
  thread()
  writable:_end()
  settle(t)
  t:equal(writable.told, true)
end)

test('one coroutine reads while another writes', function(t)
  local pass = PassThrough:new({ highWaterMark = 3 })
  coroutine.wrap(function()
    for i = 1, 50 do assert(pass:writeAll(('line %d\n'):format(i))) end
    pass:_end()
  end)()
  local n = 0
  while true do
    local line = pass:readLine()
    if not line then break end
    n = n + 1
    t:equal(line, 'line ' .. n)
  end
  t:equal(n, 50)
end)
