local test = require('./harness')
local uv = require('uv')
local core = require('core')
local http = require('http')

-- A client made of bytes: conn:send(text), conn:read(pattern) waits until what came so far
-- matches and returns it, conn:readEnd() all until the server closes.
local function connect(t, address)
  local handle = type(address) == 'string' and uv.new_pipe(false) or uv.new_tcp()
  local conn = { got = '', handle = handle }
  local function wake()
    local waiting = conn.waiting
    conn.waiting = nil
    if waiting then core.assertResume(waiting) end
  end
  t:await(function(done)
    if type(address) == 'string' then
      handle:connect(address, done)
    else
      handle:connect('127.0.0.1', address, done)
    end
  end)
  handle:read_start(function(err, chunk)
    if chunk then conn.got = conn.got .. chunk else conn.ended = err or true end
    wake()
  end)
  local function wait()
    conn.waiting = coroutine.running()
    coroutine.yield()
  end
  function conn:send(text)
    handle:write(text)
  end
  function conn:read(pattern)
    while true do
      local _, last = self.got:find(pattern)
      if last then
        local found = self.got:sub(1, last)
        self.got = self.got:sub(last + 1)
        return found
      end
      if self.ended then error('the server closed after ' .. self.got, 2) end
      wait()
    end
  end
  function conn:readEnd()
    while not self.ended do wait() end
    local got = self.got
    self.got = ''
    return got
  end
  function conn:close()
    if not handle:is_closing() then handle:close() end
  end
  t:defer(function() conn:close() end)
  return conn
end

-- A server that listens, and its port.
local function serve(t, options, handler)
  local server = http.createServer(options, handler)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  t:defer(function()
    if server.listening then server:destroy() end
  end)
  return server, server:address().port
end

