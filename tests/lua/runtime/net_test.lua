local test = require('./harness')
local uv = require('uv')
local core = require('core')
local net = require('net')
local race = require('net/race')

-- A server on loopback, destroyed when the test is over; also its port.
local function serve(t, options, listener)
  local server = net.createServer(options, listener)
  server:listen(0, '127.0.0.1')
  t:defer(function() server:destroy() end)
  return server, server:address().port
end

local function connect(t, ...)
  local socket = net.connect(...)
  t:defer(function() socket:destroy() end)
  return socket
end

-- Notes the names of events as they come.
local function record(emitter, log, ...)
  for _, name in ipairs { ... } do
    emitter:on(name, function(value)
      log[#log + 1] = name == 'data' and 'data ' .. value or name
    end)
  end
end

-- Waits for `close`, whatever happens before; gives its argument.
local function closed(t, socket)
  return t:await(function(done) socket:on('close', done) end)
end

local function freePort()
  local probe = uv.new_tcp()
  probe:bind('127.0.0.1', 0)
  local port = probe:getsockname().port
  probe:close()
  return port
end

local function path(name)
  return ('/tmp/virgo-net-%d-%s.sock'):format(uv.os_getpid(), name)
end

test('echo with callbacks: events, in order, once', function(t, expect)
  local log, served = {}, {}
  local server, port = serve(t, function(socket)
    record(socket, served, 'data', 'end', '_socketEnd', 'finish', 'error', 'close')
    socket:on('data', function(chunk) socket:write(chunk) end)
  end)
  local client = net.createConnection(port, '127.0.0.1', expect())
  record(client, log, 'connect', 'data', 'end', 'finish', 'error', 'close')
  client:once('data', function() client:_end() end)
  client:write('hello')
  t:equal(client:wait('close'), false)
  t:same(log, { 'connect', 'data hello', 'finish', 'end', 'close' })
  while #served < 5 do t:sleep(1) end
  t:same(served, { 'data hello', '_socketEnd', 'end', 'finish', 'close' })
  server:close(expect(function(err) t:equal(err, nil) end))
end)

test('echo in straight lines: the listener may wait', function(t)
  local over = false
  local server, port = serve(t, function(socket)
    for chunk in socket:chunks() do
      t:ok(socket:writeAll(chunk:upper()))
    end
    over = true
  end)
  local client = connect(t, port)
  t:ok(client:writeAll('one '))
  t:equal(client:readExactly(4), 'ONE ')
  t:ok(client:writeAll('two\n'))
  t:equal(client:readLine(), 'TWO')
  client:_end()
  t:equal(client:readAll(), '')
  t:equal(over, true)
  server:close()
  server:wait('close')
end)

test('many clients at once, each in its own coroutine', function(t)
  local _, port = serve(t, function(socket)
    local line = socket:readLine()
    socket:writeAll(line:reverse())
    socket:_end()
  end)
  local left, thread = 50, coroutine.running()
  for i = 1, 50 do
    require('task').run(function()
      local client = connect(t, port)
      client:write('client ' .. i .. '\n')
      t:equal(client:readAll(), ('client ' .. i):reverse())
      left = left - 1
      if left == 0 then core.assertResume(thread) end
    end)
  end
  if left > 0 then coroutine.yield() end
end)

test('a listener that ends without reading everything leaves nothing open', function(t)
  local server, port = serve(t, function(socket)
    t:equal(socket:readLine(), 'one')
    socket:_end('enough')
  end)
  local client = connect(t, port)
  client:write('one\ntwo\n')
  t:equal(client:readAll(), 'enough')
  client:_end('three')
  client:wait('close')
  server:close()
  server:wait('close')
end)

test('a listener that returns while another coroutine reads takes nothing away', function(t)
  local all
  local server, port = serve(t, { allowHalfOpen = true }, function(socket)
    require('task').run(function() all = socket:readAll() end)
    socket:_end('go on')
  end)
  local client = connect(t, { port = port, allowHalfOpen = true })
  t:equal(client:readAll(), 'go on')
  client:_end('the rest')
  client:wait('close')
  server:close()
  server:wait('close')
  t:equal(all, 'the rest')
end)

test('a server and a client as programs for Luvit have them', function(t, expect)
  local server
  server = net.createServer(function(client)
    client:on('data', function(chunk)
      client:write('echo: ' .. chunk, function(err)
        t:equal(err, nil)
      end)
    end)
    client:on('end', function()
      client:destroy()
    end)
  end)
  server:on('error', function(err)
    if err then error(err) end
  end)
  server:listen(0, '127.0.0.1', expect())
  local port = server:address().port
  local socket
  socket = net.Socket:new()
  socket:connect(port, '127.0.0.1', expect(function()
    socket:on('data', expect(function(data)
      t:equal(data, 'echo: hello')
      socket:shutdown()
    end))
    socket:on('end', expect(function() socket:destroy() end))
    socket:on('close', expect(function() server:close() end))
    socket:write('hello')
  end))
end)

test('an error of the listener reaches the emitter, with its traceback', function(t)
  local server = net.createServer(function() error('in the listener') end)
  local err = t:raises(function() server:emit('connection', net.Socket:new()) end, 'in the listener')
  t:match(err, 'net_test.lua')
end)

test('allowHalfOpen: an answer after the end', function(t)
  local _, port = serve(t, { allowHalfOpen = true }, function(socket)
    local request = socket:readAll()
    t:sleep(2)
    socket:writeAll('you said ' .. request)
    socket:_end()
  end)
  local client = connect(t, { port = port, allowHalfOpen = true })
  client:write('all of it')
  client:shutdown()
  t:equal(client:readAll(), 'you said all of it')
  client:wait('close')
end)

test('without allowHalfOpen the other side is ended too, after what was written', function(t)
  local _, port = serve(t, function(socket)
    socket:on('end', function() socket:write('last words') end)
    socket:resume()
  end)
  local client = connect(t, port)
  client:_end('first words')
  t:equal(client:readAll(), 'last words')
end)

test('a connection whose data nobody reads ends nevertheless', function(t, expect)
  local server, port = serve(t, function(socket) socket:on('close', expect()) end)
  local client = connect(t, port)
  client:_end()
  client:wait('close')
  server:close()
  server:wait('close')
end)

test('connect: forms of the arguments', function(t, expect)
  local _, port = serve(t, function(socket) socket:_end() end)
  t:equal(net.connect, net.createConnection)
  connect(t, port, '127.0.0.1', expect())
  connect(t, port, expect())
  connect(t, tostring(port), 'localhost', expect())
  connect(t, { port = port, host = '127.0.0.1' }, expect())
  connect(t, { port = port }, expect()):on('connect', expect())
  local socket = net.Socket:new()
  t:defer(function() socket:destroy() end)
  t:equal(socket:connect(port, '127.0.0.1', expect()), socket)
  t:raises(function() socket:connect(port) end, 'connected already')
  for _, bad in ipairs { -1, 65536, 1.5 } do
    t:raises(function() net.connect(bad) end, 'a port is')
  end
  t:raises(function() net.connect({ host = 'x' }) end, 'a port is')
end)

test('connect: refused', function(t)
  local port, log = freePort(), {}
  local socket = net.connect(port, '127.0.0.1', function() log[#log + 1] = 'callback' end)
  record(socket, log, 'connect', 'end', 'finish', 'close')
  local failure
  socket:on('error', function(err)
    log[#log + 1] = 'error'
    failure = err
  end)
  socket:write('held')
  t:equal(closed(t, socket), true)
  t:same(log, { 'error', 'close' })
  t:equal(tostring(failure), 'connect ECONNREFUSED 127.0.0.1:' .. port .. ': connection refused')
  t:equal(failure.code, 'ECONNREFUSED')
  t:equal(failure.syscall, 'connect')
  t:equal(failure.port, port)
  t:equal(socket.destroyed, true)
end)

test('connect: straight-line errors', function(t)
  local socket = net.connect(freePort())
  local ok, err = socket:wait('connect')
  t:equal(ok, nil)
  t:equal(err.code, 'ECONNREFUSED')
end)

test('connect: a name that is none', function(t)
  local socket = net.connect(80, 'no such host')
  local _, err = socket:wait('connect')
  t:match(err, '^connect EAI_%w+ no such host:80: .')
  socket:wait('close')
end)

test('connect: destroyed before it is there', function(t, expect)
  local _, port = serve(t)
  for _, host in ipairs { '127.0.0.1', 'localhost' } do
    local socket = net.connect(port, host, expect(0))
    socket:on('error', expect(0))
    socket:on('close', expect(function(hadError) t:equal(hadError, false) end))
    socket:write('x', expect(function(err) t:equal(err.code, 'ECANCELED') end))
    t:equal(socket:destroy(), socket)
    socket:destroy()
  end
end)

test('connect: what was written and ended before is sent', function(t)
  local _, port = serve(t, { allowHalfOpen = true }, function(socket)
    socket:_end('got ' .. socket:readAll())
  end)
  local client = connect(t, { port = port, host = 'localhost', allowHalfOpen = true })
  client:write('a')
  client:write('b')
  client:_end('c')
  t:equal(client:readAll(), 'got abc')
end)

test('race: families in turn', function(t)
  local list = {}
  for word in ('a6 b6 c6 d4 e4'):gmatch('%S+') do
    list[#list + 1] = { addr = word, family = word:sub(2) == '6' and 'inet6' or 'inet' }
  end
  local out = {}
  for i, entry in ipairs(race.interleave(list)) do out[i] = entry.addr end
  t:equal(table.concat(out, ' '), 'a6 d4 b6 e4 c6')
end)

test('race: the next address when one refuses, or does not answer', function(t)
  local _, port = serve(t, function(socket) socket:_end() end)
  for _, other in ipairs { '127.0.0.2', '192.0.2.1' } do -- refuses; leads nowhere
    local err, handle = t:await(function(done)
      race.begin('name', port, { { addr = other, family = 'inet' }, { addr = '127.0.0.1', family = 'inet' } }, {}, done)
    end)
    t:equal(err, nil)
    t:equal(handle:getpeername().ip, '127.0.0.1')
    handle:close()
  end
end)

test('race: the error tells every attempt', function(t)
  local port = freePort()
  local list = { { addr = '127.0.0.1', family = 'inet' }, { addr = '127.0.0.2', family = 'inet' } }
  local err = t:await(function(done) race.begin('name', port, list, {}, done) end)
  t:equal(err.code, 'ECONNREFUSED')
  t:equal(tostring(err), ('connect ECONNREFUSED name:%d: connection refused '
    .. '(tried 127.0.0.1 ECONNREFUSED, 127.0.0.2 ECONNREFUSED)'):format(port))
  t:equal(#err.errors, 2)
  t:equal(err.errors[2].address, '127.0.0.2')
end)

test('race: cancel', function(t, expect)
  local _, port = serve(t)
  local list = { { addr = '192.0.2.1', family = 'inet' }, { addr = '127.0.0.1', family = 'inet' } }
  local running = race.begin('name', port, list, {}, expect(0))
  running:cancel()
  running:cancel()
end)

test('localAddress, bind', function(t)
  local _, port = serve(t, function(socket)
    socket:_end(socket:address().ip)
  end)
  t:equal(connect(t, { port = port, localAddress = '127.0.0.3' }):readAll(), '127.0.0.3')
  local socket = net.Socket:new()
  t:defer(function() socket:destroy() end)
  socket:bind('127.0.0.4')
  socket:connect(port)
  t:equal(socket:readAll(), '127.0.0.4')
  t:raises(function() net.Socket:new():bind('a name') end, 'needs an address')
  local stranger = net.connect { port = port, localAddress = '192.0.2.1' }
  local _, err = stranger:wait('connect')
  t:equal(err.code, 'EADDRNOTAVAIL')
end)

test('Socket:listen', function(t, expect)
  local listening = net.Socket:new()
  t:defer(function() listening:destroy() end)
  listening:bind('127.0.0.1', 0)
  listening:listen()
  listening:on('connection', expect(function(socket) socket:_end('hi') end))
  t:equal(connect(t, listening:getsockname().port):readAll(), 'hi')
end)

test('listen: a used port is an error event, and no callback', function(t, expect)
  local _, port = serve(t)
  local second = net.createServer()
  second:on('listening', expect(0))
  second:on('error', expect(function(err)
    t:equal(tostring(err), 'listen EADDRINUSE 127.0.0.1:' .. port .. ': address already in use')
    t:equal(err.code, 'EADDRINUSE')
    t:equal(second.listening, false)
    t:equal(second:address(), nil)
    -- and it can be tried again
    second:listen(0, '127.0.0.1', expect(function() second:close(expect()) end))
    second:removeAllListeners('listening')
  end))
  t:equal(second:listen(port, '127.0.0.1', expect(0)), second)
end)

test('listen: forms of the arguments', function(t, expect)
  local function try(...)
    local server = net.createServer()
    t:defer(function() server:close() end)
    return server:listen(...)
  end
  local server = try(0, '127.0.0.1', expect())
  server:on('listening', expect())
  t:equal(server:address().ip, '127.0.0.1')
  t:equal(server:address().address, '127.0.0.1')
  t:equal(server:address().family, 'inet')
  t:equal(try(0, expect()):address().ip, '0.0.0.0')
  t:equal(try(expect()):address().ip, '0.0.0.0')
  try(0, '127.0.0.1', 5, expect())
  try(0, 5, expect())
  try({ port = 0, host = '127.0.0.1', backlog = 5 }, expect())
  try(0, 'localhost', expect())
  try('0', '127.0.0.1', expect())
  for _, bad in ipairs { -1, 65536, 0.5 } do
    t:raises(function() net.createServer():listen(bad) end, 'a port is')
  end
end)

test('listen: failures of every kind are events', function(t)
  local function failure(...)
    local server = net.createServer()
    server:listen(...)
    local err = t:await(function(done) server:on('error', done) end)
    t:equal(err.syscall, 'listen')
    return err.code
  end
  t:equal(failure(0, '192.0.2.1'), 'EADDRNOTAVAIL')
  t:equal(failure(0, 'no such host'):sub(1, 4), 'EAI_')
  t:equal(failure('/tmp/no/such/folder/socket'), 'ENOENT')
  t:equal(failure('/tmp/' .. ('x'):rep(200)), 'ENAMETOOLONG')
  local server = serve(t)
  server:listen(0)
  local err = t:await(function(done) server:on('error', done) end)
  t:equal(err.code, 'EALREADY')
end)

test('close: waits for the connections, refuses new ones', function(t)
  local peer
  local server, port = serve(t, function(socket) peer = socket end)
  local client = connect(t, port)
  client:wait('connect')
  if not peer then server:wait('connection') end
  t:equal(server:getConnections(), 1)
  local closed = false
  server:close(function(err)
    t:equal(err, nil)
    closed = true
  end)
  t:sleep(5)
  t:equal(closed, false)
  local _, err = net.connect(port):wait('connect')
  t:equal(err.code, 'ECONNREFUSED')
  client:write('still here')
  t:equal(peer:wait('data'), 'still here')
  client:_end()
  server:wait('close')
  t:equal(closed, true)
  t:equal(server:getConnections(), 0)
  local again = t:await(function(done) server:close(done) end)
  t:equal(again.code, 'ENOTCONN')
end)

test('close of a server comes after that of its last connection', function(t)
  local log = {}
  local server, port = serve(t, function(socket) record(socket, log, 'close') end)
  server:on('close', function() log[#log + 1] = 'server' end)
  local client = connect(t, port)
  client:_end()
  client:wait('close')
  server:close()
  server:wait('close')
  t:same(log, { 'close', 'server' })
end)

test('close while a name is looked up', function(t, expect)
  local server = net.createServer()
  server:listen(0, 'localhost', expect(0))
  server:on('close', expect())
  server:close(expect())
end)

test('Server:destroy closes the connections', function(t, expect)
  local server, port = serve(t, function() end)
  local client = connect(t, port)
  client:on('error', function() end) -- a reset is as good as an end
  client:wait('connect')
  if server:getConnections() == 0 then server:wait('connection') end
  server:destroy(nil, expect())
  client:wait('close')
  t:equal(server:getConnections(), 0)
end)

test('maxConnections: more are dropped', function(t, expect)
  local server, port = serve(t, { maxConnections = 1 }, function(socket) socket:write('in') end)
  server:on('drop', expect(function(peer) t:equal(peer.address, '127.0.0.1') end))
  local first = connect(t, port)
  t:equal(first:readExactly(2), 'in')
  local second = connect(t, port)
  t:equal(second:readAll() or '', '')
  server.maxConnections = 2
  t:equal(connect(t, port):readExactly(2), 'in')
  t:await(function(done) server:getConnections(done) end)
  t:equal(server:getConnections(), 2)
end)

test('back-pressure: write gives false, drain follows, nothing is lost', function(t)
  local peer
  local server, port = serve(t, { pauseOnConnect = true }, function(socket) peer = socket end)
  local client = connect(t, port)
  client:wait('connect')
  if not peer then server:wait('connection') end
  local chunk, sent = ('x'):rep(64 * 1024), 0
  repeat
    sent = sent + #chunk
    client:write(chunk)
  until client._writableState.writing or sent > 1e8
  t:ok(sent < 1e8)
  t:equal(client:write(chunk), false)
  sent = sent + #chunk
  local drained, received = false, 0
  client:on('drain', function() drained = true end)
  t:sleep(5)
  t:equal(drained, false)
  peer:on('data', function(data) received = received + #data end)
  client:wait('drain')
  client:_end()
  if not peer.destroyed then peer:wait('close') end
  t:equal(received, sent)
end)

test('back-pressure: reading stops at the high-water mark', function(t)
  local peer
  local server, port = serve(t, { highWaterMark = 1000 }, function(socket) peer = socket end)
  local client = connect(t, port)
  client:write(('y'):rep(3e6))
  if not peer then server:wait('connection') end
  while peer._handle:is_active() do t:sleep(1) end
  t:ok(peer:state().length >= 1000)
  t:ok(peer:state().length < 200000)
  local size = 0
  client:_end()
  for chunk in peer:chunks() do size = size + #chunk end
  t:equal(size, 3e6)
end)

test('straight-line reading of more than the high-water mark at once', function(t)
  local long = ('x'):rep(300000)
  local _, port = serve(t, function(socket)
    for _ = 1, 3 do
      socket:writeAll(long .. '\n')
    end
    socket:writeAll(long .. long)
  end)
  local socket = connect(t, port, '127.0.0.1')
  t:equal(socket:readLine(), long)
  t:equal(#t:ok(socket:readExactly(#long + 1)), #long + 1)
  local line, err = socket:readLine(1000)
  t:equal(line, nil)
  t:equal(err.code, 'EMSGSIZE')
  socket:destroy()
end)

test('pause stops reading at the handle, resume goes on', function(t)
  local peer
  local server, port = serve(t, function(socket) peer = socket end)
  local client = connect(t, port)
  client:wait('connect')
  if not peer then server:wait('connection') end
  local got = {}
  peer:on('data', function(data) got[#got + 1] = data end)
  client:write('1')
  peer:wait('data')
  t:equal(peer:pause(), peer)
  t:equal(peer._handle:is_active(), false)
  client:write('2')
  t:sleep(10)
  t:same(got, { '1' })
  t:equal(peer:resume(), peer)
  peer:wait('data')
  t:same(got, { '1', '2' })
  -- at once and several times
  peer:pause()
  peer:resume()
  peer:pause()
  client:write('3')
  t:sleep(5)
  t:equal(#got, 2)
  peer:resume()
  peer:wait('data')
  t:same(got, { '1', '2', '3' })
end)

test('cork: chunks leave together', function(t)
  local _, port = serve(t, function(socket) socket:pipe(socket) end)
  local client = connect(t, port)
  client:wait('connect')
  client:cork()
  client:write('a')
  client:write({ 'b', 'c' })
  client:write(1)
  client:uncork()
  client:_end()
  t:equal(client:readAll(), 'abc1')
end)

test('large chunks, in one write and in many at once', function(t)
  local _, port = serve(t, function(socket) socket:pipe(socket) end)
  local client = connect(t, port)
  local big = ('0123456789'):rep(100000)
  client:wait('connect')
  client:cork()
  for _ = 1, 3 do client:write(big) end
  client:uncork()
  client:_end()
  local all = client:readAll()
  t:ok(all == big:rep(3))
end)

test('callbacks of writes, in order', function(t, expect)
  local _, port = serve(t, function(socket) socket:resume() end)
  local client = connect(t, port)
  local order = {}
  for i = 1, 3 do
    client:write('x', expect(function(err)
      t:equal(err, nil)
      order[#order + 1] = i
    end))
  end
  client:_end('y', expect(function() t:same(order, { 1, 2, 3 }) end))
  client:wait('close')
end)

test('write after the end, and on a closed socket', function(t, expect)
  local _, port = serve(t, function(socket) socket:resume() end)
  local client = connect(t, port)
  client:wait('connect')
  client:_end()
  client:on('error', expect(function(err) t:equal(err.code, 'EPIPE') end))
  client:write('late', expect(function(err) t:equal(err.code, 'EPIPE') end))
  closed(t, client)
  t:equal(client:write('later', expect(function(err) t:equal(err.code, 'ECANCELED') end)), false)
  local ok, err = client:writeAll('latest')
  t:equal(ok, nil)
  t:ok(err.code)
  local dropped = connect(t, port)
  dropped:destroy()
  closed(t, dropped)
  t:raises(function() dropped:chunks()() end, 'closed')
  t:equal(select(2, dropped:readLine()).code, 'ECONNABORTED')
end)

test('write on a socket that was never connected', function(t, expect)
  local socket = net.Socket:new()
  socket:on('error', expect(function(err) t:equal(err.code, 'EPIPE') end))
  socket:write('x', expect(function(err) t:equal(err.code, 'EPIPE') end))
  t:sleep(2)
  socket:destroy()
  t:ok(socket:wait('close') ~= nil)
end)

test('destroy: with an error, with a callback, twice', function(t, expect)
  local _, port = serve(t, function() end)
  local client = connect(t, port)
  client:wait('connect')
  local log, failure = {}, core.Error:new('EBROKEN: on purpose')
  record(client, log, 'error', 'close', 'end', 'finish')
  client:on('error', function(err) t:equal(err, failure) end)
  client:destroy(failure, expect(function(hadError) t:equal(hadError, true) end))
  client:destroy(core.Error:new('another'), expect())
  closed(t, client)
  t:same(log, { 'error', 'close' })
  client:destroy(expect())
end)

test('destroy drops what is not written, and says so', function(t, expect)
  local _, port = serve(t, { pauseOnConnect = true }, function() end)
  local client = connect(t, port)
  client:wait('connect')
  local big, canceled = ('z'):rep(4e6), 0
  for _ = 1, 4 do
    client:write(big, function(err)
      if err then
        t:equal(err.code, 'ECANCELED')
        canceled = canceled + 1
      end
    end)
  end
  client:on('error', expect(0))
  client:destroy()
  client:wait('close')
  t:sleep(2)
  t:ok(canceled >= 1)
end)

test('writeAll on a socket that was just destroyed', function(t)
  local _, port = serve(t, function() end)
  local client = connect(t, port)
  client:wait('connect')
  client:destroy()
  local ok, err = client:writeAll('x')
  t:equal(ok, nil)
  t:equal(err.code, 'ECANCELED')
end)

test('writing to a peer that is gone: an error, not a signal', function(t)
  for _, where in ipairs { 0, path('gone') } do
    local server = net.createServer(function(socket) socket:destroy() end)
    t:defer(function() server:destroy() end)
    server:listen(where)
    local client = connect(t, { allowHalfOpen = true,
      port = server:address().port, path = server:address().path })
    client:wait('end')
    local failure
    client:on('error', function(err) failure = err end)
    local timer = uv.new_timer()
    timer:start(0, 1, function() client:write('anybody?') end)
    t:equal(closed(t, client), true)
    timer:close()
    t:ok(failure.code == 'EPIPE' or failure.code == 'ECONNRESET', failure)
  end
end)

local function resetting(t, listener, serverOptions)
  local server, port = serve(t, serverOptions, listener)
  local raw = uv.new_tcp()
  t:await(function(done) raw:connect('127.0.0.1', port, done) end)
  if server:getConnections() == 0 then server:wait('connection') end
  return server, function() raw:close_reset() end
end

test('reset by the peer: error, then close', function(t)
  local log, peer = {}, nil
  local _, reset = resetting(t, function(socket)
    peer = socket
    record(socket, log, 'data', 'end', 'finish', 'error', 'close')
  end)
  reset()
  local _, err = peer:wait('never')
  t:equal(err.code, 'ECONNRESET')
  t:equal(err.syscall, 'read')
  peer:wait('close')
  t:same(log, { 'error', 'close' })
end)

test('reset while a listener waits: ends the listener, not the program', function(t, expect)
  local server, reset = resetting(t, function(socket)
    for _ in socket:chunks() do end
    t:ok(false, 'the loop must not end like this')
  end)
  server:on('connectionError', expect(function(err, socket)
    t:equal(err.code, 'ECONNRESET')
    t:equal(socket.destroyed, true)
  end))
  reset()
  server:wait('connectionError')
  t:equal(server:getConnections(), 0)
end)

test('destroyed while a listener waits', function(t, expect)
  local peer
  local server, port = serve(t, function(socket)
    peer = socket
    socket:readLine() -- gives nil, err
    for _ in socket:chunks() do end -- raises
  end)
  server:on('connectionError', expect(function(err) t:equal(err.code, 'ECONNABORTED') end))
  local client = connect(t, port)
  client:on('error', function() end)
  client:wait('connect')
  if not peer then server:wait('connection') end
  peer:destroy()
  server:wait('connectionError')
end)

test('setTimeout: when nothing happens, again and again; never after 0', function(t, expect)
  local _, port = serve(t, function(socket) socket:pipe(socket) end)
  local client = connect(t, port)
  client:wait('connect')
  t:equal(client:setTimeout(10, expect()), client)
  client:wait('timeout')
  t:equal(client.destroyed, false)
  client:setTimeout(60000)
  local timeouts = 0
  client:on('timeout', function() timeouts = timeouts + 1 end)
  client:write('ping')
  client:wait('data')
  client:setTimeout(0)
  t:sleep(5)
  t:equal(timeouts, 0)
  client:setTimeout(5)
  client:wait('timeout')
  client:destroy()
  client:setTimeout(5)
end)

test('timeout while connecting', function(t)
  local socket = net.connect { port = 9, host = '192.0.2.1', timeout = 10 }
  local failed
  socket:on('error', function(err) failed = err end)
  t:await(function(done)
    socket:on('timeout', done)
    socket:on('error', done) -- a machine without a route
  end)
  socket:destroy()
  t:ok(failed or socket.destroyed)
end)

test('addresses and options of the handle', function(t)
  local peer
  local server, port = serve(t, { keepAlive = true }, function(socket) peer = socket end)
  local client = connect(t, { port = port, keepAlive = true, noDelay = false })
  t:equal(client:nodelay(), true)
  t:equal(client:keepalive(true, 10), true)
  client:wait('connect')
  if not peer then server:wait('connection') end
  t:equal(client:address().port, port)
  t:equal(client:getpeername().address, '127.0.0.1')
  t:equal(client:getsockname().port, peer:address().port)
  t:equal(peer:getsockname().port, port)
  t:equal(client:nodelay(false), true)
  t:equal(client:nodelay(true), true)
  t:equal(client:keepalive(true), true)
  t:equal(client:keepalive(true, 10), true)
  t:equal(client:keepalive(false), true)
  t:ok(client:getSendBufferSize() > 0)
  t:ok(client:getRecvBufferSize() > 0)
  t:equal(client:setSendBufferSize(65536), true)
  t:equal(client:setRecvBufferSize(65536), true)
  t:equal(client:unref(), client)
  t:equal(client:ref(), client)
  t:equal(server:unref(), server)
  t:equal(server:ref(), server)
  client:destroy()
  for _, method in ipairs { 'address', 'getsockname', 'nodelay', 'keepalive', 'getSendBufferSize',
    'setRecvBufferSize', 'getRecvBufferSize', 'setSendBufferSize' } do
    local ok, err = client[method](client)
    t:equal(ok, nil)
    t:equal(err.code, 'ENOTCONN', method)
  end
end)

test('IPv6', function(t)
  local server = net.createServer(function(socket) socket:_end(socket:address().family) end)
  server:listen(0, '::1')
  t:defer(function() server:destroy() end)
  server:on('error', function(err) t:skip('no IPv6 here: ' .. err) end)
  local client = connect(t, server:address().port, '::1')
  t:equal(client:readAll(), 'inet6')
  local _, err = net.connect(freePort(), '::1'):wait('connect')
  t:match(err, '^connect ECONNREFUSED %[::1%]:%d+: connection refused$')
end)

test('unix sockets', function(t, expect)
  local where = path('echo')
  local server = net.createServer(function(socket) socket:pipe(socket) end)
  t:defer(function() server:destroy() end)
  t:equal(server:listen(where, expect()), server)
  t:equal(server:address().path, where)
  local client = connect(t, where, expect())
  client:write('by path')
  client:_end()
  t:equal(client:readAll(), 'by path')
  local second = connect(t, { path = where })
  second:wait('connect')
  t:equal(second:address().path, where)
  local ok, err = second:nodelay()
  t:equal(ok, nil)
  t:equal(err.code, 'ENOTSUP')
  second:_end()
  second:wait('close')
  -- in use
  local other = net.createServer()
  other:listen({ path = where }, expect(0))
  local failure = t:await(function(done) other:on('error', done) end)
  t:equal(tostring(failure), 'listen EADDRINUSE ' .. where .. ': address already in use')
  server:close()
  server:wait('close')
  t:equal(uv.fs_stat(where), nil)
end)

test('unix sockets: errors of connect, mode', function(t)
  local _, err = net.connect('/tmp/no-such-socket'):wait('connect')
  t:equal(tostring(err), 'connect ENOENT /tmp/no-such-socket: no such file or directory')
  _, err = net.connect('/tmp/' .. ('x'):rep(200)):wait('connect')
  t:equal(err.code, 'ENAMETOOLONG')
  local server = net.createServer()
  t:defer(function() server:destroy() end)
  server:listen({ path = path('mode'), mode = 384 })
  t:equal(uv.fs_stat(path('mode')).mode % 512, 384)
end)

test('fd: a socket over a descriptor', function(t)
  local pair = uv.socketpair('stream', nil, { nonblock = true }, { nonblock = true })
  local a, b = net.Socket:new({ fd = pair[1] }), net.Socket:new(pair[2])
  t:defer(function() a:destroy() b:destroy() end)
  a:write('through a pair')
  a:_end()
  t:equal(b:readAll(), 'through a pair')
end)

-- Something with luv's stream methods that is no luv handle.
local function fakeHandle()
  local fake = { wrote = {} }
  function fake:read_start(callback) self.onRead = callback return 0 end
  function fake:read_stop() self.stopped = true return 0 end
  function fake:write(data, callback)
    self.wrote[#self.wrote + 1] = type(data) == 'table' and table.concat(data) or data
    self.callback = callback
    return true
  end
  function fake:shutdown(callback) self.shut = callback return true end
  function fake:close(callback) self.closing = true callback() end
  function fake:is_closing() return self.closing end
  return fake
end

test('options.handle: any object with the methods of a stream', function(t)
  local fake, log = fakeHandle(), {}
  local socket = net.Socket:new({ handle = fake })
  record(socket, log, 'data', 'end', 'finish', 'drain', 'error', 'close')
  socket:write('a')
  socket:write('b')
  socket:_end('c')
  t:same(fake.wrote, { 'a' })
  fake.callback()
  t:same(fake.wrote, { 'a', 'bc' })
  t:equal(fake.shut, nil)
  fake.callback()
  fake.onRead(nil, 'data')
  fake.shut()
  t:sleep(2)
  t:same(log, { 'data data', 'finish' })
  fake.onRead(nil, nil)
  socket:wait('close')
  t:same(log, { 'data data', 'finish', 'end', 'close' })
  t:equal(socket:address(), nil)
end)

test('small writes leave at once, unless that is not wanted', function(t)
  local set = {}
  local function fake()
    local handle = fakeHandle()
    function handle:nodelay(on) set[#set + 1] = on return 0 end
    return handle
  end
  net.Socket:new({ handle = fake() }):destroy()
  t:same(set, { true })
  net.Socket:new({ handle = fake(), noDelay = false }):destroy()
  t:same(set, { true })
end)

test('options.handle: a failing write', function(t, expect)
  local fake, log = fakeHandle(), {}
  local socket = net.Socket:new({ handle = fake })
  record(socket, log, 'error', 'close')
  socket:write('a', expect(function(err) t:equal(err.code, 'EPIPE') end))
  socket:write('b', expect(function(err) t:equal(err.code, 'EPIPE') end))
  fake.callback('EPIPE')
  t:sleep(2)
  t:same(log, { 'error', 'close' })
end)

test('isIP', function(t)
  t:same({ net.isIP('127.0.0.1'), net.isIP('::1'), net.isIP('fe80::1%eth0'), net.isIP('x'), net.isIP() },
    { 4, 6, 6, 0, 0 })
  t:ok(net.isIPv4('1.2.3.4') and not net.isIPv4('::1') and not net.isIPv4('1.2.3'))
  t:ok(net.isIPv6('::') and not net.isIPv6('1.2.3.4') and not net.isIPv6(':'))
end)

test('a proxy of pipes', function(t)
  local _, target = serve(t, function(socket)
    for chunk in socket:chunks() do socket:writeAll(chunk:upper()) end
  end)
  local _, port = serve(t, { allowHalfOpen = true }, function(socket)
    local upstream = net.connect { port = target, allowHalfOpen = true }
    socket:pipe(upstream)
    upstream:pipe(socket)
  end)
  local client = connect(t, { port = port, allowHalfOpen = true })
  local text = ('lines of text\n'):rep(50000)
  client:write(text)
  client:_end()
  t:ok(client:readAll() == text:upper())
end)

test('a real peer: bash', function(t)
  local _, port = serve(t, function(socket)
    local line = socket:readLine()
    socket:writeAll('hello ' .. line .. '\n')
    socket:_end()
  end)
  local out = uv.new_pipe(false)
  local child = t:ok(uv.spawn('bash', {
    args = { '-c', ('exec 3<>/dev/tcp/127.0.0.1/%d; echo bash >&3; cat <&3'):format(port) },
    stdio = { nil, out, nil },
  }, function() end), 'bash is needed')
  local answer = net.Socket:new({ handle = out })
  t:equal(answer:readAll(), 'hello bash\n')
  answer:wait('close')
  child:close()
end)
