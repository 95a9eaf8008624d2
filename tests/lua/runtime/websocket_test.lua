local test = require('./harness')
local peers = require('./peers')
local core = require('core')
local http = require('http')
local net = require('net')
local websocket = require('websocket')

-- What a server answers to a key, by openssl.
local function accept(key)
  local pipe = io.popen(("printf '%%s258EAFA5-E914-47DA-95CA-C5AB0DC85B11' '%s' | openssl dgst -sha1 -binary | base64"):format(key))
  local value = pipe:read('*l')
  pipe:close()
  return value
end

-- A server; gives its URL and itself.
local function serve(t, options, listener)
  if type(options) == 'function' then options, listener = {}, options end
  local server = websocket.createServer(options, listener)
  t:defer(function()
    server:close()
    for ws in pairs(server.clients) do ws:terminate() end
  end)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  return ('ws://127.0.0.1:%d'):format(server:address().port), server
end

local function connect(t, url, options)
  options = options or {}
  if options.proxy == nil then options.proxy = false end
  local ws = websocket.connect(url, options)
  t:defer(function() ws:terminate() end)
  return ws
end

local function echo(ws)
  for data, isText in ws:messages() do
    ws:sendAll(data, isText and 'text' or 'binary')
  end
end

test('events of both ends: open, message, ping, pong, close', function(t, expect)
  local url = serve(t, function(ws, req)
    t:equal(req.url, '/chat?x=1')
    t:equal(ws.isOpen, true)
    ws:on('message', function(data, isText) ws:send(data:upper(), isText and 'text' or 'binary') end)
    ws:on('ping', expect(function(payload) t:equal(payload, 'are you there') end))
    ws:on('close', expect(function(code, reason)
      t:equal(code, 4001)
      t:equal(reason, 'enough')
      t:equal(ws.isOpen, false)
    end))
  end)
  local got = {}
  local ws = websocket.connect(url .. '/chat?x=1', { proxy = false }, expect(function() got[#got + 1] = 'open' end))
  ws:on('message', expect(function(data, isText)
    got[#got + 1] = data .. ' ' .. tostring(isText)
    if #got == 3 then ws:ping('are you there') end
  end, 2))
  ws:on('pong', expect(function(payload)
    got[#got + 1] = payload
    ws:close(4001, 'enough')
  end))
  ws:send('before it was open')
  ws:send('\1\2a', 'binary')
  local code = ws:wait('close')
  t:equal(code, 4001)
  t:same(got, { 'open', 'BEFORE IT WAS OPEN true', '\1\2A false', 'are you there' })
  t:equal(ws:send('late'), nil)
  t:equal(select(2, ws:send('late')).code, 'EPIPE')
  t:equal(ws:close(), nil)
end)

test('straight-line: waitOpen, receive, messages, sendAll', function(t)
  local url = serve(t, echo)
  local ws = connect(t, url)
  t:equal(ws:waitOpen(), ws)
  t:equal(ws:waitOpen(), ws)
  for i = 1, 20 do
    t:ok(ws:sendAll('message ' .. i))
  end
  for i = 1, 20 do
    local data, isText = ws:receive()
    t:equal(data, 'message ' .. i)
    t:equal(isText, true)
  end
  ws:send('\0\255', 'binary')
  t:same({ ws:receive() }, { '\0\255', false })
  ws:close()
  t:equal(ws:receive(), nil)
  t:equal(ws.failure, nil)
  t:equal(ws.closeCode, 1000)
end)

test('all sizes of messages, and messages in pieces', function(t)
  local url = serve(t, echo)
  local ws = connect(t, url)
  for _, size in ipairs { 0, 1, 125, 126, 127, 65535, 65536, 65537, 1000000 } do
    local data = ('x'):rep(size)
    ws:send(data, 'binary')
    t:ok(ws:receive() == data, size)
  end
  ws:sendPart('one ', false, 'text')
  ws:ping()
  ws:sendPart('tw\195', false)
  ws:sendPart('\182', true)
  t:equal(ws:receive(), 'one tw\195\182')
  local ok, err = ws:send('\255\254')
  t:equal(ok, nil)
  t:equal(err.code, 'EINVAL')
  ok, err = ws:ping(('x'):rep(126))
  t:equal(ok, nil)
  t:equal(err.code, 'EINVAL')
  ok, err = ws:close(1006)
  t:equal(ok, nil)
  t:equal(err.code, 'EINVAL')
  t:ok(ws:close(1001, ('r'):rep(123)))
end)

test('many messages, in order, with back-pressure', function(t)
  local url = serve(t, echo)
  local ws = connect(t, url)
  local total = 3000
  local got = 0
  ws:on('message', function(data)
    got = got + 1
    if data ~= ('%06d'):format(got):rep(500) then t:failed('message ' .. got) end
    if got == total then ws:close() end
  end)
  for i = 1, total do
    t:ok(ws:sendAll(('%06d'):format(i):rep(500)))
  end
  while not ws.over do t:sleep(1) end
  t:equal(got, total)
end)

test('send gives false and drain follows; a peer that does not read is not sent more', function(t)
  local url, server = serve(t, function() end) -- receives nothing
  local ws = connect(t, url)
  ws:waitOpen()
  local sent, drained = 0, false
  local chunk = ('x'):rep(10000)
  ws:on('drain', function() drained = true end)
  while sent < 20000 and ws:send(chunk, 'binary') do sent = sent + 1 end
  t:ok(sent < 20000, 'the peer took 200 MB nobody asked for')
  local held
  for client in pairs(server.clients) do held = client end
  t:sleep(30)
  t:ok(held.heldBytes < 1024 * 1024, 'the reader holds ' .. held.heldBytes)
  for _ = 1, sent + 1 do t:equal(#held:receive(), 10000) end
  while not drained do t:sleep(1) end
  ws:close()
end)

test('pings are answered while we do not listen, and a flood of them is not held', function(t)
  local url = serve(t, echo)
  local ws = connect(t, url)
  local pongs = 0
  ws:on('pong', function() pongs = pongs + 1 end)
  ws:waitOpen()
  for _ = 1, 2000 do ws:ping('flood') end
  ws:send('after')
  t:equal(ws:receive(), 'after')
  t:equal(pongs, 2000)
end)

test('pingInterval: a peer that says nothing is given up', function(t)
  local port = peers.server(t, function(socket)
    local _, headers = peers.readHead(socket)
    socket:write('HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: '
      .. accept(headers['sec-websocket-key']) .. '\r\n\r\n')
    socket:resume()
  end)
  local ws = connect(t, 'ws://127.0.0.1:' .. port, { pingInterval = 20 })
  ws:waitOpen()
  local data, err = ws:receive()
  t:equal(data, nil)
  t:equal(err.code, 'ETIMEDOUT')
  t:equal(ws.closeCode, 1006)
end)

--------------------------------------------------------------------------------
-- The end

test('close: either side begins, without a code, and both at once', function(t)
  local url = serve(t, function(ws, req)
    if req.url == '/server' then
      ws:close(1001, 'away')
    elseif req.url == '/both' then
      ws:close(4000, 'server')
    end
    t.last = ws
  end)
  local ws = connect(t, url .. '/server')
  t:equal(ws:receive(), nil)
  t:equal(ws.closeCode, 1001)
  t:equal(ws.closeReason, 'away')
  ws = connect(t, url .. '/client')
  ws:waitOpen()
  ws:close()
  ws:wait('close')
  t:equal(t.last.closeCode, 1000)
  ws = connect(t, url .. '/both')
  ws:waitOpen()
  ws:close(4002, 'client')
  ws:wait('close')
  t:equal(ws.closeCode, 4000)
end)

test('close: a peer that does not answer is cut off in time', function(t)
  local port = peers.server(t, function(socket)
    local _, headers = peers.readHead(socket)
    socket:write('HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: '
      .. accept(headers['sec-websocket-key']) .. '\r\n\r\n')
    socket:resume()
  end)
  local ws = connect(t, 'ws://127.0.0.1:' .. port, { closeTimeout = 20 })
  ws:waitOpen()
  ws:close()
  t:equal(ws:receive(), nil)
  t:equal(ws.closeCode, 1006)
  t:equal(ws.failure.code, 'ETIMEDOUT')
end)

test('a connection that breaks off: close with 1006, error for those who listen', function(t, expect)
  local url, server = serve(t, function(ws)
    ws:on('close', expect(function(code) t:equal(code, 1006) end, 2))
  end)
  for i = 1, 2 do
    local ws = connect(t, url)
    ws:waitOpen()
    t:ok(next(server.clients))
    ws:on('close', expect(function(code) t:equal(code, 1006) end))
    if i == 2 then
      ws:on('error', expect(0))
    end
    ws:terminate()
    while next(server.clients) do t:sleep(1) end
  end
end)

test('terminate and close before it is open', function(t, expect)
  local url = serve(t, echo)
  for _, method in ipairs { 'terminate', 'close' } do
    local ws = websocket.connect(url, { proxy = false })
    ws:on('open', expect(0))
    ws:on('close', expect(function(code) t:equal(code, 1006) end))
    ws[method](ws)
    t:equal(ws.over, true)
  end
end)

test('server close: clients get 1001', function(t)
  local url, server = serve(t, echo)
  local ws = connect(t, url)
  ws:waitOpen()
  t:await(function(done) server:close(done) end)
  ws:wait('close', 2000)
  t:equal(ws.closeCode, 1001)
  local again, err = connect(t, url):waitOpen()
  t:equal(again, nil)
  t:equal(err.code, 'ECONNREFUSED')
end)

--------------------------------------------------------------------------------
-- Peers that do it wrong

-- A client made by hand; gives its socket after the answer's head.
local function raw(t, url, lines)
  local socket = net.connect({ host = '127.0.0.1', port = tonumber(url:match(':(%d+)')) })
  t:defer(function() socket:destroy() end)
  socket:wait('connect')
  socket:write(table.concat(lines or {
    'GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: keep-alive, Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13',
  }, '\r\n') .. '\r\n\r\n')
  local line, headers = peers.readHead(socket)
  return socket, line, headers
end

test('the handshake of RFC 6455, section 1.3', function(t)
  local url = serve(t, { headers = { ['X-Mine'] = 'yes' } }, echo)
  local _, line, headers = raw(t, url)
  t:match(line, '^HTTP/1.1 101 ')
  t:equal(headers['sec-websocket-accept'], 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  t:equal(headers.upgrade:lower(), 'websocket')
  t:equal(headers['x-mine'], 'yes')
end)

test('handshakes that are refused', function(t)
  local url = serve(t, { origins = { 'http://good' }, path = '/' }, echo)
  local good = { 'GET / HTTP/1.1', 'Host: x', 'Upgrade: websocket', 'Connection: Upgrade',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13', 'Origin: http://good' }
  local function try(index, text)
    local lines = { unpack(good) }
    if index then lines[index] = text end
    local socket, line, headers = raw(t, url, lines)
    socket:destroy()
    return tonumber(line:match('^HTTP/1.1 (%d+)')), headers
  end
  t:equal(try(), 101)
  t:equal(try(5, 'X: y'), 400)
  t:equal(try(5, 'Sec-WebSocket-Key: short'), 400)
  t:equal(try(5, 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR=='), 400)
  local status, headers = try(6, 'Sec-WebSocket-Version: 8')
  t:equal(status, 426)
  t:equal(headers['sec-websocket-version'], '13')
  t:equal(try(7, 'Origin: http://evil'), 403)
  t:equal(try(7, 'X: none'), 403)
  t:equal(try(1, 'GET /other HTTP/1.1'), 404)
  t:equal(try(1, 'POST / HTTP/1.1'), 400)
  t:equal(try(3, 'X: no upgrade'), 426)
  t:equal(try(3, 'Upgrade: other'), 426)
end)

-- Frames of a client, masked with zeros.
local function frame(head, payload, length)
  payload = payload or ''
  return string.char(head, 128 + (length or #payload)) .. '\0\0\0\0' .. payload
end

test('frames that are wrong are answered with the code, and the connection ends', function(t, expect)
  for _, case in ipairs {
    { 'unmasked', '\129\1a', 1002 },
    { 'reserved bit', frame(0xC1, 'a'), 1002 },
    { 'unknown opcode', frame(0x83, 'a'), 1002 },
    { 'continuation of nothing', frame(0x80, 'a'), 1002 },
    { 'control frame in pieces', frame(0x09, 'a'), 1002 },
    { 'not UTF-8', frame(0x81, '\255'), 1007 },
    { 'close of one byte', frame(0x88, 'a'), 1002 },
    { 'close code 1005', frame(0x88, '\3\237'), 1002 },
    { 'message in a message', frame(0x01, 'a') .. frame(0x81, 'b'), 1002 },
    { 'too big', string.char(0x82, 255) .. '\0\0\0\0\1\0\0\0\0\0\0\0', 1009 },
    { 'longest length there is', string.char(0x82, 255) .. ('\255'):rep(8) .. '\0\0\0\0', 1009, 1002 },
  } do
    local url, server = serve(t, { maxMessage = 1000000 }, function(ws)
      ws:on('close', expect(function(code) t:ok(code == case[3] or code == case[4], case[1] .. ' ' .. code) end))
    end)
    local socket = raw(t, url)
    socket:write(case[2])
    local answer = socket:readAll() or ''
    t:equal(answer:byte(1), 0x88, case[1])
    local code = answer:byte(3) * 256 + answer:byte(4)
    t:ok(code == case[3] or code == case[4], case[1] .. ' ' .. code)
    while next(server.clients) do t:sleep(1) end
    socket:destroy()
  end
end)

test('maxMessage: exactly, and one more', function(t)
  local url = serve(t, { maxMessage = 10 }, echo)
  local ws = connect(t, url)
  ws:send(('x'):rep(10))
  t:equal(ws:receive(), ('x'):rep(10))
  ws:sendPart('12345', false, 'text')
  ws:sendPart('678901', true)
  t:equal(ws:receive(), nil)
  t:equal(ws.closeCode, 1009)
end)

test('servers that are none, or answer wrongly', function(t)
  local answers = {
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    'HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: wrong\r\n\r\n',
    'HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n',
    function(_, _, headers)
      return 'HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Protocol: x\r\nSec-WebSocket-Accept: '
        .. accept(headers['sec-websocket-key']) .. '\r\n\r\n'
    end,
    function(_, _, headers)
      return 'HTTP/1.1 101 Fine\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Accept: '
        .. accept(headers['sec-websocket-key']) .. '\r\n\r\n'
    end,
    'HTTP/1.1 101 Fine\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n',
    'gibberish\r\n\r\n',
  }
  local port = peers.script(t, answers)
  for i = 1, #answers do
    local ws, err = connect(t, 'ws://127.0.0.1:' .. port):waitOpen()
    t:equal(ws, nil, i)
    t:equal(err.code, 'EPROTO', i .. ' ' .. tostring(err))
    if i == 1 then t:equal(err.status, 200) end
  end
  local data, err = connect(t, 'ws://127.0.0.1:1/'):receive()
  t:equal(data, nil)
  t:equal(err.code, 'ECONNREFUSED')
  data, err = connect(t, 'ws://'):waitOpen()
  t:equal(err.code, 'EINVAL')
  t:equal(data, nil)
  local silent = peers.server(t, function(socket) socket:resume() end)
  data, err = connect(t, 'ws://127.0.0.1:' .. silent, { handshakeTimeout = 20 }):waitOpen()
  t:equal(data, nil)
  t:equal(err.code, 'ETIMEDOUT')
end)

--------------------------------------------------------------------------------
-- Protocols, shared servers, TLS

test('protocols: the first of the server\'s that the client offers', function(t)
  local url = serve(t, { protocols = { 'v2', 'v1' } }, function(ws) ws:send(tostring(ws.protocol)) end)
  for offered, wanted in pairs { v1 = 'v1', ['v1,v2'] = 'v2', v9 = 'nil' } do
    local list = {}
    for name in offered:gmatch('[^,]+') do list[#list + 1] = name end
    local ws = connect(t, url, { protocols = list })
    t:equal(ws:receive(), wanted)
    t:equal(tostring(ws.protocol), wanted)
  end
end)

test('accept on an http server that also answers requests', function(t, expect)
  local server = http.createServer(function(req, res) res:finish('plain ' .. req.url) end)
  t:defer(function() server:destroy() end)
  server:on('upgrade', function(req, socket, head)
    local ws = websocket.accept(req, socket, head)
    echo(ws)
  end)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  local port = server:address().port
  t:equal(http.get({ port = port, path = '/x' }):getResponse():readAll(), 'plain /x')
  local ws = connect(t, 'ws://127.0.0.1:' .. port)
  ws:send('hi')
  t:equal(ws:receive(), 'hi')
  ws:close()
  ws:wait('close')
  local shared = websocket.createServer({ server = server, path = '/ws' }, expect(function() end))
  server:removeAllListeners('upgrade')
  server:on('upgrade', shared.onUpgrade)
  t:equal(connect(t, ('ws://127.0.0.1:%d/ws'):format(port)):waitOpen() ~= nil, true)
  shared:close()
end)

test('plain requests to a WebSocket server: 426', function(t)
  local url = serve(t, echo)
  local res = http.get(url:gsub('^ws', 'http') .. '/'):getResponse()
  t:equal(res.statusCode, 426)
  res:readAll()
end)

test('wss: server and client over TLS', function(t)
  local made = peers.certificates()
  local ca = made.authority('ca')
  local pair = made.certificate('server', 'ca', 'DNS:localhost,IP:127.0.0.1')
  local url = serve(t, { key = pair.key, cert = pair.cert }, echo):gsub('^ws', 'wss')
  local ws = connect(t, url, { ca = ca })
  ws:send('secret')
  t:equal(ws:receive(), 'secret')
  ws:send(('y'):rep(300000))
  t:equal(#ws:receive(), 300000)
  ws:close()
  ws:wait('close')
  local none, err = connect(t, url):waitOpen()
  t:equal(none, nil)
  t:equal(err.code, 'ECERT')
end)

test('through a proxy', function(t)
  local url = serve(t, echo)
  local asked
  local proxy = peers.server(t, function(socket)
    asked = peers.readHead(socket)
    local other = net.connect({ host = '127.0.0.1', port = tonumber(asked:match(':(%d+) ')) })
    other:wait('connect')
    other:on('error', function() end)
    socket:write('HTTP/1.1 200 OK\r\n\r\n')
    socket:pipe(other)
    other:pipe(socket)
    socket:on('close', function() other:destroy() end)
    other:on('close', function() socket:destroy() end)
  end)
  local ws = connect(t, url, { proxy = 'http://127.0.0.1:' .. proxy })
  ws:send('via')
  t:equal(ws:receive(), 'via')
  t:match(asked, '^CONNECT 127.0.0.1:%d+ HTTP/1.1$')
  ws:close()
  ws:wait('close')
end)

--------------------------------------------------------------------------------
-- Other programs

local PYTHON = [[
import asyncio, sys
try:
    import websockets
except ImportError:
    print("port 0", flush=True); sys.exit()
]]

test('python3-websockets as the server', function(t)
  local port = tonumber((peers.program(t, '/usr/bin/python3', { '-c', PYTHON .. [[
async def echo(ws):
    async for message in ws:
        await ws.send(message)
async def main():
    async with websockets.serve(echo, "127.0.0.1", 0, max_size=2**21, compression=None, subprotocols=["echo"]) as server:
        print("port", server.sockets[0].getsockname()[1], flush=True)
        await asyncio.Future()
asyncio.run(main())
]] }, 'port (%d+)')))
  if port == 0 then t:skip('python3-websockets is not installed') end
  local ws = connect(t, 'ws://127.0.0.1:' .. port, { protocols = { 'other', 'echo' } })
  ws:waitOpen()
  t:equal(ws.protocol, 'echo')
  for _, size in ipairs { 0, 1, 125, 126, 65535, 65536, 1000000 } do
    ws:send(('z'):rep(size))
    t:equal(#ws:receive(), size)
  end
  ws:send('\0\1\2', 'binary')
  t:same({ ws:receive() }, { '\0\1\2', false })
  local pinged = false
  ws:on('pong', function(payload) pinged = payload end)
  ws:ping('p')
  ws:sendPart('a', false, 'text')
  ws:sendPart('b', true)
  t:equal(ws:receive(), 'ab')
  t:equal(pinged, 'p')
  ws:close(1000, 'done')
  t:equal(ws:wait('close'), 1000)
end)

test('python3-websockets as the client', function(t)
  local seen
  local url = serve(t, function(ws)
    ws:on('close', function(code, reason) seen = code .. ' ' .. reason end)
    echo(ws)
  end)
  local text = peers.program(t, '/usr/bin/python3', { '-c', PYTHON .. [[
async def main():
    async with websockets.connect(sys.argv[1], compression=None) as ws:
        for size in (0, 1, 125, 126, 65535, 65536, 1000000):
            await ws.send("q" * size)
            assert len(await ws.recv()) == size
        await ws.send(b"\x00\xff")
        assert await ws.recv() == b"\x00\xff"
        await ws.send(["frag", "ments"])
        assert await ws.recv() == "fragments"
        await asyncio.wait_for(await ws.ping(), 5)
        await ws.close(4321, "over")
    print("port all well", flush=True)
asyncio.run(main())
]], url }, 'port ([%w ]+)')
  if text == '0' then t:skip('python3-websockets is not installed') end
  t:equal(text, 'all well')
  while not seen do t:sleep(1) end
  t:equal(seen, '4321 over')
end)

test('classes', function(t)
  t:ok(core.instanceof(websocket.createServer({ server = core.Emitter:new() }), websocket.Server))
  t:raises(function() websocket.WebSocket:new('neither', {}) end, 'neither')
end)
