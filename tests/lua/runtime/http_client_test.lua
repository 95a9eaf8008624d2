local test = require('./harness')
local peers = require('./peers')
local core = require('core')
local http = require('http')
local net = require('net')
local client = require('http/client')

local response, script = peers.response, peers.script

local function url(port, path)
  return ('http://127.0.0.1:%d%s'):format(port, path or '/')
end

--------------------------------------------------------------------------------
-- The simplest requests

test('get: response, headers, data, end, close', function(t, expect)
  local port, heads = script(t, { 'HTTP/1.1 201 Fine\r\nX-A: 1\r\nContent-Length: 5\r\nx-b: 2\r\n\r\nhello' })
  local got, order = '', {}
  local req = http.get({ host = '127.0.0.1', port = port, path = '/a?b=c' }, expect(function(res)
    t:equal(res.statusCode, 201)
    t:equal(res.statusMessage, 'Fine')
    t:equal(res.httpVersion, '1.1')
    t:equal(res.headers['x-a'], '1')
    t:equal(res.headers['X-B'], '2')
    t:equal(res.headers[1][1], 'X-A')
    t:equal(#res.headers, 3)
    res:on('data', function(chunk) got = got .. chunk end)
    res:on('end', expect(function() order[#order + 1] = 'end' end))
    res:on('close', expect(function()
      order[#order + 1] = 'close'
      t:equal(got, 'hello')
      t:same(order, { 'end', 'close' })
    end))
  end))
  req:on('finish', expect(function() end))
  req:on('socket', expect(function(socket) t:ok(socket:address()) end))
  req:on('close', expect(function() end))
  req:wait('close')
  t:equal(heads[1].line, 'GET /a?b=c HTTP/1.1')
  t:equal(heads[1].headers.host, '127.0.0.1:' .. port)
  t:equal(heads[1].headers.connection, 'close')
  t:match(heads[1].headers['user-agent'], '^Virgo')
  t:equal(heads[1].headers['content-length'], nil)
end)

test('straight-line: getResponse, readAll, chunks', function(t)
  local port = script(t, { response('one'), response('two') })
  local res, err = http.request(url(port)):getResponse()
  t:ok(res, err)
  t:equal(res:readAll(), 'one')
  local parts = {}
  for chunk in http.request(url(port)):getResponse():chunks() do parts[#parts + 1] = chunk end
  t:equal(table.concat(parts), 'two')
end)

test('a refused connection, an unknown host, a wrong URL are errors with a code', function(t)
  local res, err = http.get(url(1)):getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'ECONNREFUSED')
  res, err = http.get('http://no-such-host.invalid/'):getResponse()
  t:equal(res, nil)
  t:match(tostring(err), 'no%-such%-host')
  for _, bad in ipairs { 'nonsense', 'http://', 'http://a:99999/', 'http://a:0/', 'ftp://a/', 'http://a b/',
    'http://[::1/', 'http://a:b/', 'http:///x', '' } do
    res, err = http.get(bad):getResponse()
    t:equal(res, nil, bad)
    t:equal(err.code, 'EINVAL', bad)
  end
  t:raises(function() http.request(7) end, 'options or a URL expected')
end)

test('an error without a listener is raised, not lost', function(t)
  local req = http.get(url(1))
  function req:missingHandlerType(name, err)
    if name == 'error' then
      self.seen = err.code
    end
  end
  t:await(function(done) req:on('close', done) end)
  t:equal(req.seen, 'ECONNREFUSED')
end)

test('options: hostname, host with a port, headers in both forms, lists of values, auth', function(t)
  local port, heads = script(t, { response('') })
  http.get({ host = '127.0.0.1:' .. port, headers = { ['X-One'] = 1, ['X-Two'] = { 'a', 'b' } }, auth = 'me:secret' }):getResponse():readAll()
  t:equal(heads[1].headers['x-one'], '1')
  t:equal(heads[1].headers['x-two'], 'b')
  t:equal(heads[1].headers.authorization, 'Basic bWU6c2VjcmV0')
  http.get({ hostname = '127.0.0.1', host = 'ignored', port = tostring(port), headers = { { 'Host', 'other' }, { 'User-Agent', 'mine' } } })
    :getResponse():readAll()
  t:equal(heads[2].headers.host, 'other')
  t:equal(heads[2].headers['user-agent'], 'mine')
  http.get((url(port, '/'):gsub('//', '//u%%3A:p%%40ss@'))):getResponse():readAll()
  t:equal(heads[3].headers.authorization, 'Basic ' .. 'dTo6cEBzcw==')
  http.get(url(port, '/ä b'), { method = 'OPTIONS' }):getResponse():readAll()
  t:equal(heads[4].line, 'OPTIONS /%C3%A4%20b HTTP/1.1')
end)

test('headers of a request: set, get, remove; what would split it is refused', function(t)
  local port, heads = script(t, { response('') })
  local req = http.request(url(port))
  req:setHeader('X-A', 'one')
  req:setHeader('x-a', 'two')
  req:setHeader('X-B', { 'p', 'q' })
  req:setHeader('X-C', 'gone')
  req:removeHeader('x-c')
  t:equal(req:getHeader('X-a'), 'two')
  t:same(req:getHeader('X-B'), { 'p', 'q' })
  t:equal(req:hasHeader('x-c'), false)
  t:same(req:getHeaderNames(), { 'User-Agent', 'x-a', 'X-B', 'X-B' })
  req:getResponse():readAll()
  t:equal(heads[1].headers['x-a'], 'two')
  t:raises(function() req:setHeader('X', 'late') end, 'the head has been sent')
  for _, bad in ipairs { { 'X', 'a\r\nEvil: 1' }, { 'X y', 'a' }, { 'X', 'a\0b' }, { 'X\n', 'a' }, { '', 'a' } } do
    local res, err = http.get({ port = port, headers = { bad } }):getResponse()
    t:equal(res, nil)
    t:equal(err.code, 'EINVAL')
  end
  local res, err = http.get({ port = port, method = 'G T' }):getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'EINVAL')
  http.get({ port = port, path = '/a\r\nEvil: 1' }):getResponse():readAll()
  t:equal(heads[2].line, 'GET /a%0D%0AEvil:%201 HTTP/1.1')
end)

--------------------------------------------------------------------------------
-- Bodies out

test('done(data) sends head and body with their length; write and done at once as well', function(t)
  local port, heads = script(t, { response('') })
  local req = http.request({ port = port, method = 'POST' })
  req:done('hello')
  req:getResponse():readAll()
  t:equal(heads[1].headers['content-length'], '5')
  t:equal(heads[1].headers.body, 'hello')
  req = http.request({ port = port, method = 'PUT' })
  req:write('ab')
  req:write('cd')
  req:done()
  req:getResponse():readAll()
  t:equal(heads[2].headers.body, 'abcd')
  t:equal(heads[2].headers['transfer-encoding'], nil)
  http.request({ port = port, method = 'POST' }):getResponse():readAll()
  t:equal(heads[3].headers['content-length'], '0')
end)

local function readChunked(socket)
  local parts = {}
  while true do
    local size = tonumber(socket:readLine(), 16)
    local chunk = peers.readExactly(socket, size)
    socket:readLine()
    if size == 0 then return table.concat(parts) end
    parts[#parts + 1] = chunk
  end
end

test('a streamed body is chunked, or has the length that was announced', function(t)
  local port, heads = script(t, {
    function(socket, _, headers) return headers['transfer-encoding'] == 'chunked' and response(readChunked(socket)) end,
    function() return response('counted') end,
    function(socket) return response(readChunked(socket)) end,
  })
  local req = http.request({ port = port, method = 'POST' })
  req:flushHeaders()
  t:sleep(1)
  req:write('first ')
  t:sleep(1)
  req:write('second')
  t:equal(req:getResponse():readAll(), 'first second')
  req = http.request({ port = port, method = 'POST', headers = { ['Content-Length'] = 6 } })
  req:write('abc')
  t:sleep(1)
  req:done('def')
  t:equal(req:getResponse():readAll(), 'counted')
  t:equal(heads[2].headers.body, 'abcdef')
  req = http.request({ port = port }) -- GET with a body in pieces
  req:write(('odd'):rep(30000)) -- too much to wait for the end
  t:equal(#req:getResponse():readAll(), 90000)
end)

test('a body of another length than announced is an error', function(t)
  local port = script(t, { function() return nil end })
  local req = http.request({ port = port, method = 'POST', headers = { ['Content-Length'] = 3 } })
  req:write('abcd')
  local res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'EINVAL')
  req = http.request({ port = port, method = 'POST', headers = { ['Content-Length'] = 5 } })
  req:flushHeaders()
  req:write('abcd')
  res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'EINVAL')
end)

test('back-pressure of an upload: write gives false, drain follows', function(t, expect)
  local total = 0
  local port = peers.server(t, function(socket)
    local _, headers = peers.readHead(socket)
    t:sleep(20)
    peers.readExactly(socket, tonumber(headers['content-length']))
    socket:write(response('thanks'))
  end)
  local chunk = ('x'):rep(65536)
  local most = 256
  local req = http.request({ port = port, method = 'POST', headers = { ['Content-Length'] = most * #chunk } })
  local held, drains = false, 0
  local function more()
    while total < most do
      total = total + 1
      if not req:write(chunk) then
        held = true
        return
      end
    end
    req:done()
  end
  req:on('drain', function()
    drains = drains + 1
    more()
  end)
  req:on('finish', expect(function() end))
  more()
  t:ok(total < most, 'not all at once')
  local res = req:wait('response')
  t:equal(res:readAll(), 'thanks')
  t:ok(held and drains > 1)
end)

test('writeAll and pipe into a request', function(t)
  local port = script(t, { function(socket) return response(tostring(#readChunked(socket))) end })
  local req = http.request({ port = port, method = 'POST' })
  for _ = 1, 40 do
    t:ok(req:writeAll(('y'):rep(10000)))
  end
  t:equal(req:getResponse():readAll(), '400000')
  local source = require('stream').PassThrough:new()
  req = http.request({ port = port, method = 'POST' })
  source:pipe(req)
  for _ = 1, 10 do source:write(('z'):rep(1000)) end
  source:_end()
  t:equal(req:wait('response'):readAll(), '10000')
end)

test('Expect: 100-continue holds the body back', function(t, expect)
  local port, heads = script(t, {
    function(socket, _, headers)
      t:equal(headers.body, nil)
      socket:write('HTTP/1.1 103 Early\r\nX: y\r\n\r\n')
      socket:write('HTTP/1.1 100 Continue\r\n\r\n')
      return response(socket:readExactly(4))
    end,
  })
  port = peers.server(t, function(socket, n)
    local _, headers = peers.readHead(socket)
    t:equal(headers.expect, '100-continue')
    t:equal(headers['content-length'], '4')
    if n == 1 then
      socket:write('HTTP/1.1 103 Early\r\nX: y\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n')
      socket:write(response(socket:readExactly(4)))
    elseif n == 2 then
      socket:write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n')
      t:equal(socket:readAll(), '')
    else -- never says so
      socket:write(response(socket:readExactly(4)))
    end
  end)
  t:equal(#heads, 0)
  local function post(options)
    options.method, options.port, options.headers = 'POST', port, { Expect = '100-continue' }
    return http.request(options)
  end
  local req, seen = post {}, {}
  req:on('continue', expect(function() seen[#seen + 1] = 100 end))
  req:on('information', expect(function(info) seen[#seen + 1] = info.statusCode end, 2))
  req:done('body')
  t:equal(req:getResponse():readAll(), 'body')
  t:same(seen, { 103, 100, 100 })
  req = post {}
  req:on('finish', expect(function() end))
  req:done('body')
  t:equal(req:getResponse().statusCode, 417)
  req = post { continueTimeout = 5 }
  req:done('body')
  t:equal(req:getResponse():readAll(), 'body')
end)

test('an answer before the request was sent: the rest of the body is dropped', function(t, expect)
  local port = peers.server(t, function(socket)
    peers.readHead(socket)
    socket:write('HTTP/1.1 413 Too much\r\nContent-Length: 2\r\n\r\nno')
  end)
  local req = http.request({ port = port, method = 'POST' })
  req:on('error', function(err) t:failed(tostring(err)) end)
  req:write('some')
  local res = req:wait('response')
  t:equal(res.statusCode, 413)
  t:equal(res:readAll(), 'no')
  req:write('more', expect(function() end))
  req:done()
end)

--------------------------------------------------------------------------------
-- Bodies in

test('all framings of a response', function(t)
  local port = script(t, {
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nX-T: v\r\n\r\n',
    'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end',
    'HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nold',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
    'HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n', -- to HEAD
  })
  local res = http.get(url(port)):getResponse()
  t:equal(res:readAll(), 'abcde')
  t:equal(res.trailers['x-t'], 'v')
  t:equal(res.trailers[1][2], 'v')
  t:equal(http.get(url(port)):getResponse():readAll(), 'until the end')
  res = http.get(url(port)):getResponse()
  t:equal(res.httpVersion, '1.0')
  t:equal(res:readAll(), 'old')
  t:equal(http.get(url(port)):getResponse():readAll(), '')
  t:equal(http.get(url(port)):getResponse():readAll(), '')
  res = http.get(url(port)):getResponse()
  t:equal(res.statusMessage, '')
  t:equal(res:readAll(), '')
  res = http.get(url(port), { method = 'HEAD' }):getResponse()
  t:equal(res.headers['content-length'], '7')
  t:equal(res:readAll(), '')
end)

test('back-pressure of a download: the server has to wait', function(t)
  local sent, port = 0, nil
  local size = 64 * 1024 * 1024
  port = peers.server(t, function(socket)
    peers.readHead(socket)
    socket:write(('HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n'):format(size))
    local chunk = ('x'):rep(1024 * 1024)
    for _ = 1, 64 do
      if not socket:writeAll(chunk) then return end
      sent = sent + #chunk
    end
  end)
  local res = http.get(url(port)):getResponse()
  t:sleep(30)
  t:ok(sent < size, 'the server sent all of it to nobody')
  local got = 0
  for chunk in res:chunks() do got = got + #chunk end
  t:equal(got, size)
end)

test('readExactly beyond the high-water mark', function(t)
  local port = script(t, { response(('0123456789'):rep(100000)) })
  local res = http.get(url(port)):getResponse()
  t:equal(#res:readExactly(500000), 500000)
  t:equal(res:readExactly(3), '012')
  t:equal(#res:readAll(), 499997)
end)

test('a response nobody listens to is read and dropped', function(t)
  local port = script(t, { response(('x'):rep(1000000)) })
  local req = http.get(url(port))
  req:wait('close')
  t:equal(req.response.complete, true)
end)

test('responses that are not HTTP, or would be read differently by others, are refused', function(t)
  local bad = {
    'SSH-2.0-OpenSSH\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab',
    'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length : 1\r\n\r\na',
    'HTTP/1.1 200 OK\r\nX: a\r\n b\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcX',
    'HTTP/2.0 200 OK\r\n\r\n',
    'HTTP/1.1 20 OK\r\n\r\n',
    '\0\0\0\0\0\0\0\0\0\r\n\r\n',
  }
  local port = script(t, bad)
  for _, answer in ipairs(bad) do
    local req = http.get(url(port))
    local res, err = req:getResponse()
    if res then
      res, err = res:readAll()
    end
    t:equal(res, nil, answer)
    t:ok(core.instanceof(err, core.Error))
    t:equal(err.code, 'EPROTO', answer .. tostring(err))
  end
end)

test('limits: size of the head, number of headers, of interim answers', function(t)
  local many = {}
  for i = 1, 128 do many[i] = ('X-%d: y\r\n'):format(i) end
  local answers = {
    'HTTP/1.1 200 OK\r\nX: ' .. ('a'):rep(16384) .. '\r\n\r\n',
    'HTTP/1.1 200 OK\r\nX: ' .. ('a'):rep(1000) .. '\r\nContent-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n' .. table.concat(many) .. 'Content-Length: 0\r\n\r\n',
    'HTTP/1.1 200 OK\r\n' .. table.concat(many, '', 2) .. 'Content-Length: 0\r\n\r\n',
    ('HTTP/1.1 102 Wait\r\n\r\n'):rep(17) .. response(''),
    ('HTTP/1.1 102 Wait\r\n\r\n'):rep(16) .. response('ok'),
    response('12345'),
    response('12345'),
  }
  local port = script(t, answers)
  local function try(options)
    options = options or {}
    options.port = port
    local res, err = http.get(options):getResponse()
    if res then return res:readAll() end
    return nil, err.code
  end
  t:same({ try() }, { nil, 'EMSGSIZE' })
  t:same({ try { maxHeaderSize = 1000 } }, { nil, 'EMSGSIZE' })
  t:same({ try() }, { nil, 'EMSGSIZE' })
  t:equal(try(), '')
  t:same({ try() }, { nil, 'EMSGSIZE' })
  t:equal(try(), 'ok')
  t:equal(try { maxBody = 5 }, '12345')
  t:equal(try { maxBody = 4 }, nil)
end)

test('truncated responses: in the head, in a length, in chunks', function(t)
  local close = function(text)
    return function(socket)
      socket:write(text)
      socket:_end()
    end
  end
  local port = script(t, {
    close('HTTP/1.1 200 OK\r\nContent-'),
    close('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc'),
    close('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc'),
    close('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n'),
    close(''),
    function() return false end,
  })
  for i = 1, 6 do
    local res, err = http.get(url(port)):getResponse()
    if res then
      t:ok(i >= 2 and i <= 4, i)
      res, err = res:readAll()
    end
    t:equal(res, nil, i)
    t:equal(err.code, 'ECONNRESET', i .. tostring(err))
  end
end)

test('a truncated body: error of the response, or of the request; no end', function(t, expect)
  local text = 'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\nabc'
  local port = script(t, { text })
  local req = http.get(url(port), expect(function(res)
    res:on('end', expect(0))
    res:on('data', expect(function(chunk) t:equal(chunk, 'abc') end))
    res:on('error', expect(function(err) t:equal(err.code, 'ECONNRESET') end))
    res:on('close', expect(1))
  end))
  req:on('error', expect(0))
  req:wait('close')
  req = http.get(url(port), expect(function(res)
    res:on('data', function() end)
    res:on('end', expect(0))
  end))
  req:on('error', expect(function(err) t:equal(err.code, 'ECONNRESET') end))
  req:wait('close')
end)

test('destroy: before the connection, before the answer, amid the body', function(t, expect)
  local port, _, count = script(t, { function() return nil end, 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc' })
  local req = http.get(url(port))
  req:on('error', expect(function(err) t:equal(err.code, 'ECANCELED') end))
  req:on('close', expect(1))
  req:destroy()
  t:sleep(5)
  t:equal(count(), 0)
  req = http.get(url(port))
  req:wait('socket')
  t:sleep(5)
  req:destroy() -- nobody listens to error: none
  req = http.get(url(port))
  local res = req:getResponse()
  req:destroy(core.Error:new('enough', 'EMINE'))
  local body, err = res:readAll()
  t:equal(body, nil)
  t:equal(err.code, 'EMINE')
  req:destroy()
end)

--------------------------------------------------------------------------------
-- Time

test('setTimeout: an event, and the request goes on', function(t, expect)
  local port = script(t, { function(socket)
    t:sleep(30)
    return response('late')
  end })
  local req = http.get(url(port))
  req:setTimeout(5, expect(function() end))
  t:equal(req:getResponse():readAll(), 'late')
  req = http.get({ port = port, timeout = 5 })
  req:on('timeout', expect(function() req:destroy(core.Error:new('too slow', 'ESLOW')) end))
  local res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'ESLOW')
end)

test('headersTimeout and bodyTimeout: a silent server is an error', function(t)
  local port = script(t, {
    function() return nil end,
    function(socket)
      socket:write('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc')
    end,
    function(socket) -- slow, but it goes on
      socket:write('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n')
      for _ = 1, 5 do
        t:sleep(10)
        socket:write('x')
      end
    end,
  })
  local res, err = http.get({ port = port, headersTimeout = 20 }):getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'ETIMEDOUT')
  t:match(tostring(err), 'nothing for 20 ms, GET http://127.0.0.1')
  res, err = http.get({ port = port, bodyTimeout = 20 }):getResponse():readAll()
  t:equal(res, nil)
  t:equal(err.code, 'ETIMEDOUT')
  t:equal(http.get({ port = port, bodyTimeout = 2000 }):getResponse():readAll(), 'xxxxx')
end)

test('bodyTimeout does not run while it is the program that does not read', function(t)
  local port = script(t, { response(('x'):rep(4 * 1024 * 1024)) })
  local res = http.get({ port = port, bodyTimeout = 30 }):getResponse()
  t:sleep(100)
  t:equal(#(res:readAll() or ''), 4 * 1024 * 1024)
end)

--------------------------------------------------------------------------------
-- Agent

local function agentFor(t, options)
  options = options or {}
  if options.proxy == nil then options.proxy = false end
  local agent = http.Agent:new(options)
  t:defer(function() agent:destroy() end)
  return agent
end

test('Agent: connections are used again, and no more than maxSockets', function(t)
  local port, heads, count = script(t, { response('ok') })
  local agent = agentFor(t)
  for i = 1, 5 do
    local req = http.get({ port = port, agent = agent })
    t:equal(req:getResponse():readAll(), 'ok')
    t:equal(req.reusedSocket, i > 1)
  end
  t:equal(count(), 1)
  t:equal(heads[1].headers.connection, nil)
  t:same({ agent:counts() }, { 1, 1, 0 })
  agent = agentFor(t, { maxSockets = 2 })
  local done, first, most = 0, nil, 0
  for _ = 1, 10 do
    http.get({ port = port, agent = agent }, function(res)
      first = first or { agent:counts() }
      most = math.max(most, (agent:counts()))
      res:on('end', function() done = done + 1 end)
      res:resume()
    end)
  end
  while done < 10 do t:sleep(1) end
  t:same(first, { 2, 0, 8 })
  t:equal(most, 2)
  t:equal(count(), 3)
end)

test('Agent: idle connections are limited in number and time, and noticed when they close', function(t)
  local open = {}
  local port = peers.server(t, function(socket)
    open[#open + 1] = socket
    while peers.readHead(socket) do socket:write(response('ok')) end
  end)
  local agent = agentFor(t, { maxFreeSockets = 1, idleTimeout = 20 })
  local function two()
    local a, b = http.get({ port = port, agent = agent }), http.get({ port = port, agent = agent })
    t:equal(a:wait('response'):readAll(), 'ok')
    b:wait('close')
  end
  two()
  t:same({ agent:counts() }, { 1, 1, 0 })
  t:sleep(60)
  t:same({ agent:counts() }, { 0, 0, 0 })
  agent = agentFor(t)
  two()
  t:same({ agent:counts() }, { 2, 2, 0 })
  for _, socket in ipairs(open) do socket:destroy() end
  t:sleep(10)
  t:same({ agent:counts() }, { 0, 0, 0 })
end)

test('Agent: what cannot be used again is not: close, HTTP/1.0, Keep-Alive: timeout=0, stray bytes', function(t)
  local port, _, count = script(t, {
    response('a', 'Connection: close\r\n'),
    'HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nb',
    response('c', 'Keep-Alive: timeout=1\r\n'),
    function() return response('d') .. 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil' end,
    response('e'),
  })
  local agent = agentFor(t)
  for i, body in ipairs { 'a', 'b', 'c', 'd', 'e' } do
    t:equal(http.get({ port = port, agent = agent }):getResponse():readAll(), body)
    t:sleep(5)
    t:equal(count(), i)
  end
end)

test('Agent: a kept connection that is dead: requests that may be repeated are, once', function(t)
  local port, heads, count = script(t, {
    response('1'),
    function() return false end, -- dies under the second request, before a byte
    response('2'),
    function() return false end,
    function() return false end,
  })
  local agent = agentFor(t)
  local function get(options)
    options = options or {}
    options.port, options.agent = port, agent
    local req = http.request(options)
    req:done(options.body)
    local res, err = req:getResponse()
    return res and res:readAll(), err and err.code
  end
  t:equal(get(), '1')
  t:equal(get({ method = 'PUT', body = 'again' }), '2')
  t:equal(count(), 2)
  t:equal(heads[2].headers.body, 'again')
  t:equal(heads[3].headers.body, 'again')
  t:same({ get() }, { nil, 'ECONNRESET' }, 'repeated once, not more')
  t:equal(#heads, 5)
end)

test('Agent: a request that may not be repeated fails on a dead connection', function(t)
  local port = script(t, { response('1'), function() return false end, response('2') })
  local agent = agentFor(t)
  t:equal(http.get({ port = port, agent = agent }):getResponse():readAll(), '1')
  local req = http.request({ port = port, agent = agent, method = 'POST' })
  req:done('once')
  local res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'ECONNRESET')
end)

test('Agent: destroying requests, waiting ones too, leaves nothing', function(t, expect)
  local port = script(t, { function() return nil end })
  local agent = agentFor(t, { maxSockets = 1 })
  local first = http.get({ port = port, agent = agent })
  local second = http.get({ port = port, agent = agent })
  first:wait('socket')
  second:on('error', expect(function(err) t:equal(err.code, 'ECANCELED') end))
  second:destroy()
  t:same({ agent:counts() }, { 1, 0, 0 })
  first:destroy()
  t:sleep(1)
  t:same({ agent:counts() }, { 0, 0, 0 })
  t:raises(function() http.Agent:new({ maxSockets = 0 }) end, 'at least 1')
end)

test('Agent: a connection that fails makes way for those who wait', function(t)
  local agent = agentFor(t, { maxSockets = 1 })
  local codes = {}
  for i = 1, 3 do
    http.get({ port = 1, agent = agent }):on('error', function(err) codes[i] = err.code end)
  end
  while #codes < 3 do t:sleep(1) end
  t:same(codes, { 'ECONNREFUSED', 'ECONNREFUSED', 'ECONNREFUSED' })
  t:same({ agent:counts() }, { 0, 0, 0 })
end)

test('an idle connection of the global agent does not keep a program running', function(t)
  local port = script(t, { response('ok') })
  t:equal(http.fetch(url(port)).body, 'ok')
  t:same({ http.globalAgent:counts() }, { 1, 1, 0 })
  http.globalAgent:closeFree()
end)

--------------------------------------------------------------------------------
-- Other ways to connect

test('unix sockets', function(t)
  local path = os.tmpname()
  os.remove(path)
  local server = net.createServer({}, function(socket)
    local line, headers = peers.readHead(socket)
    socket:write(response(line .. ' ' .. headers.host))
    socket:_end()
  end)
  t:defer(function() server:close() os.remove(path) end)
  t:await(function(done) server:listen(path, done) end)
  t:equal(http.get({ socketPath = path, path = '/x' }):getResponse():readAll(), 'GET /x HTTP/1.1 localhost')
end)

test('upgrade: the socket is the program\'s, with what came behind the head', function(t, expect)
  local port = peers.server(t, function(socket)
    local _, headers = peers.readHead(socket)
    t:equal(headers.upgrade, 'echo')
    socket:write('HTTP/1.1 101 Switching\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\nrest')
    socket:write((socket:readExactly(4)) or '')
    socket:_end()
  end)
  local agent = agentFor(t)
  for i = 1, 2 do
    local req = http.get({ port = port, agent = i == 2 and agent or nil,
      headers = { Connection = 'Upgrade', Upgrade = 'echo' } })
    req:on('response', expect(0))
    local res, socket, head = req:wait('upgrade')
    t:equal(res.statusCode, 101)
    while #head < 4 do head = head .. socket:readExactly(4 - #head) end
    t:equal(head, 'rest')
    socket:write('ping')
    t:equal(socket:readExactly(4), 'ping')
    socket:destroy()
  end
  t:same({ agent:counts() }, { 0, 0, 0 })
  local req = http.get({ port = port, headers = { Connection = 'Upgrade', Upgrade = 'echo' } })
  local res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'EPROTO')
end)

-- A proxy: CONNECT, and whole URLs of http. Notes what it was asked.
local function proxy(t, asked, refuse)
  return (peers.server(t, function(socket)
    local line, headers = peers.readHead(socket)
    if not line then return end
    asked[#asked + 1] = { line = line, auth = headers['proxy-authorization'], headers = headers }
    if refuse then
      socket:write('HTTP/1.1 407 Who are you\r\nContent-Length: 0\r\n\r\n')
      return
    end
    local host, port = line:match('^CONNECT ([^:]+):(%d+) ')
    if not host then
      return socket:write(response('by proxy'))
    end
    local other = net.connect({ host = host, port = port })
    other:wait('connect')
    socket:write('HTTP/1.1 200 Fine\r\n\r\n')
    socket:pipe(other)
    other:pipe(socket)
    other:on('error', function() end)
    socket:on('close', function() other:destroy() end)
    other:on('close', function() socket:destroy() end)
  end))
end

test('CONNECT: a tunnel by hand', function(t, expect)
  local port = peers.server(t, function(socket) socket:write(socket:readExactly(4):upper()) end)
  local asked = {}
  local through = proxy(t, asked)
  local req = http.request({ port = through, method = 'CONNECT', path = '127.0.0.1:' .. port })
  req:on('response', expect(0))
  req:done()
  local res, socket, head = req:wait('connect')
  t:equal(res.statusCode, 200)
  t:equal(head, '')
  socket:write('ping')
  t:equal(socket:readExactly(4), 'PING')
  socket:destroy()
  t:equal(asked[1].line, ('CONNECT 127.0.0.1:%d HTTP/1.1'):format(port))
end)

local VARIABLES = { 'http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY',
  'no_proxy', 'NO_PROXY', 'REQUEST_METHOD' }

local function environment(t, values)
  local before = {}
  for _, name in ipairs(VARIABLES) do
    before[name] = process.env[name] or false
    process.env[name] = values[name]
  end
  t:defer(function()
    for name, value in pairs(before) do process.env[name] = value or nil end
  end)
end

test('proxies by environment, for fetch and agents', function(t)
  local port = script(t, { response('direct') })
  local asked = {}
  local through = proxy(t, asked)
  environment(t, { http_proxy = ('http://me:pass@127.0.0.1:%d'):format(through) })
  t:defer(function() http.globalAgent:closeFree() end)
  t:equal(http.fetch('http://example.test:8080/a?b').body, 'by proxy')
  t:equal(asked[1].line, 'GET http://example.test:8080/a?b HTTP/1.1')
  t:equal(asked[1].headers.host, 'example.test:8080')
  t:equal(asked[1].auth, 'Basic bWU6cGFzcw==')
  process.env.no_proxy = '127.0.0.1'
  t:equal(http.fetch(url(port)).body, 'direct')
  process.env.no_proxy = ''
  t:equal(http.get(url(port)):getResponse():readAll(), 'direct', 'a request without agent has no proxy')
  t:equal(http.get(url(port), { proxy = true }):getResponse():readAll(), 'by proxy')
  t:equal(http.fetch(url(port), { agent = agentFor(t, { proxy = false }) }).body, 'direct')
  process.env.http_proxy = 'socks5://127.0.0.1:1'
  local res, err = http.fetch(url(port))
  t:equal(res, nil)
  t:equal(err.code, 'EPROTONOSUPPORT')
end)

test('which proxy, and for whom none', function(t)
  local proxies = require('http/proxy')
  local function which(values, secure)
    environment(t, values)
    local found = proxies.fromEnvironment(secure or false, 'a.example.com', 80)
    return found and found.host .. ':' .. found.port
  end
  t:equal(which({}), nil)
  t:equal(which({ http_proxy = 'p1:1', HTTP_PROXY = 'p2:2' }), 'p1:1')
  t:equal(which({ HTTP_PROXY = 'p2:2' }), 'p2:2')
  t:equal(which({ HTTP_PROXY = 'p2:2', REQUEST_METHOD = 'GET' }), nil)
  t:equal(which({ http_proxy = 'p1:1', REQUEST_METHOD = 'GET' }), 'p1:1')
  t:equal(which({ http_proxy = 'p1:1' }, true), nil)
  t:equal(which({ HTTPS_PROXY = 'https://p3' }, true), 'p3:443')
  t:equal(which({ all_proxy = 'p4' }), 'p4:80')
  t:equal(which({ http_proxy = 'p1:1', no_proxy = 'x, .example.com' }), nil)
  local function excluded(list, host, port) return proxies.excluded(list, host, port or 80) end
  for _, case in ipairs {
    { '*', 'anything', true },
    { 'example.com', 'example.com', true }, { 'example.com', 'a.example.com', true },
    { 'example.com', 'notexample.com', false }, { '.example.com', 'example.com', true },
    { '*.example.com', 'a.example.com', true }, { 'EXAMPLE.com', 'A.Example.COM', true },
    { 'example.com.', 'example.com', true }, { 'a b,c', 'b', true },
    { 'example.com:80', 'example.com', true }, { 'example.com:81', 'example.com', false },
    { '10.0.0.0/8', '10.255.0.1', true }, { '10.0.0.0/8', '11.0.0.1', false },
    { '192.168.1.0/25', '192.168.1.127', true }, { '192.168.1.0/25', '192.168.1.128', false },
    { '10.0.0.1', '10.0.0.1', true }, { '0.0.1', '10.0.0.1', false },
    { '::1', '::1', true }, { '[::1]', '::1', true }, { '[::1]:81', '::1', false },
    { '2001:db8::/32', '2001:db8:1::5', true }, { '2001:db8::/32', '2001:db9::1', false },
    { '::1', '0:0:0:0:0:0:0:1', true }, { '', 'x', false }, { '/', 'x', false }, { '.', 'x', false },
    { '10.0.0.0/99', '10.0.0.0', true }, { 'x/8', 'x', false },
  } do
    t:equal(excluded(case[1], case[2]), case[3], case[1] .. ' ' .. case[2])
  end
end)

test('a proxy that refuses is an error with its status', function(t)
  local asked = {}
  local through = proxy(t, asked, true)
  local req = http.get({ host = 'example.test', protocol = 'https', proxy = 'http://127.0.0.1:' .. through })
  local res, err = req:getResponse()
  t:equal(res, nil)
  t:equal(err.code, 'EPROXY')
  t:equal(err.status, 407)
  t:match(tostring(err), "'example.test:443' through the proxy '127.0.0.1:%d+' refused with 407 Who are you")
end)

--------------------------------------------------------------------------------
-- fetch

local function fetchFor(t, port, defaults)
  local agent = agentFor(t)
  return function(path, options)
    options = options or {}
    options.agent = agent
    for name, value in pairs(defaults or {}) do options[name] = value end
    return http.fetch(url(port, path), options)
  end
end

test('fetch: status, headers, body, json; callback form', function(t)
  local port, heads = script(t, {
    response('{"a":[1,2]}', 'Content-Type: application/json\r\n'),
    'HTTP/1.1 404 Nope\r\nContent-Length: 4\r\n\r\nnone',
    response('no json'),
  })
  local fetch = fetchFor(t, port)
  local res = fetch('/x', { json = { b = true } })
  t:equal(heads[1].line, 'POST /x HTTP/1.1')
  t:equal(heads[1].headers['content-type'], 'application/json')
  t:equal(heads[1].headers.body, '{"b":true}')
  t:equal(res.status, 200)
  t:equal(res.ok, true)
  t:equal(res.headers['content-type'], 'application/json')
  t:same(res:json(), { a = { 1, 2 } })
  t:equal(res.url, url(port, '/x'))
  res = fetch('/')
  t:equal(res.ok, false)
  t:equal(res.status, 404)
  t:equal(res.reason, 'Nope')
  t:equal(res.body, 'none')
  local value, err = fetch('/'):json()
  t:equal(value, nil)
  t:equal(err.code, 'EBADMSG')
  local failure, got = t:await(function(done)
    http.fetch(url(port), { redirects = 0, agent = agentFor(t) }, done)
  end)
  t:equal(failure, nil)
  t:equal(got.body, 'no json')
  failure, got = t:await(function(done) http.fetch(url(1), done) end)
  t:equal(failure.code, 'ECONNREFUSED')
  t:equal(got, nil)
  failure = t:await(function(done) http.fetch('gopher://x', done) end)
  t:equal(failure.code, 'EINVAL')
end)

local function redirect(status, location)
  return ('HTTP/1.1 %d Elsewhere\r\nLocation: %s\r\nContent-Length: 3\r\n\r\nxyz'):format(status, location)
end

test('fetch: redirects and what becomes of method and body', function(t)
  local port, heads, count = script(t, {
    redirect(301, '/b'), redirect(302, 'c/d?e'), redirect(307, '../f'), redirect(308, '?g#h'), response('there'),
    redirect(303, '/get'), response('got'),
    redirect(307, '/again'), response('posted'),
    redirect(302, '/get'), response('got'),
    redirect(303, '/head'), response(''),
  })
  local fetch = fetchFor(t, port)
  local res = fetch('/a')
  t:equal(res.body, 'there')
  t:equal(res.redirects, 4)
  t:equal(res.url, url(port, '/f?g'))
  local lines = {}
  for i, head in ipairs(heads) do lines[i] = head.line:match(' (%S+) ') end
  t:same(lines, { '/a', '/b', '/c/d?e', '/f', '/f?g' })
  t:equal(count(), 1, 'one connection')
  res = fetch('/', { method = 'PUT', body = 'data', headers = { ['Content-Type'] = 'x/y' } })
  t:equal(res.body, 'got')
  t:equal(heads[7].line, 'GET /get HTTP/1.1')
  t:equal(heads[7].headers['content-type'], nil)
  t:equal(heads[7].headers['content-length'], nil)
  t:equal(fetch('/', { method = 'POST', body = 'data' }).body, 'posted')
  t:equal(heads[9].line, 'POST /again HTTP/1.1')
  t:equal(heads[9].headers.body, 'data')
  t:equal(fetch('/', { method = 'POST', body = 'data' }).body, 'got')
  t:equal(heads[11].line, 'GET /get HTTP/1.1')
  fetch('/', { method = 'HEAD' })
  t:equal(heads[13].line, 'HEAD /head HTTP/1.1')
end)

test('fetch: not too many redirects, none with redirects = 0, bad ones are errors', function(t)
  local port, heads = script(t, { redirect(302, '/loop') })
  local fetch = fetchFor(t, port)
  local res, err = fetch('/')
  t:equal(res, nil)
  t:equal(err.code, 'ELOOP')
  t:equal(#heads, 11)
  res, err = fetch('/', { redirects = 2 })
  t:equal(err.code, 'ELOOP')
  t:equal(#heads, 14)
  res = fetch('/', { redirects = 0 })
  t:equal(res.status, 302)
  t:equal(res.body, 'xyz')
  port = script(t, { redirect(302, 'file:///etc/passwd'), redirect(302, 'http://'), redirect(302, 'http://a b/') })
  fetch = fetchFor(t, port)
  for _ = 1, 3 do
    res, err = fetch('/')
    t:equal(res, nil)
    t:equal(err.code, 'EINVAL')
  end
end)

test('fetch: credentials never go to another host', function(t)
  local other, otherHeads = script(t, { response('other') })
  local port, heads = script(t, { redirect(302, '/same'), redirect(302, ('http://127.0.0.1:%d/x'):format(other)) })
  local agent = agentFor(t)
  local res = http.fetch((url(port):gsub('//', '//user:pw@')), { agent = agent,
    headers = { Cookie = 'c=1', ['X-Key'] = 'stays', ['proxy-authorization'] = 'p' } })
  t:equal(res.body, 'other')
  t:equal(heads[1].headers.authorization, 'Basic dXNlcjpwdw==')
  t:equal(heads[2].headers.authorization, 'Basic dXNlcjpwdw==')
  t:equal(heads[2].headers.cookie, 'c=1')
  t:equal(otherHeads[1].headers.authorization, nil)
  t:equal(otherHeads[1].headers.cookie, nil)
  t:equal(otherHeads[1].headers['proxy-authorization'], nil)
  t:equal(otherHeads[1].headers['x-key'], 'stays')
  t:equal(otherHeads[1].headers.host, '127.0.0.1:' .. other)
  http.fetch(url(port), { agent = agent, headers = { authorization = 'Bearer t' }, auth = 'a:b' })
  t:equal(heads[3].headers.authorization, 'Bearer t')
  t:equal(otherHeads[2].headers.authorization, nil)
end)

test('fetch: max_body, exactly and one more, with and without a length', function(t)
  local port = script(t, {
    response('12345'), response('123456'),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n12345\r\n1\r\n6\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n',
  })
  local fetch = fetchFor(t, port)
  t:equal(fetch('/', { max_body = 5 }).body, '12345')
  local res, err = fetch('/', { max_body = 5 })
  t:equal(res, nil)
  t:equal(err.code, 'EMSGSIZE')
  t:equal(fetch('/', { max_body = 5 }).body, '12345')
  res, err = fetch('/', { max_body = 5 })
  t:equal(err.code, 'EMSGSIZE')
  res, err = fetch('/')
  t:equal(err.code, 'EMSGSIZE')
end)

test('fetch: timeout is for all of it; cancel', function(t)
  local port = script(t, {
    function() return nil end,
    function(socket)
      socket:write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n')
      for _ = 1, 100 do
        t:sleep(5)
        if socket.destroyed then return end
        socket:write('x')
      end
    end,
    function() return nil end,
  })
  local fetch = fetchFor(t, port)
  for _ = 1, 2 do
    local res, err = fetch('/', { timeout = 40 })
    t:equal(res, nil)
    t:equal(err.code, 'ETIMEDOUT')
  end
  local err = t:await(function(done)
    local running = http.fetch(url(port), { agent = agentFor(t) }, done)
    running:cancel()
  end)
  t:equal(err.code, 'ECANCELED')
end)

test('fetch: a body from a function or a stream is sent as it comes', function(t)
  -- What is over before the connection is there has a length, else it comes in chunks.
  local function bodyOf(socket, headers)
    return headers['transfer-encoding'] and readChunked(socket) or headers.body
  end
  local port = script(t, { function(socket, _, headers) return response(bodyOf(socket, headers)) end,
    function(socket, _, headers) return response(bodyOf(socket, headers)) end,
    function(socket, _, headers) bodyOf(socket, headers) return redirect(307, '/again') end })
  local fetch = fetchFor(t, port)
  local n = 0
  local function pieces()
    n = n + 1
    if n == 2 then t:sleep(2) end
    return n <= 3 and ('<%d>'):format(n) or nil
  end
  t:equal(fetch('/', { body = pieces }).body, '<1><2><3>')
  local source = require('stream').PassThrough:new()
  source:write('streamed')
  source:_end()
  t:equal(fetch('/', { body = source, method = 'PUT' }).body, 'streamed')
  n = 0
  local res, err = fetch('/', { body = pieces })
  t:equal(res, nil)
  t:equal(err.code, 'ENOTSUP')
  res, err = fetch('/', { body = {} })
  t:equal(err.code, 'EINVAL')
end)

test('fetch: to a file, to a stream; a download that fails leaves no file', function(t)
  local body = ('0123456789abcdef'):rep(200000)
  local port = script(t, {
    response(body), response(body),
    'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 100\r\n\r\nshort',
    'HTTP/1.1 404 Not here\r\nContent-Length: 4\r\n\r\nnone',
    response('x'),
  })
  local path = os.tmpname()
  t:defer(function() os.remove(path) end)
  local fetch = fetchFor(t, port)
  local res, err = fetch('/', { to = path })
  t:ok(res, err)
  t:equal(res.body, nil)
  local file = io.open(path, 'rb')
  t:ok(file:read('*a') == body)
  file:close()
  local sink, got = require('stream').PassThrough:new(), 0
  sink:on('data', function(chunk) got = got + #chunk end)
  t:equal(fetch('/', { to = sink }).status, 200)
  t:equal(got, #body)
  res, err = fetch('/', { to = path })
  t:equal(res, nil)
  t:equal(err.code, 'ECONNRESET')
  t:equal(io.open(path), nil)
  res = fetch('/', { to = path })
  t:equal(res.body, 'none')
  t:equal(io.open(path), nil)
  res, err = fetch('/', { to = '/no/such/folder/file' })
  t:equal(res, nil)
  t:equal(err.code, 'ENOENT')
end)

--------------------------------------------------------------------------------
-- Other programs

test('Node: keep-alive, chunked echo, trailers, HEAD', function(t)
  local port = peers.node(t, [[
    const http = require('http')
    let connections = 0
    const server = http.createServer((req, res) => {
      res.setHeader('X-Connections', connections)
      res.setHeader('X-Method', req.method)
      if (req.url === '/trailers') {
        res.writeHead(200, { Trailer: 'X-End' })
        res.write('a'); res.addTrailers({ 'X-End': 'yes' }); return res.end('b')
      }
      if (req.url === '/info') { res.writeEarlyHints({ link: '</x>; rel=preload' }) }
      if (req.headers.expect) res.setHeader('X-Expect', req.headers.expect)
      req.pipe(res)
    })
    server.on('connection', () => connections++)
    server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))
  ]])
  local agent = agentFor(t)
  local function ask(options)
    options.port, options.agent = port, agent
    return http.request(options)
  end
  local req = ask { method = 'POST' }
  req:flushHeaders()
  for i = 1, 50 do req:writeAll(('%d,'):format(i):rep(1000)) end
  local res = req:getResponse()
  t:equal(#res:readAll(), 9 * 2000 + 41 * 3000)
  res = ask({ path = '/trailers' }):getResponse()
  t:equal(res:readAll(), 'ab')
  t:equal(res.trailers['x-end'], 'yes')
  res = ask({ method = 'HEAD' }):getResponse()
  t:equal(res:readAll(), '')
  t:equal(res.headers['x-method'], 'HEAD')
  req = ask { path = '/info' }
  local info = req:done() and req:wait('information')
  t:equal(info.statusCode, 103)
  t:equal(req:getResponse():readAll(), '')
  req = ask { method = 'PUT', headers = { Expect = '100-continue' } }
  req:done(('q'):rep(100000))
  res = req:getResponse()
  t:equal(#res:readAll(), 100000)
  t:equal(res.headers['x-expect'], '100-continue')
  t:equal(res.headers['x-connections'], '1')
end)

test('python3 -m http.server: files', function(t)
  local port = peers.program(t, 'python3', { '-u', '-m', 'http.server', '0', '--bind', '127.0.0.1' },
    'port (%d+)', { cwd = '/usr/share/common-licenses' })
  local res = http.fetch(url(port, '/GPL-3'), { agent = agentFor(t) })
  t:equal(res.status, 200)
  t:equal(tonumber(res.headers['content-length']), #res.body)
  t:match(res.body, 'GNU GENERAL PUBLIC LICENSE')
  t:equal(http.fetch(url(port, '/no'), { agent = agentFor(t) }).status, 404)
end)

-- nginx with a configuration of its own; gives the port.
local function nginx(t, locations)
  local folder = os.tmpname()
  os.remove(folder)
  local probe = net.createServer(function() end)
  t:await(function(done) probe:listen(0, '127.0.0.1', done) end)
  local port = probe:address().port
  probe:close()
  os.execute('mkdir -p ' .. folder)
  t:defer(function() os.execute('rm -rf ' .. folder) end)
  local file = io.open(folder .. '/nginx.conf', 'w')
  file:write(([[
daemon off; master_process off; pid %s/pid; error_log stderr notice;
events { worker_connections 64; }
http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f;
  uwsgi_temp_path %s/u; scgi_temp_path %s/s; keepalive_timeout 5s;
  server { listen 127.0.0.1:%d; root %s; %s } }
]]):format(folder, folder, folder, folder, folder, folder, port, folder, locations))
  file:close()
  peers.program(t, '/usr/sbin/nginx', { '-c', folder .. '/nginx.conf', '-p', folder }, '(using the "epoll")')
  return port, folder
end

test('nginx: keep-alive, redirects, large files, ranges, limits', function(t)
  local port, folder = nginx(t, [[
    location = /old { return 301 /big; }
    location = /abs { return 302 http://127.0.0.1:$server_port/small; }
    client_max_body_size 1k;
    location = /upload { return 200 "taken"; }
  ]])
  local file = io.open(folder .. '/big', 'w')
  file:write(('0123456789'):rep(800000))
  file:close()
  file = io.open(folder .. '/small', 'w')
  file:write('tiny')
  file:close()
  local fetch = fetchFor(t, port)
  t:equal(#fetch('/old').body, 8000000)
  local res = fetch('/abs')
  t:equal(res.body, 'tiny')
  t:equal(res.redirects, 1)
  res = fetch('/big', { headers = { Range = 'bytes=5-9' } })
  t:equal(res.status, 206)
  t:equal(res.body, '56789')
  res = fetch('/upload', { method = 'POST', body = ('x'):rep(2000) })
  t:equal(res.status, 413)
  res = fetch('/nowhere')
  t:equal(res.status, 404)
  t:match(res.headers.server, '^nginx')
end)

test('getDefaultUserAgent, classes', function(t)
  t:match(http.getDefaultUserAgent(), '^Virgo')
  t:ok(core.instanceof(client.globalAgent, client.Agent))
  t:ok(core.instanceof(http.globalAgent, http.Agent))
end)