local function get(t, port, path)
  local conn = connect(t, port)
  conn:send('GET ' .. (path or '/') .. ' HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  return conn:readEnd()
end

test('a request and its response', function(t)
  local _, port = serve(t, function(req, res)
    t:equal(req.method, 'GET')
    t:equal(req.url, '/a?b=c')
    t:equal(req.httpVersion, '1.1')
    t:equal(req.headers.host, 'x')
    t:equal(req.headers['USER-Agent'], 'me')
    t:equal(req.headers[2][1], 'User-Agent')
    t:equal(req.headers.none, nil)
    t:equal(req.shouldKeepAlive, true)
    t:ok(core.instanceof(req, http.IncomingMessage))
    t:ok(core.instanceof(res, http.ServerResponse))
    res:setHeader('Content-Type', 'text/plain')
    res:finish('Hello')
    t:equal(res.finished, true)
    t:equal(res.headersSent, true)
  end)
  local conn = connect(t, port)
  conn:send('GET /a?b=c HTTP/1.1\r\nHost: x\r\nUser-Agent: me\r\n\r\n')
  local answer = conn:read('Hello$')
  t:match(answer, '^HTTP/1.1 200 OK\r\n')
  t:match(answer, '\r\nContent%-Type: text/plain\r\n')
  t:match(answer, '\r\nContent%-Length: 5\r\n')
  t:match(answer, '\r\nDate: %a+, %d%d %a+ %d+ [%d:]+ GMT\r\n')
end)

test('head and body leave in one write, also after a wait', function(t)
  local _, port = serve(t, function(_, res)
    t:sleep(1)
    res:writeHead(200, { ['Content-Type'] = 'text/plain' })
    res:write('one')
    res:finish()
  end)
  local chunks = 0
  local handle = uv.new_tcp()
  t:await(function(done) handle:connect('127.0.0.1', port, done) end)
  t:defer(function() handle:close() end)
  local first
  t:await(function(done)
    handle:write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    handle:read_start(function(_, chunk)
      chunks = chunks + 1
      first = first or chunk
      if chunk and chunk:find('0\r\n\r\n$') then done() end
    end)
  end)
  t:match(first, '\r\n\r\n3\r\none\r\n')
end)

test('statuses, reasons, and heads as pairs or by name', function(t)
  local _, port = serve(t, function(req, res)
    if req.url == '/pairs' then
      res:setHeader('X-Kept', 'yes')
      res:setHeader('X-Gone', 'no')
      res:writeHead(404, { { 'Set-Cookie', 'a=1' }, { 'Set-Cookie', 'b=2' }, { 'x-gone', 'over' } })
      res:finish('nothing')
    elseif req.url == '/reason' then
      res:writeHead(299, 'Fine', { ['Content-Length'] = 2 })
      res:finish('ok')
    elseif req.url == '/list' then
      res:setHeader('Set-Cookie', { 'a=1', 'b=2' })
      res.statusCode, res.statusMessage = 201, 'Made'
      res:finish()
    elseif req.url == '/own' then
      local headers = res.headers
      headers['X-One'] = '1'
      res:setHeader('X-Two', 2)
      t:equal(res:getHeader('x-one'), '1')
      t:equal(res:getHeader('x-two'), 2)
      res:removeHeader('X-ONE')
      res:finish()
    end
  end)
  local pairs = get(t, port, '/pairs')
  t:match(pairs, '^HTTP/1.1 404 Not Found\r\n')
  t:match(pairs, 'X%-Kept: yes\r\n')
  t:match(pairs, 'Set%-Cookie: a=1\r\nSet%-Cookie: b=2\r\nx%-gone: over\r\n')
  t:ok(not pairs:find('X-Gone', 1, true))
  t:match(get(t, port, '/reason'), '^HTTP/1.1 299 Fine\r\n.*\r\n\r\nok$')
  local list = get(t, port, '/list')
  t:match(list, '^HTTP/1.1 201 Made\r\n')
  t:match(list, 'Set%-Cookie: a=1\r\nSet%-Cookie: b=2\r\n')
  local own = get(t, port, '/own')
  t:match(own, 'X%-Two: 2\r\n')
  t:ok(not own:find('X-One', 1, true))
end)

test('setHeader, getHeader, removeHeader', function(t)
  local _, port = serve(t, function(_, res)
    t:equal(res:getHeader('A'), nil)
    res:removeHeader('A')
    t:equal(res:setHeader('A', 1), res)
    res:setHeader('B', 'two'):setHeader('C', 'three'):setHeader('D', true)
    t:equal(res:getHeader('b'), 'two')
    res:setHeader('b', 'zwei')
    t:equal(res:getHeader('B'), 'zwei')
    res:removeHeader('c')
    t:equal(res:getHeader('C'), nil)
    res:setHeader('A', nil)
    t:equal(res:getHeader('A'), nil)
    t:raises(function() res:setHeader(1, 2) end, 'a name is a string')
    t:raises(function() res:writeHead(200, 'OK', 'text') end, 'headers must be a table')
    res:writeHead(200)
    t:raises(function() res:setHeader('A', 1) end, 'the head has been sent')
    t:raises(function() res:removeHeader('A') end, 'the head has been sent')
    t:raises(function() res:writeHead(200) end, 'the head has been sent')
    res:finish()
  end)
  t:match(get(t, port), 'b: zwei\r\nD: true\r\n')
end)

test('sendDate and keepAlive', function(t)
  local _, port = serve(t, function(_, res)
    res.sendDate = false
    res.keepAlive = false
    res:finish('x')
  end)
  local conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  local answer = conn:readEnd()
  t:ok(not answer:find('Date:', 1, true))
  t:match(answer, 'Connection: close\r\n')
end)

test('keep-alive, pipelining and HEAD', function(t)
  local server, port = serve(t, function(req, res)
    if req.url == '/slow' then t:sleep(5) end
    res:finish(req.method .. req.url)
  end)
  local conn = connect(t, port)
  conn:send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\nHEAD /b HTTP/1.1\r\nHost: x\r\n\r\n'
    .. 'GET /c HTTP/1.1\r\nHost: x\r\n\r\n')
  local all = conn:read('GET/c$')
  t:match(all, 'GET/slowHTTP/1.1 200 OK\r\n.-Content%-Length: 6\r\n\r\nHTTP/1.1 200 OK.*GET/c$')
  t:equal(server:getConnections(), 1)
  local counted
  server:getConnections(function(_, count) counted = count end)
  conn:send('GET /d HTTP/1.0\r\n\r\n')
  t:match(conn:readEnd(), 'GET/d$')
  t:equal(counted, 1)
end)

