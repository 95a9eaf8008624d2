local test = require('./harness')
local peers = require('./peers')
local core = require('core')
local https = require('https')
local net = require('net')

local made = peers.certificates()
local ca, otherCa = made.authority('ca'), made.authority('other')
local pair = made.certificate('server', 'ca', 'DNS:localhost,IP:127.0.0.1')
local named = made.certificate('named', 'ca', 'DNS:*.example.test')
local clientPair = made.certificate('client', 'ca')
local expired = made.certificate('expired', 'ca', 'DNS:localhost,IP:127.0.0.1', '-days -1')

local function listen(t, options, handler)
  local server = https.createServer(options, handler)
  t:defer(function() server:destroy() end)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  return server:address().port, server
end

local function echo(req, res)
  res:finish(req.method .. ' ' .. req.url)
end

test('createServer, request, get: both ends', function(t, expect)
  local port = listen(t, pair, function(req, res)
    local body = req:readAll()
    res:setHeader('X-Secure', tostring(req.socket.encrypted))
    res:finish(req.method .. ' ' .. req.url .. ' ' .. body)
  end)
  local res = https.get({ port = port, host = '127.0.0.1', path = '/a', ca = ca }):getResponse()
  t:equal(res:readAll(), 'GET /a ')
  t:ok(res.socket.encrypted)
  local req = https.request({ port = port, host = 'localhost', method = 'POST', ca = ca }, expect(function(answer)
    local got = ''
    answer:on('data', function(chunk) got = got .. chunk end)
    answer:on('end', expect(function() t:equal(got, 'POST / hello') end))
  end))
  req:done('hello')
  req:wait('close')
  res = https.request(('https://localhost:%d/x'):format(port), { ca = ca }):getResponse()
  t:equal(res:readAll(), 'GET /x ')
end)

test('large bodies both ways', function(t)
  local port = listen(t, pair, function(req, res)
    res:finish(req:readAll())
  end)
  local body = ('0123456789abcdef'):rep(250000)
  local req = https.request({ port = port, method = 'POST', ca = ca })
  req:done(body)
  t:ok(req:getResponse():readAll() == body)
end)

test('certificates that do not hold are errors that say why', function(t)
  local port = listen(t, pair, echo)
  local function try(options)
    options.port, options.host = port, options.host or '127.0.0.1'
    local res, err = https.get(options):getResponse()
    t:equal(res, nil)
    t:equal(err.code, 'ECERT', tostring(err))
    return tostring(err)
  end
  t:match(try({}), 'not signed by a certificate authority')
  t:match(try({ ca = otherCa }), 'not signed by')
  t:match(try({ ca = ca, servername = 'elsewhere.test' }), "not for 'elsewhere.test'")
  local res = https.get({ port = port, host = '127.0.0.1', rejectUnauthorized = false }):getResponse()
  t:equal(res:readAll(), 'GET /')
  local old = listen(t, expired, echo)
  port = old
  t:match(try({ ca = ca }), 'expired')
end)

test('no TLS at the other end', function(t)
  local port = peers.server(t, function(socket) socket:write('HTTP/1.0 400 What\r\n\r\n') end)
  local res, err = https.get({ port = port, host = '127.0.0.1' }):getResponse()
  t:equal(res, nil)
  t:ok(err.code == 'EPROTO' or err.code == 'ECONNRESET', tostring(err))
end)

test('names choose the certificate, and are checked', function(t)
  local port = listen(t, { key = pair.key, cert = pair.cert, hosts = { ['*.example.test'] = named } }, function(req, res)
    res:finish(req.headers.host)
  end)
  local res = https.get({ port = port, host = '127.0.0.1', servername = 'a.example.test', ca = ca }):getResponse()
  t:equal(res.socket:getPeerCertificate().subject.CN, 'named')
  t:equal(res:readAll(), '127.0.0.1:' .. port)
end)

test('certificates of clients', function(t)
  local port = listen(t, { key = pair.key, cert = pair.cert, ca = ca, requestCert = true }, echo)
  local res = https.get({ port = port, ca = ca, key = clientPair.key, cert = clientPair.cert }):getResponse()
  t:equal(res:readAll(), 'GET /')
  local err
  res, err = https.get({ port = port, ca = ca }):getResponse()
  t:equal(res, nil)
  t:ok(err.code)
end)

test('Agent: connections are kept by who they trust', function(t)
  local count = 0
  local port = listen(t, pair, function(_, res)
    count = count + 1
    res:finish(tostring(count))
  end)
  local agent = https.Agent:new({ ca = ca, proxy = false })
  t:defer(function() agent:destroy() end)
  local function get(options)
    options.port, options.agent, options.protocol = port, agent, 'https'
    local req = https.get(options)
    local res, err = req:getResponse()
    return res and res:readAll(), req.reusedSocket, err
  end
  t:same({ get({}) }, { '1', false })
  t:same({ get({}) }, { '2', true })
  local body, reused, err = get({ ca = otherCa })
  t:equal(body, nil)
  t:equal(reused, false)
  t:equal(err.code, 'ECERT')
  t:same({ get({ rejectUnauthorized = false }) }, { '3', false })
  t:same({ get({}) }, { '4', true })
end)

test('fetch over https; a redirect to http leaves credentials behind', function(t)
  local plain, heads = peers.script(t, { peers.response('plain') })
  local port = listen(t, pair, function(req, res)
    t:equal(req.headers.authorization, 'Basic dTpw')
    res.statusCode = 302
    res:setHeader('Location', ('http://127.0.0.1:%d/'):format(plain))
    res:finish()
  end)
  local res, err = https.fetch(('https://u:p@127.0.0.1:%d/'):format(port), { ca = ca, agent = false })
  t:ok(res, err)
  t:equal(res.body, 'plain')
  t:equal(heads[1].headers.authorization, nil)
end)

