local test = require('./harness')
local codec = require('codec')
local core = require('core')
local stream = require('stream')
local timer = require('timer')
local uv = require('uv')

test('wrapEmitter: read, write, end', function(t)
  local read, write = codec.wrapEmitter(stream.PassThrough:new())
  t:equal(write('a'), true)
  t:equal(write('b'), true)
  t:equal(read(), 'a')
  t:equal(read(), 'b')
  t:equal(write(nil), true)
  t:equal(read(), nil)
  t:equal(read(), nil)
end)

test('wrapEmitter: write waits for drain, reading is paused', function(t)
  local order = {}
  local emitter = core.Emitter:new()
  function emitter:write(chunk) order[#order + 1] = chunk return false end
  function emitter:pause() order[#order + 1] = 'pause' end
  function emitter:resume() order[#order + 1] = 'resume' end
  local read, write = codec.wrapEmitter(emitter)
  timer.setImmediate(function() order[#order + 1] = 'drain' emitter:emit('drain') end)
  t:equal(write('x'), true)
  emitter:emit('data', 1)
  emitter:emit('data', 2)
  t:equal(read(), 1)
  t:equal(read(), 2)
  timer.setImmediate(function() emitter:emit('data', 3) end)
  t:equal(read(), 3)
  t:same(order, { 'x', 'drain', 'pause', 'pause', 'resume' })
end)

test('wrapEmitter: errors as values', function(t)
  local emitter = core.Emitter:new()
  function emitter:write() return false end
  local read, write = codec.wrapEmitter(emitter)
  timer.setImmediate(function() emitter:emit('error', 'broken') end)
  t:same({ n = 2, write('x') }, { n = 2, nil, 'broken' })
  t:same({ n = 2, read() }, { n = 2, nil, 'broken' })
  t:same({ n = 2, write('x') }, { n = 2, nil, 'broken' })
end)

local function pair(t)
  local server, client, accepted = uv.new_tcp(), uv.new_tcp(), nil
  server:bind('127.0.0.1', 0)
  t:await(function(done)
    local left = 2
    local function step() left = left - 1 if left == 0 then done() end end
    server:listen(1, function()
      accepted = uv.new_tcp()
      server:accept(accepted)
      server:close()
      step()
    end)
    client:connect('127.0.0.1', server:getsockname().port, step)
  end)
  return client, accepted
end

test('wrapStream: both ways, shutdown, close', function(t)
  local a, b = pair(t)
  local readA, writeA, closeA = codec.wrapStream(a)
  local readB, writeB, closeB = codec.wrapStream(b)
  t:equal(writeA('hello'), true)
  t:equal(readB(), 'hello')
  t:equal(writeB({ 'wor', 'ld' }), true)
  t:equal(readA(), 'world')
  t:equal(writeA(nil), true)
  t:equal(readB(), nil)
  closeA()
  closeA()
  closeB()
  t:equal(readA(), nil)
end)

test('wrapStream: a reader that is slow does not lose order; errors', function(t)
  local a, b = pair(t)
  local readA, _, closeA = codec.wrapStream(a)
  local _, writeB, closeB = codec.wrapStream(b)
  coroutine.wrap(function()
    for i = 1, 20 do writeB(('%02d'):format(i)) end
    writeB(nil)
    closeB()
    local ok, err = pcall(writeB, 'late')
    t:ok(not ok or err == nil)
  end)()
  local all = {}
  for chunk in readA do
    all[#all + 1] = chunk
    timer.sleep(1)
  end
  t:equal(#table.concat(all), 40)
  t:match(table.concat(all), '^010203.*1920$')
  closeA()
end)

test('outside of a coroutine', function(t, expect)
  local read, write = codec.wrapEmitter(stream.PassThrough:new())
  timer.setImmediate(expect(function()
    t:raises(read, 'read must be called in a coroutine')
    t:raises(function() write('x') end, 'write must be called in a coroutine')
  end))
end)

test('chain: lines from chunks, answers, chunks again; it waits for all', function(t)
  local input = { 'one\ntw', 'o\nthr', 'ee\n' }
  local output = {}
  local function read() timer.sleep(1) return table.remove(input, 1) end
  local function write(value) timer.sleep(1) output[#output + 1] = value end
  local function decodeLines(r, w)
    local rest = ''
    for chunk in r do
      rest = rest .. chunk
      while true do
        local line, after = rest:match('^([^\n]*)\n(.*)$')
        if not line then break end
        w(line)
        rest = after
      end
    end
  end
  local function app(r, w)
    for line in r do w(line:upper()) end
  end
  local function encode(r, w)
    for line in r do w(line .. ';') end
  end
  codec.chain(decodeLines, app, encode)(read, write)
  t:same(output, { 'ONE;', 'TWO;', 'THREE;' })
end)

test('chain: one member, and one that ends early', function(t)
  local got = {}
  codec.chain(function(r, w) w(r()) end)(function() return 'x' end, function(v) got[#got + 1] = v end)
  t:same(got, { 'x' })
  local refused
  codec.chain(function(_, w)
    w(1)
    w(2)
    refused = select(2, w(3))
  end, function(r) got[#got + 1] = r() end)(nil, nil)
  t:same(got, { 'x', 1 })
  t:equal(refused.code, 'EPIPE')
end)

test('chain: an error in a member is raised', function(t)
  t:raises(function()
    codec.chain(function() error('in a member') end)(nil, nil)
  end, 'in a member')
end)