test('bodies: whole, in pieces, chunked with trailers', function(t)
  local _, port = serve(t, function(req, res)
    if req.url == '/all' then
      res:finish(assert(req:readAll()))
    elseif req.url == '/pieces' then
      for piece in req:chunks() do
        res:write('<' .. piece .. '>')
      end
      res:finish()
    else
      local parts = {}
      req:on('data', function(chunk) parts[#parts + 1] = chunk end)
      req:on('end', function()
        t:equal(req.complete, true)
        res:finish(table.concat(parts) .. (req.trailers and req.trailers.check or ''))
      end)
    end
  end)
  local conn = connect(t, port)
  conn:send('POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde')
  t:match(conn:read('abcde$'), 'Content%-Length: 5')
  conn:send('POST /all HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n')
  t:sleep(2)
  conn:send('abc')
  t:sleep(2)
  conn:send('def')
  conn:read('abcdef$')
  conn:send('POST /pieces HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nab')
  conn:read('<ab>\r\n')
  conn:send('cdef')
  t:match(conn:read('0\r\n\r\n'), '<cdef>')
  conn:send('POST /c HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n')
  t:sleep(1)
  conn:send('2\r\nde\r\n0\r\nCheck: sum\r\n\r\n')
  conn:read('abcdesum$')
  conn:send('POST /none HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n')
  conn:read('Content%-Length: 0\r\n\r\n')
end)

test('a body nobody reads is dropped, and the connection goes on', function(t)
  local _, port = serve(t, function(req, res) res:finish(req.url) end)
  local conn = connect(t, port)
  conn:send('POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n' .. ('x'):rep(1000))
  conn:read('/a$')
  conn:send(('x'):rep(99000) .. 'GET /b HTTP/1.1\r\nHost: x\r\n\r\n')
  conn:read('/b$')
end)

test('writes: chunked, with a length, corked, with callbacks', function(t, expect)
  local _, port = serve(t, function(req, res)
    if req.url == '/chunked' then
      t:equal(res:write('ab', expect(function() end)), true)
      res:write('')
      res:write(12)
      res:addTrailers({ ['X-Sum'] = '4' })
      res:finish('!', expect(function() end))
    elseif req.url == '/length' then
      res:setHeader('Content-Length', 4)
      res:write('ab')
      res:flushHeaders()
      res:finish('cd')
    elseif req.url == '/corked' then
      res:cork()
      res:write('a', expect(function() end))
      res:write('b')
      res:uncork()
      res:cork()
      res:write('c')
      res:_end('d')
    elseif req.url == '/flush' then
      res:flushHeaders()
      t:equal(res.headersSent, true)
      t:sleep(2)
      res['end'](res, 'late')
    end
  end)
  t:match(get(t, port, '/chunked'), '\r\n\r\n2\r\nab\r\n2\r\n12\r\n1\r\n!\r\n0\r\nX%-Sum: 4\r\n\r\n$')
  t:match(get(t, port, '/length'), 'Content%-Length: 4\r\n.*\r\n\r\nabcd$')
  t:match(get(t, port, '/corked'), '\r\n\r\n2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n$')
  local conn = connect(t, port)
  conn:send('GET /flush HTTP/1.1\r\nHost: x\r\n\r\n')
  conn:read('\r\n\r\n')
  t:equal(conn.got, '')
  conn:read('4\r\nlate\r\n0\r\n\r\n')
end)

test('interim responses and 100 Continue', function(t)
  local _, port = serve(t, function(req, res)
    if req.url == '/early' then
      res:writeInformational(103, { Link = '</a.css>' })
      res:finish('done')
    elseif req.url == '/ask' then
      res:writeContinue()
      res:finish(req:readAll())
    elseif req.url == '/wait' then
      res:finish(req:readAll())
    else
      res.statusCode = 417
      res:finish()
    end
  end)
  t:match(get(t, port, '/early'), '^HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK')
  for _, path in ipairs { '/ask', '/wait' } do
    local conn = connect(t, port)
    conn:send('POST ' .. path .. ' HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
    conn:read('^HTTP/1.1 100 Continue\r\n\r\n')
    conn:send('ok')
    conn:read('ok$')
  end
  local conn = connect(t, port)
  conn:send('POST /no HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n')
  local refused = conn:readEnd()
  t:match(refused, '^HTTP/1.1 417 Expectation Failed\r\n')
  t:match(refused, 'Connection: close')
end)

test('events of the response', function(t, expect)
  local _, port = serve(t, function(req, res)
    res:on('finish', expect(function() end))
    res:once('close', expect(function() end))
    res:finish('x')
    if req.url == '/late' then
      t:equal(res:finish('again'), res)
    end
  end)
  get(t, port)
  local _, other = serve(t, function(_, res)
    res:finish('x')
    res:on('finish', expect(function() end)) -- too late is not
  end)
  get(t, other)
end)

test('a write after the end is an error event', function(t, expect)
  local _, port = serve(t, function(_, res)
    res:on('error', expect(function(err) t:equal(err.code, 'EPIPE') end, 2))
    res:finish('x')
    t:equal(res:write('y', expect(function(err) t:equal(err.code, 'EPIPE') end)), false)
    res:finish('z')
  end)
  t:match(get(t, port), '\r\n\r\nx$')
end)

test('what cannot be sent is an error event, and a 500', function(t, expect)
  local seen = {}
  local _, port = serve(t, function(req, res)
    res:on('error', expect(function(err) seen[#seen + 1] = err.code .. ' ' .. err.message end))
    if req.url == '/split' then
      res:setHeader('X', 'a\r\nSet-Cookie: evil')
    elseif req.url == '/name' then
      res:setHeader('X Y', 'a')
    elseif req.url == '/status' then
      res.statusCode = 99
    elseif req.url == '/length' then
      res:setHeader('Content-Length', 3)
    elseif req.url == '/value' then
      res:setHeader('X', function() end)
    end
    res:finish('x')
  end)
  for _, path in ipairs { '/split', '/name', '/status', '/length', '/value' } do
    t:match(get(t, port, path), '^HTTP/1.1 500 Internal Server Error\r\n', path)
  end
  t:equal(#seen, 5)
  for _, text in ipairs(seen) do t:match(text, '^EINVAL response EINVAL: ') end
end)

test('back-pressure: write() gives false, drain follows, writeAll waits', function(t, expect)
  local block = ('x'):rep(256 * 1024)
  local most, drains, blocks = 0, 0, 64
  local _, port = serve(t, function(req, res)
    if req.url == '/drain' then
      local left = blocks
      local function more()
        while left > 0 do
          left = left - 1
          if not res:write(block) then return end
        end
        res:finish()
      end
      res:on('drain', function()
        drains = drains + 1
        more()
      end)
      return more()
    end
    for _ = 1, blocks do
      t:equal(assert(res:writeAll(block)), true)
      most = math.max(most, collectgarbage('count'))
    end
    res:finish()
  end)
  for _, path in ipairs { '/drain', '/straight' } do
    local handle = uv.new_tcp()
    t:await(function(done) handle:connect('127.0.0.1', port, done) end)
    local total = 0
    t:await(function(done)
      handle:write('GET ' .. path .. ' HTTP/1.0\r\n\r\n')
      handle:read_start(function(_, chunk)
        if not chunk then
          handle:close()
          return done()
        end
        local head = total == 0 and chunk:match('^.-\r\n\r\n') or ''
        total = total + #chunk - #head
      end)
    end)
    t:equal(total, blocks * #block)
  end
  t:ok(drains > 0)
  t:ok(most < 12 * 1024, 'held ' .. most .. ' KiB')
end)

test('back-pressure of an upload: who does not read is not sent to', function(t)
  local go
  local _, port = serve(t, function(req, res)
    t:await(function(done) go = done end)
    local size = 0
    for chunk in req:chunks() do size = size + #chunk end
    res:finish('got ' .. size)
  end)
  local conn = connect(t, port)
  local total, sent = 32 * 1024 * 1024, 0
  conn:send('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ' .. total .. '\r\n\r\n')
  local block = ('x'):rep(1024 * 1024)
  for _ = 1, 32 do
    conn.handle:write(block, function() sent = sent + #block end)
  end
  t:sleep(100)
  t:ok(sent < total, 'all was taken')
  t:ok(collectgarbage('count') < 48 * 1024)
  go()
  conn:read('got 33554432$')
end)

test('a client that goes away: aborted, close, errors of waiting readers', function(t, expect)
  local done, waits
  local _, port = serve(t, function(req, res)
    if req.url == '/wait' then
      waits = true
      req:on('aborted', expect(function() end))
      req:on('close', expect(function() end))
      res:on('close', expect(function()
        t:equal(res:write('x'), false) -- no error: the client is gone
        res:finish('x')
        done()
      end))
    elseif req.url == '/body' then
      local body, err = req:readAll()
      t:equal(body, nil)
      t:match(err.code, '^ECONN')
      done()
    end
  end)
  local conn = connect(t, port)
  conn:send('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n')
  while not waits do t:sleep(1) end
  t:await(function(d) done = d; conn.handle:close_reset(function() end) end)
  conn = connect(t, port)
  conn:send('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc')
  t:sleep(2)
  t:await(function(d) done = d; conn:close() end)
end)

test('half-closed clients get their answer', function(t)
  local _, port = serve(t, function(_, res)
    t:sleep(10)
    res:finish('still here')
  end)
  local conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  conn.handle:shutdown()
  t:match(conn:readEnd(), 'still here$')
end)

test('req.socket: addresses, close, destroy', function(t, expect)
  local peer, own, seen
  local _, port = serve(t, function(req, res)
    local socket = req.socket
    t:equal(socket, req.connection)
    t:equal(socket, res.socket)
    if seen then t:equal(socket, seen) end
    seen = socket
    peer, own = socket:address(), socket:getsockname()
    t:same(socket:getpeername(), peer)
    t:equal(socket.encrypted, false)
    t:equal(socket:version(), nil)
    t:equal(socket:nodelay(true), true)
    t:equal(socket:keepalive(true), true)
    t:equal(socket:setTimeout(10), socket)
    if req.url == '/bye' then
      socket:on('close', expect(function() t:equal(socket.destroyed, true) end))
      socket:destroy()
    else
      res:finish('x')
    end
  end)
  local conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  conn:read('x$')
  t:equal(own.port, port)
  t:equal(own.ip, '127.0.0.1')
  t:equal(peer.port, conn.handle:getsockname().port)
  t:equal(peer.family, 'inet')
  conn:send('GET /bye HTTP/1.1\r\nHost: x\r\n\r\n')
  t:equal(conn:readEnd(), '')
  local gone, err = seen:address()
  t:equal(gone, nil)
  t:equal(err.code, 'ENOTCONN')
end)

test('destroy of request and response break the connection off', function(t)
  local _, port = serve(t, function(req, res)
    if req.url == '/req' then req:destroy() else res:destroy() end
  end)
  t:equal(get(t, port, '/req'), '')
  t:equal(get(t, port, '/res'), '')
end)

test('a handler that raises reaches uncaughtException', function(t, expect)
  local _, port = serve(t, { responseTimeout = 30 }, function() error('oops') end)
  local listeners = process:listeners('uncaughtException')
  process:removeAllListeners('uncaughtException')
  process:once('uncaughtException', expect(function(err)
    t:match(tostring(type(err) == 'table' and err.message or err), 'oops')
  end))
  local answer = get(t, port)
  for _, listener in ipairs(listeners) do process:on('uncaughtException', listener) end
  t:match(answer, '^HTTP/1.1 503 Service Unavailable\r\n')
end)

test('time-outs: head, idle, body, response', function(t, expect)
  local _, port = serve(t, { headersTimeout = 40, keepAliveTimeout = 60, bodyTimeout = 40,
    responseTimeout = 40 }, function(req, res)
    if req.url == '/body' then
      local body, err = req:readAll()
      t:equal(body, nil)
      t:equal(err.code, 'ETIMEDOUT')
    elseif req.url == '/never' then
      res:on('close', expect(function() end))
    else
      res:finish('x')
    end
  end)
  local conn = connect(t, port)
  t:equal(conn:readEnd(), '', 'a connection without a byte')
  conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost:')
  t:match(conn:readEnd(), '^HTTP/1.1 408 Request Timeout\r\n')
  -- slow-loris: a byte now and then does not help
  conn = connect(t, port)
  local timer = uv.new_timer()
  timer:start(0, 5, function() conn.handle:write('G') end)
  t:match(conn:readEnd(), '^HTTP/1.1 4')
  timer:close()
  conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t:match(conn:readEnd(), '\r\n\r\nx$')
  conn = connect(t, port)
  conn:send('POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\na')
  t:match(conn:readEnd(), '^HTTP/1.1 408 Request Timeout\r\n')
  conn = connect(t, port)
  conn:send('GET /never HTTP/1.1\r\nHost: x\r\n\r\n')
  t:match(conn:readEnd(), '^HTTP/1.1 503 Service Unavailable\r\n')
end)

test('a client that does not read is given up', function(t, expect)
  local server, port = serve(t, { writeTimeout = 50 }, function(_, res)
    res:on('close', expect(function() end))
    res:write(('x'):rep(16 * 1024 * 1024))
  end)
  local handle = uv.new_tcp()
  t:await(function(done) handle:connect('127.0.0.1', port, done) end)
  t:defer(function() handle:close() end)
  handle:write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  while server:getConnections() == 0 do t:sleep(1) end
  while server:getConnections() > 0 do t:sleep(5) end
end)

test('limits, each at its edge', function(t)
  local _, port = serve(t, { maxHeaderSize = 200, maxHeadersCount = 3, maxTargetSize = 20,
    maxBodySize = 5, maxRequestsPerSocket = 2 }, function(req, res)
    res:finish(req:readAll())
  end)
  local function ask(text)
    local conn = connect(t, port)
    conn:send(text)
    conn.handle:shutdown()
    return conn:readEnd():match('^HTTP/1.1 (%d+)')
  end
  local function head(size)
    local start = 'GET / HTTP/1.1\r\nHost: x\r\nA: '
    return start .. ('a'):rep(size - #start - 4) .. '\r\n\r\n'
  end
  t:equal(ask(head(200)), '200')
  t:equal(ask(head(201)), '431')
  t:equal(ask('GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\n\r\n'), '200')
  t:equal(ask('GET / HTTP/1.1\r\nHost: x\r\nA: 1\r\nB: 2\r\nC: 3\r\n\r\n'), '431')
  t:equal(ask('GET /' .. ('a'):rep(19) .. ' HTTP/1.1\r\nHost: x\r\n\r\n'), '200')
  t:equal(ask('GET /' .. ('a'):rep(20) .. ' HTTP/1.1\r\nHost: x\r\n\r\n'), '414')
  t:equal(ask('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde'), '200')
  t:equal(ask('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabcdef'), '413')
  local conn = connect(t, port)
  for _ = 1, 3 do conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n') end
  local _, count = conn:readEnd():gsub('HTTP/1.1 200', '')
  t:equal(count, 2)
  t:raises(function() http.createServer({ maxBodySize = -1 }):listen(0) end, 'must not be negative')
end)

test('maxConnections', function(t)
  local server, port = serve(t, { maxConnections = 2 }, function(_, res) res:finish('x') end)
  local a, b = connect(t, port), connect(t, port)
  a:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  a:read('x$')
  b:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  b:read('x$')
  t:equal(server:getConnections(), 2)
  local c = connect(t, port)
  t:equal(c:readEnd(), '')
  a:close()
  while server:getConnections() == 2 do t:sleep(1) end
  c = connect(t, port)
  c:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  c:read('x$')
end)

test('a body of GET is no request (smuggling)', function(t)
  local urls = {}
  local _, port = serve(t, function(req, res)
    urls[#urls + 1] = req.url
    res:finish('x')
  end)
  local hidden = 'GET /hidden HTTP/1.1\r\nHost: x\r\n\r\n'
  local conn = connect(t, port)
  conn:send('GET /a HTTP/1.1\r\nHost: x\r\nContent-Length: ' .. #hidden .. '\r\n\r\n' .. hidden
    .. 'GET /b HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  conn:readEnd()
  t:same(urls, { '/a', '/b' })
  conn = connect(t, port)
  conn:send('POST /c HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n')
  t:match(conn:readEnd(), '^HTTP/1.1 400')
end)

test('graceful close: what runs is answered, idle ones end, then close', function(t, expect)
  local go
  local server, port = serve(t, function(req, res)
    if req.url == '/slow' then t:await(function(done) go = done end) end
    res:finish('done')
  end)
  local idle, busy = connect(t, port), connect(t, port)
  idle:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  idle:read('done$')
  busy:send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  while not go do t:sleep(1) end
  local closed
  server:once('close', expect(function() closed = true end))
  t:equal(server:close(expect(function() end)), server)
  server:close(expect(function() end))
  t:equal(server.listening, false)
  t:equal(idle:readEnd(), '')
  t:ok(not closed)
  go()
  local answer = busy:readEnd()
  t:match(answer, 'Connection: close\r\n')
  t:match(answer, 'done$')
  while not closed do t:sleep(1) end
  t:equal(server:getConnections(), 0)
  local address, err = server:address()
  t:equal(address, nil)
  t:equal(err.code, 'ENOTCONN')
  server:close(expect(function(why) t:equal(why.code, 'ENOTCONN') end))
  -- and it may listen again
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  t:match(get(t, server:address().port), 'done$')
end)

test('destroy breaks connections off', function(t, expect)
  local server, port = serve(t, function() end)
  local conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t:sleep(2)
  server:on('error', expect(function(err) t:equal(err, 'why') end))
  t:await(function(done) server:destroy('why', done) end)
  t:equal(conn:readEnd(), '')
end)

test('listen: events, arguments, errors', function(t, expect)
  local server = http.createServer(function(_, res) res:finish('x') end)
  t:ok(core.instanceof(server, http.Server))
  server:on('listening', expect(function() end))
  t:await(function(done) t:equal(server:listen(0, done), server) end)
  t:equal(server:address().ip, '0.0.0.0')
  local port = server:address().port
  server:listen(0)
  t:equal(server:wait('error').code, 'EALREADY')
  t:equal(server.listening, true, 'it goes on')
  local other = http.createServer()
  other:listen(port, '127.0.0.1', expect(function() end, 0))
  local err = other:wait('error') or select(2, other:wait('error', 1))
  t:equal(err.code, 'EADDRINUSE')
  t:match(tostring(err), 'listen EADDRINUSE 127.0.0.1:' .. port)
  t:equal(other.listening, false)
  t:raises(function() other:listen(70000) end, 'a port is a number up to 65535')
  server:close()
  local named = http.createServer({}, function(_, res) res:finish('x') end)
  t:await(function(done) named:listen({ port = 0, host = 'localhost' }, done) end)
  named:close()
  local nowhere = http.createServer()
  nowhere:listen(0, '192.0.2.1')
  nowhere:on('error', expect(function(e) t:equal(e.code, 'EADDRNOTAVAIL') end))
end)

test('unix sockets', function(t, expect)
  local path = os.tmpname()
  os.remove(path)
  local server = http.createServer(function(req, res)
    t:same(req.socket:getsockname(), { path = path })
    res:finish('by path')
  end)
  t:await(function(done) server:listen(path, done) end)
  t:same(server:address(), { path = path })
  local conn = connect(t, path)
  conn:send('GET / HTTP/1.0\r\n\r\n')
  t:match(conn:readEnd(), 'by path$')
  server:close(expect(function() end))
  local failing = http.createServer()
  failing:on('error', expect(function(err) t:match(err.code, '^E') end))
  failing:listen('/nonexistent/folder/socket')
end)

-- A server that answers an offer of "echo" with 101, by the event or by res:upgrade.
test('upgrades', function(t, expect)
  local server, port = serve(t, {}, function(req, res)
    t:equal(req.is_upgraded, false)
    if req.url == '/accept' then
      local socket, head = res:upgrade({ Upgrade = 'echo' })
      t:equal(head, 'early')
      socket:write('hello ' .. head)
      socket:on('data', function(chunk) socket:write(chunk) end)
      socket:on('end', function() socket:shutdown() end)
    elseif req.url == '/callback' then
      res:upgrade({ Upgrade = 'echo' }, expect(function(err, socket, head)
        t:equal(err, nil)
        t:equal(head, '')
        socket:_end('bye')
      end))
    elseif req.url == '/plain' then
      local socket, err = res:upgrade({ Upgrade = 'echo' })
      t:equal(socket, nil)
      t:equal(err.code, 'EPROTO')
      res:finish('plain')
    end
  end)
  local offer = ' HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n'
  local conn = connect(t, port)
  conn:send('GET /accept' .. offer .. 'early')
  t:match(conn:read('hello early$'),
    '^HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
  conn:send('more')
  conn:read('more$')
  conn.handle:shutdown()
  conn:readEnd()
  conn = connect(t, port)
  conn:send('GET /callback' .. offer)
  t:match(conn:readEnd(), '\r\n\r\nbye$')
  t:match(get(t, port, '/plain'), 'plain$')

  server:on('upgrade', expect(function(req, socket, head)
    t:equal(req.is_upgraded, true)
    t:equal(req.socket, socket)
    t:equal(req.headers.upgrade, 'echo')
    t:equal(head, 'xyz')
    t:equal(socket:getsockname().port, port)
    socket:write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\n\r\n')
    local line = socket:readLine()
    socket:_end('got ' .. line)
  end))
  conn = connect(t, port)
  conn:send('GET /' .. offer .. 'xyz')
  conn:read('\r\n\r\n')
  conn:send('a line\r\n')
  t:match(conn:readEnd(), 'got a line')

  server:on('connect', expect(function(req, socket, head)
    t:equal(req.url, 'example.org:443')
    t:equal(head, '')
    socket:_end('HTTP/1.1 200 Connection Established\r\n\r\n')
  end))
  conn = connect(t, port)
  conn:send('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n')
  t:match(conn:readEnd(), '^HTTP/1.1 200')
end)

test('CONNECT without a listener is refused, and no matter for the handler', function(t)
  local _, port = serve(t, function(_, res)
    res:finish('never')
  end)
  local conn = connect(t, port)
  conn:send('CONNECT example.org:443 HTTP/1.1\r\nHost: example.org:443\r\n\r\n')
  local answer = conn:readEnd()
  t:match(answer, '^HTTP/1.1 405 ')
  t:ok(not answer:find('never'))
end)

test('listen: a backlog in place of the host, as of net', function(t, expect)
  local server = http.createServer(function() end)
  server:listen(0, 16, expect(function()
    t:ok(server:address().port > 0)
    server:close()
  end))
  t:raises(function() http.createServer():listen(65536) end, 'http_server_test.lua.*up to 65535')
end)

test('setTimeout is the time a handler has', function(t)
  local server = http.createServer(function() end)
  t:equal(server:setTimeout(20), server)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  t:match(get(t, server:address().port), '^HTTP/1.1 503')
  server:close()
end)

test('the request event, with and without a handler', function(t, expect)
  local server, port = serve(t, nil, nil)
  t:match(get(t, port), '^HTTP/1.1 404 ')
  server:on('request', expect(function(req, res)
    t:sleep(1)
    res:finish(req.url)
  end))
  t:match(get(t, port, '/event'), '/event$')
end)

-- The same server over any stream: here a net.Socket.
local function serveStreams(t, handler)
  local net = require('net')
  local server = net.createServer({ allowHalfOpen = true }, function(socket)
    http.handleConnection(socket, handler)
  end)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  t:defer(function() server:destroy() end)
  return server:address().port
end

test('handleConnection: requests over any stream', function(t, expect)
  local port = serveStreams(t, function(req, res)
    if req.url == '/slow' then t:sleep(3) end
    if req.url == '/up' then
      local socket, head = res:upgrade({ Upgrade = 'echo' })
      socket:_end('hi ' .. head)
      return
    end
    res:setHeader('X-Method', req.method)
    res:finish(req.url .. (req:readAll() or ''))
  end)
  local conn = connect(t, port)
  conn:send('GET /slow HTTP/1.1\r\nHost: x\r\n\r\nPOST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc')
  t:match(conn:read('/babc$'), '/slowHTTP/1.1 200 OK\r\nX%-Method: POST\r\n')
  t:match(get(t, port, '/c'), '/c$')
  conn:send('nonsense\r\n\r\n')
  t:match(conn:readEnd(), '^HTTP/1.1 400')
  conn = connect(t, port)
  conn:send('GET /up HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\nthere')
  t:match(conn:readEnd(), '\r\n\r\nhi there$')
end)

test('handleConnection: back-pressure both ways, and a client that goes away', function(t, expect)
  local size = 8 * 1024 * 1024
  local gone, waits
  local port = serveStreams(t, function(req, res)
    if req.url == '/wait' then
      waits = true
      res:on('close', expect(function() gone() end))
      return
    end
    local got = 0
    for chunk in req:chunks() do
      got = got + #chunk
      assert(res:writeAll(chunk))
    end
    res:finish()
  end)
  local conn = connect(t, port)
  conn:send('POST / HTTP/1.0\r\nContent-Length: ' .. size .. '\r\n\r\n')
  local block = ('x'):rep(1024 * 1024)
  for _ = 1, 8 do conn:send(block) end
  local answer = conn:readEnd()
  t:equal(#answer - #answer:match('^.-\r\n\r\n'), size)
  conn = connect(t, port)
  conn:send('GET /wait HTTP/1.1\r\nHost: x\r\n\r\n')
  while not waits do t:sleep(1) end
  t:await(function(done) gone = done; conn.handle:close_reset(function() end) end)
end)

test('memory: what a server has answered leaves nothing behind', function(t)
  local _, port = serve(t, function(req, res)
    res:on('finish', function() end)
    res:setHeader('X', req.headers.host)
    if req.url == '/async' then t:sleep(0) end
    res:finish(req:readAll())
  end)
  local function round()
    local conn = connect(t, port)
    for i = 1, 200 do
      conn:send(('POST %s HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n%s')
        :format(i % 10 == 0 and '/async' or '/', ('x'):rep(100)))
      conn:read('x*$')
      conn.got = ''
    end
    conn:close()
  end
  local function held()
    collectgarbage()
    collectgarbage()
    return collectgarbage('count')
  end
  for _ = 1, 3 do round() end
  local before = held()
  for _ = 1, 10 do round() end
  local growth = held() - before
  t:ok(growth < 40, 'grew by ' .. growth .. ' KiB')
end)

test('read-ahead of the next request does not run before its turn', function(t)
  local order = {}
  local _, port = serve(t, function(req, res)
    order[#order + 1] = 'in ' .. req.url
    if req.url == '/1' then t:sleep(5) end
    order[#order + 1] = 'out ' .. req.url
    res:finish(req.url)
  end)
  local conn = connect(t, port)
  conn:send('GET /1 HTTP/1.1\r\nHost: x\r\n\r\nGET /2 HTTP/1.1\r\nHost: x\r\n\r\n')
  conn:read('/2$')
  t:same(order, { 'in /1', 'out /1', 'in /2', 'out /2' })
end)

test('a response may be made after the handler has returned, by anyone', function(t)
  local kept
  local _, port = serve(t, function(_, res) kept = res end)
  local conn = connect(t, port)
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  while not kept do t:sleep(1) end
  collectgarbage()
  kept:finish('late')
  conn:read('late$')
  local old = kept
  kept = nil
  conn:send('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  while not kept do t:sleep(1) end
  -- The first response cannot reach the second request.
  old:on('error', function(err) t:equal(err.code, 'EPIPE') end)
  t:equal(old:finish('again'), old)
  t:equal(old:write('again'), false)
  kept:finish('second')
  t:match(conn:read('second$'), '^HTTP/1.1 200 OK')
end)