test('through a proxy: CONNECT, then TLS with the server', function(t)
  local port = listen(t, pair, echo)
  local asked = {}
  local proxy = peers.server(t, function(socket)
    local line, headers = peers.readHead(socket)
    asked[#asked + 1] = { line, headers['proxy-authorization'] }
    local host, to = line:match('^CONNECT ([^:]+):(%d+) ')
    local other = net.connect({ host = host, port = tonumber(to) })
    other:wait('connect')
    other:on('error', function() end)
    socket:write('HTTP/1.1 200 OK\r\n\r\n')
    socket:pipe(other)
    other:pipe(socket)
    socket:on('close', function() other:destroy() end)
    other:on('close', function() socket:destroy() end)
  end)
  local agent = https.Agent:new({ ca = ca, proxy = ('http://a:b@127.0.0.1:%d'):format(proxy) })
  t:defer(function() agent:destroy() end)
  for i = 1, 2 do
    local req = https.get({ port = port, host = '127.0.0.1', path = '/p', agent = agent })
    local res, err = req:getResponse()
    t:ok(res, err)
    t:equal(res:readAll(), 'GET /p')
    t:equal(req.reusedSocket, i == 2)
  end
  t:same(asked, { { ('CONNECT 127.0.0.1:%d HTTP/1.1'):format(port), 'Basic YTpi' } })
end)

test('a body cut without the end of TLS is not taken for complete', function(t)
  -- openssl's s_server ends the connection properly, so a tunnel cuts it.
  local port = listen(t, pair, function(_, res)
    res:setHeader('Content-Length', '100000')
    res:write(('x'):rep(10))
  end)
  local through = peers.server(t, function(socket)
    local other = net.connect({ host = '127.0.0.1', port = port })
    other:wait('connect')
    other:on('error', function() end)
    socket:on('data', function(chunk) other:write(chunk) end)
    local got = 0
    other:on('data', function(chunk)
      got = got + #chunk
      socket:write(chunk)
      if got > 1000 then
        other:destroy()
        socket:_end()
      end
    end)
  end)
  local res, err = https.get({ port = through, host = '127.0.0.1', ca = ca }):getResponse()
  if res then res, err = res:readAll() end
  t:equal(res, nil)
  t:ok(err.code, tostring(err))
end)

test('server: listen fails with an error event; close waits for the answer', function(t, expect)
  local port, server = listen(t, pair, function(_, res)
    t:sleep(20)
    res:finish('done')
  end)
  local second = https.createServer(pair, echo)
  second:on('error', expect(function(err) t:equal(err.code, 'EADDRINUSE') end))
  second:listen(port, '127.0.0.1')
  local req = https.get({ port = port, ca = ca })
  req:wait('finish')
  t:sleep(5)
  server:close(expect(function() end))
  t:equal(req:getResponse():readAll(), 'done')
  t:raises(function() https.createServer({ key = 'x', cert = 'y' }) end)
end)

--------------------------------------------------------------------------------
-- Other programs

test('Node as the server, Node as the client', function(t)
  local port = peers.node(t, ([[
    const https = require('https'), fs = require('fs')
    const server = https.createServer({ key: fs.readFileSync('%s'), cert: fs.readFileSync('%s') },
      (req, res) => req.pipe(res))
    server.listen(0, '127.0.0.1', () => console.log('port ' + server.address().port))
  ]]):format(pair.keyFile, pair.certFile))
  local req = https.request({ port = port, host = '127.0.0.1', method = 'POST', ca = ca })
  req:done(('n'):rep(200000))
  t:equal(#req:getResponse():readAll(), 200000)
  port = listen(t, pair, function(got, res)
    res:finish('virgo ' .. got.url .. ' ' .. #got:readAll())
  end)
  local text = peers.program(t, 'node', { '-e', ([[
    const https = require('https'), fs = require('fs')
    const req = https.request({ port: %d, host: '127.0.0.1', path: '/n', method: 'POST', ca: fs.readFileSync('%s/ca.pem') },
      res => { let s = ''; res.on('data', d => s += d); res.on('end', () => console.log('got ' + s + '.')) })
    req.end('x'.repeat(100000))
  ]]):format(port, made.folder) }, 'got ([^\n]*)%.')
  t:equal(text, 'virgo /n 100000')
end)

test('openssl s_server -www and curl', function(t)
  local probe = peers.server(t, function() end)
  local opened = net.createServer(function() end)
  t:await(function(done) opened:listen(0, '127.0.0.1', done) end)
  local port = opened:address().port
  t:await(function(done) opened:close(done) end)
  t:ok(probe)
  peers.program(t, 'openssl', { 's_server', '-accept', '127.0.0.1:' .. port, '-key', pair.keyFile, '-cert', pair.certFile,
    '-www' }, '(ACCEPT)')
  local res, err = https.fetch(('https://localhost:%d/'):format(port), { ca = ca, family = 4, agent = false })
  t:ok(res, err)
  t:equal(res.status, 200)
  t:match(res.body, 's_server')
  local own = listen(t, pair, echo)
  local text = peers.program(t, 'curl', { '-s', '--cacert', made.folder .. '/ca.pem',
    ('https://127.0.0.1:%d/curl'):format(own), '-w', '=%{http_code}=' }, '(.-=%d+=)')
  t:equal(text, 'GET /curl=200=')
end)

test('what https exports', function(t)
  t:equal(https.Agent, require('http').Agent)
  t:ok(core.instanceof(https.globalAgent, https.Agent))
  t:raises(function() https.request(1) end, 'options or a URL expected')
end)
