local test = require('./harness')
local core = require('core')
local net = require('net')
local stream = require('stream')
local tls = require('tls')
local lcrypto = require('tls/lcrypto')
local uv = require('uv')

--------------------------------------------------------------------------------
-- Certificates, made by openssl: an authority, and what it signs.

local folder = assert(uv.fs_mkdtemp('/tmp/virgo-tls-XXXXXX'))

local function at(name)
  return folder .. '/' .. name
end

local function openssl(command)
  assert(os.execute(('cd %s && openssl %s 2>>log'):format(folder, command)) == 0, command)
end

local function read(name)
  local file = assert(io.open(at(name)))
  local text = file:read('*a')
  file:close()
  return text
end

local function write(name, text)
  local file = assert(io.open(at(name), 'w'))
  file:write(text)
  file:close()
end

local KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'

local function authority(name)
  openssl(('req -x509 %s -keyout %s.key -out %s.pem -days 30 -subj "/CN=%s CA"'):format(KEY, name, name, name))
end

local function certificate(name, issuer, names)
  openssl(('req %s -keyout %s.key -out %s.csr -subj "/CN=%s/O=Example"'):format(KEY, name, name, name))
  write(name .. '.ext', names and 'subjectAltName=' .. names .. '\n' or '')
  openssl(('x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 30 -extfile %s.ext -out %s.pem')
    :format(name, issuer, issuer, name, name))
  return { key = read(name .. '.key'), cert = read(name .. '.pem') }
end

authority('ca')
authority('other')
local ca, otherCa = read('ca.pem'), read('other.pem')
local server = certificate('server', 'ca', 'DNS:localhost,IP:127.0.0.1')
local example = certificate('example', 'ca', 'DNS:*.example.com')
local client = certificate('client', 'ca')
local stranger = certificate('stranger', 'other')

test('cleanup of the folder', function()
  -- Deferred to the end of the program: everything reads its files at once.
  process:on('exit', function()
    os.execute('rm -rf ' .. folder)
  end)
end)

--------------------------------------------------------------------------------

local function merge(...)
  local all = {}
  for i = 1, select('#', ...) do
    for key, value in pairs((select(i, ...)) or {}) do
      all[key] = value
    end
  end
  return all
end

-- A server on a free port; closed with its connections when the test is over.
local function listen(t, options, listener)
  local made = tls.createServer(merge(server, options), listener)
  t:defer(function()
    made:destroy()
  end)
  made:listen(0, '127.0.0.1')
  return made, made:address().port
end

local function connect(t, port, options)
  local socket = tls.connect(merge({ port = port, host = 'localhost', ca = ca }, options))
  t:defer(function()
    socket:destroy()
  end)
  return socket
end

-- Connects and waits for the handshake: the socket, or nil and the error.
local function open(t, port, options)
  local socket = connect(t, port, options)
  local _, err = socket:wait('secureConnection')
  if err then
    return nil, err
  end
  return socket
end

local function ignore() end

local function echo(socket)
  socket:on('error', ignore) -- of a client that hangs up
  socket:pipe(socket)
end

test('with callbacks', function(t, expect)
  local _, port = listen(t, nil, expect(function(socket)
    t:ok(core.instanceof(socket, tls.TLSSocket))
    t:ok(core.instanceof(socket, net.Socket))
    t:equal(socket:version(), 'TLSv1.3')
    socket:on('data', expect(function(data)
      t:equal(data, 'hello')
      socket:write('world')
    end))
  end))
  local socket
  socket = tls.connect({ port = port, host = 'localhost', ca = ca }, expect(function()
    t:equal(socket.authorized, true)
    t:equal(socket.authorizationError, nil)
    t:equal(socket.encrypted, true)
    socket:write('hello')
  end))
  socket:on('data', expect(function(data)
    t:equal(data, 'world')
    socket:_end()
  end))
  socket:on('connect', expect(function() t:equal(socket:version(), nil) end))
  socket:on('secure', expect())
  socket:on('secureConnect', expect())
  socket:on('shutdown', expect())
  socket:on('end', expect())
  socket:on('close', expect(function(hadError)
    t:equal(hadError, false)
    t:equal(socket:version(), 'TLSv1.3')
    t:equal(socket.truncated, false)
  end))
end)

test('in straight lines', function(t)
  local _, port = listen(t, nil, function(socket)
    local line = socket:readLine()
    socket:writeAll('you said ' .. line .. '\n')
    socket:_end()
  end)
  local socket = assert(open(t, port))
  socket:writeAll('this\n')
  t:equal(socket:readLine(), 'you said this')
  t:equal(socket:readLine(), nil)
end)

test('the ways to call connect', function(t)
  local _, port = listen(t, nil, echo)
  for _, arguments in ipairs {
    { { port = port, host = 'localhost', ca = ca } },
    { port, 'localhost', { ca = ca } },
    { port, { host = 'localhost', ca = ca } },
    { port, { ca = ca } },
    { tostring(port), '127.0.0.1', { ca = ca } },
  } do
    local connected = false
    arguments[#arguments + 1] = function() connected = true end
    local socket = tls.connect(unpack(arguments))
    t:ok(socket:wait('secureConnection') == nil)
    t:ok(connected)
    socket:destroy()
  end
end)

test('what is written before the handshake waits for it', function(t)
  local _, port = listen(t, nil, echo)
  local socket = connect(t, port)
  socket:write('one ')
  socket:write('two ')
  socket:_end('three')
  t:equal(socket:readAll(), 'one two three')
end)

for _, version in ipairs { 'TLSv1.2', 'TLSv1.3' } do
  test('much data both ways, ' .. version, function(t)
    local _, port = listen(t, { maxVersion = version }, echo)
    local socket = assert(open(t, port))
    t:equal(socket:version(), version)
    local parts = {}
    for i = 1, 60000 do
      parts[i] = ('%07d %s;'):format(i, ('x'):rep(i % 97))
    end
    local all = table.concat(parts)
    local got = {}
    local size = 0
    socket:on('data', function(chunk)
      got[#got + 1] = chunk
      size = size + #chunk
    end)
    for from = 1, #all, 100000 do
      if not socket:write(all:sub(from, from + 99999)) then
        socket:wait('drain')
      end
    end
    socket:_end()
    socket:wait('close')
    t:equal(size, #all)
    t:ok(table.concat(got) == all)
  end)
end

test('who pauses is not overrun', function(t)
  local written, done = 0, false
  local _, port = listen(t, nil, function(socket)
    socket:setSendBufferSize(65536)
    local chunk = ('x'):rep(65536)
    for _ = 1, 1024 do
      socket:writeAll(chunk)
      written = written + #chunk
    end
    done = true
    socket:_end()
  end)
  local socket = assert(open(t, port))
  socket:setRecvBufferSize(65536)
  socket:pause()
  -- Until the buffers of the system are full.
  local before
  repeat
    before = written
    t:sleep(50)
  until before == written and written > 0
  t:ok(not done, 'the writer waits')
  local size = 0
  socket:on('data', function(chunk) size = size + #chunk end)
  socket:resume()
  socket:wait('end')
  t:equal(size, 1024 * 65536)
end)

--------------------------------------------------------------------------------
-- Who is who

test('the host name is checked', function(t, expect)
  local made, port = listen(t, nil, expect(nil, 0))
  made:on('tlsClientError', expect(function(err) t:equal(err.code, 'ECERT') end))
  local socket, err = open(t, port, { servername = 'elsewhere.example' })
  t:equal(socket, nil)
  t:equal(err.code, 'ECERT')
  t:match(err.message, "^tls localhost:%d+: the certificate is for 'localhost, 127.0.0.1', not for 'elsewhere.example'")
end)

test('an unknown authority is refused', function(t)
  local _, port = listen(t)
  local socket, err = open(t, port, { ca = otherCa })
  t:equal(socket, nil)
  t:equal(err.code, 'ECERT')
  t:match(err.message, 'is not signed by a certificate authority')
  -- The system's do not know it either.
  socket, err = open(t, port, { ca = false })
  t:equal(socket, nil)
  t:equal(err.code, 'ECERT')
end)

test('the check can be turned off, and is told', function(t)
  local _, port = listen(t, nil, echo)
  local socket = assert(open(t, port, { ca = otherCa, rejectUnauthorized = false }))
  t:equal(socket.authorized, false)
  t:match(socket.authorizationError, 'is not signed by')
  socket = assert(open(t, port, { servername = 'elsewhere.example', rejectUnauthorized = false }))
  t:equal(socket.authorized, false)
  t:match(socket.authorizationError, "not for 'elsewhere.example'")
  socket = assert(open(t, port, { rejectUnauthorized = false }))
  t:equal(socket.authorized, true)
end)

test('several authorities, and credentials', function(t)
  local _, port = listen(t, nil, echo)
  t:ok(open(t, port, { ca = { otherCa, ca } }))
  t:ok(open(t, port, { ca = otherCa .. ca }))
  local credential = tls.createCredentials():setCA(ca)
  t:ok(core.instanceof(credential, tls.Credential))
  local socket = tls.connect { port = port, host = 'localhost', secureContext = credential }
  t:defer(function() socket:destroy() end)
  t:ok(select(2, socket:wait('secureConnection')) == nil)
  credential:addRootCerts()
  t:ok(open(t, port, { secureContext = credential }))
  t:raises(function() tls.connect { port = port, secureContext = {} } end, 'createCredentials')
end)

test('the certificate of the peer', function(t)
  local _, port = listen(t, nil, echo)
  local socket = assert(open(t, port))
  local peer = socket:getPeerCertificate()
  t:same(peer.subject, { CN = 'server', O = 'Example' })
  t:same(peer.issuer, { CN = 'ca CA' })
  t:equal(peer.subjectaltname, 'DNS:localhost, IP Address:127.0.0.1')
  t:equal(peer.pem, server.cert)
  t:match(peer.fingerprint256, '^%x%x:' .. ('%x%x:'):rep(30) .. '%x%x$')
  t:match(peer.valid_to, '^%d+%-%d+%-%d+T%d+:%d+:%d+Z$')
  t:ok(peer.notBefore <= os.time() and os.time() < peer.notAfter)
  t:match(peer.serialNumber, '^%x+$')
  local printed = io.popen('openssl x509 -noout -fingerprint -sha256 -in ' .. at('server.pem')):read('*a')
  t:equal('sha256 Fingerprint=' .. peer.fingerprint256 .. '\n', printed)
  t:match(socket:getCipher().name, '^TLS_')
  t:equal(socket:getCipher().version, 'TLSv1.3')
end)

for _, version in ipairs { 'TLSv1.2', 'TLSv1.3' } do
  test('client certificates, ' .. version, function(t)
    local names = {}
    local made, port = listen(t, { requestCert = true, ca = ca, maxVersion = version }, function(socket)
      names[#names + 1] = socket:getPeerCertificate().subject.CN
      t:equal(socket.authorized, true)
      socket:write('welcome\n')
    end)
    local refused = {}
    made:on('tlsClientError', function(err) refused[#refused + 1] = err.message end)
    local socket = assert(open(t, port, client))
    t:equal(socket:readLine(), 'welcome')
    -- In TLS 1.3 the client has its handshake before the server has looked.
    for _, own in ipairs { stranger, {} } do
      local other = connect(t, port, own)
      local _, err = other:wait('end')
      t:ok(err, 'it hears that it was refused')
      -- TLS 1.2 has no alert for a certificate that is missing.
      t:equal(err.code, own == stranger and 'ECERT' or version == 'TLSv1.3' and 'ECERT' or 'EPROTO')
    end
    t:same(names, { 'client' })
    t:match(refused[1], "the client's certificate is not signed by")
    t:match(refused[2], 'the client has given no certificate')
  end)
end

test('client certificates that are only asked for', function(t)
  local seen = {}
  local _, port = listen(t, { requestCert = true, rejectUnauthorized = false, ca = ca }, function(socket)
    local peer = socket:getPeerCertificate()
    seen[#seen + 1] = { peer and peer.subject.CN, socket.authorized, socket.authorizationError ~= nil }
    socket:write('x\n')
  end)
  for _, own in ipairs { client, stranger, {} } do
    local socket = assert(open(t, port, own))
    socket:readLine()
  end
  t:same(seen, { { 'client', true, false }, { 'stranger', false, true }, { nil, false, false } })
end)

test('names choose the certificate', function(t)
  local made, port = listen(t, nil, function(socket)
    socket:write(socket:sni() .. ' ' .. socket.servername .. '\n')
  end)
  made:sni { ['*.example.com'] = example }
  for _, name in ipairs { 'www.example.com', 'localhost' } do
    local socket = assert(open(t, port, { servername = name }))
    t:equal(socket:getPeerCertificate().subject.CN, name == 'localhost' and 'server' or 'example')
    t:equal(socket:readLine(), name .. ' ' .. name)
    t:equal(socket:sni(), name)
  end
  local _, err = open(t, port, { servername = 'a.b.example.com' })
  t:equal(err.code, 'ECERT')
  t:raises(function() made:sni { x = { key = 'rubbish', cert = 'rubbish' } } end, 'the credentials for x: ')
end)

test('a server of hosts alone', function(t)
  local made = tls.createServer({ hosts = { ['*.example.com'] = example } }, echo)
  t:defer(function() made:destroy() end)
  made:listen(0, '127.0.0.1')
  t:ok(open(t, made:address().port, { servername = 'www.example.com' }))
end)

test('another certificate for later connections', function(t)
  local made, port = listen(t, nil, echo)
  local first = assert(open(t, port))
  made:setSecureContext(example)
  local second = assert(open(t, port, { servername = 'www.example.com' }))
  t:equal(first:getPeerCertificate().subject.CN, 'server')
  t:equal(second:getPeerCertificate().subject.CN, 'example')
end)

test('application protocols', function(t)
  local _, port = listen(t, { ALPNProtocols = { 'h2', 'http/1.1' } }, function(socket)
    socket:write((socket.alpnProtocol or 'none') .. '\n')
  end)
  for offered, agreed in pairs { ['http/1.1'] = 'http/1.1', h2 = 'h2' } do
    local socket = assert(open(t, port, { ALPNProtocols = { 'other', offered } }))
    t:equal(socket.alpnProtocol, agreed)
    t:equal(socket:readLine(), agreed)
  end
  local socket = assert(open(t, port))
  t:equal(socket.alpnProtocol, nil)
  t:equal(socket:readLine(), 'none')
  local _, err = open(t, port, { ALPNProtocols = { 'imap' } })
  t:equal(err.code, 'EPROTO')
end)

for _, version in ipairs { 'TLSv1.2', 'TLSv1.3' } do
  test('sessions are resumed, ' .. version, function(t)
    local _, port = listen(t, nil, function(socket)
      socket:write(tostring(socket:isSessionReused()) .. '\n')
      socket:_end()
    end)
    local function reused(options)
      local socket = assert(open(t, port, merge({ maxVersion = version }, options)))
      local theirs = socket:readLine()
      t:equal(tostring(socket:isSessionReused()), theirs)
      socket:wait('close')
      return theirs
    end
    t:equal(reused(), 'false')
    t:equal(reused(), 'true')
    t:equal(reused(), 'true')
    t:equal(reused { servername = '127.0.0.1' }, 'false')
    t:equal(reused { resumption = false }, 'false')
  end)
end

--------------------------------------------------------------------------------
-- Over other streams

test('STARTTLS over a socket', function(t)
  local plain = net.createServer(function(socket)
    t:equal(socket:readLine(), 'STARTTLS')
    socket:write('go\n')
    local secure = tls.TLSSocket:new(socket, merge(server, { isServer = true }))
    t:ok(select(2, secure:wait('secureConnection')) == nil)
    secure:writeAll('in private: ' .. secure:readLine() .. '\n')
    secure:_end()
  end)
  t:defer(function() plain:destroy() end)
  plain:listen(0, '127.0.0.1')
  local socket = net.connect(plain:address().port, '127.0.0.1')
  socket:write('STARTTLS\n')
  t:equal(socket:readLine(), 'go')
  local secure = tls.connect { socket = socket, servername = 'localhost', ca = ca }
  t:ok(select(2, secure:wait('secureConnection')) == nil)
  secure:write('hush\n')
  t:equal(secure:readLine(), 'in private: hush')
  t:equal(secure:readLine(), nil)
  secure:wait('close')
  t:ok(socket.destroyed)
end)

-- Two streams, of which each reads what the other writes.
local function pair()
  local function half()
    local one = stream.Duplex:new()
    function one:_read() end
    function one:_write(chunk, done)
      self.other:push(chunk)
      done()
    end
    function one:_final(done)
      self.other:push(nil)
      done()
    end
    function one:destroy()
      if not self.destroyed then
        self.destroyed = true
        self:emit('close')
      end
    end
    return one
  end
  local a, b = half(), half()
  a.other, b.other = b, a
  return a, b
end

test('TLS over any stream', function(t)
  local below, other = pair()
  local inside = tls.TLSSocket:new(other, merge(server, { isServer = true }))
  local outside = tls.TLSSocket:new(below, { servername = 'localhost', ca = ca })
  inside:on('secureConnection', function()
    inside:pipe(inside)
  end)
  t:ok(select(2, outside:wait('secureConnection')) == nil)
  outside:_end('through and back')
  t:equal(outside:readAll(), 'through and back')
end)

test('unix sockets', function(t)
  local made = tls.createServer(server, echo)
  t:defer(function() made:destroy() end)
  made:listen { path = at('socket') }
  local socket = tls.connect { path = at('socket'), ca = ca }
  t:defer(function() socket:destroy() end)
  t:ok(select(2, socket:wait('secureConnection')) == nil)
  socket:_end('unix')
  t:equal(socket:readAll(), 'unix')
end)

--------------------------------------------------------------------------------
-- What goes wrong

test('bad credentials raise, or are an error event', function(t)
  t:raises(function() tls.createServer { key = server.key, cert = 'rubbish' } end, 'holds no certificate')
  t:raises(function() tls.createServer { key = client.key, cert = server.cert } end, 'does not belong to')
  t:raises(function() tls.createServer {} end, 'needs a certificate')
  t:raises(function() tls.createServer(merge(server, { passphrase = 'x' })) end, 'passphrase is not supported')
  t:raises(function() tls.createServer(merge(server, { secureProtocol = 'SSLv3' })) end, 'SSLv3.* is not supported')
  t:raises(function() tls.createServer(merge(server, { minVersion = 'TLSv1' })) end, 'minVersion must be')
  t:raises(function() tls.createServer(merge(server, { requestCert = true, ca = {} })) end, 'to check clients with')
  local _, port = listen(t)
  local socket, err = open(t, port, { ca = 'rubbish' })
  t:equal(socket, nil)
  t:match(err.message, 'the given authority: holds no certificate')
  openssl('ec -aes128 -passout pass:secret -in server.key -out locked.key')
  t:raises(function() tls.createServer { key = read('locked.key'), cert = server.cert } end, 'has a passphrase')
end)

test('nobody listens', function(t)
  local made, port = listen(t)
  made:destroy()
  made:wait('close')
  local socket, err = open(t, port)
  t:equal(socket, nil)
  t:equal(err.code, 'ECONNREFUSED')
end)

test('a listen that fails is an error event', function(t)
  local _, port = listen(t)
  local second = tls.createServer(server)
  second:listen(port, '127.0.0.1')
  local _, err = second:wait('listening')
  t:equal(err.code, 'EADDRINUSE')
end)

test('the peer does not speak TLS', function(t, expect)
  local plain = net.createServer(function(socket)
    socket:on('error', function() end)
    socket:write('220 mail.example ESMTP\r\n')
  end)
  t:defer(function() plain:destroy() end)
  plain:listen(0, '127.0.0.1')
  local socket, err = open(t, plain:address().port)
  t:equal(socket, nil)
  t:equal(err.code, 'EPROTO')
  t:match(err.message, 'does not speak TLS %(it sent "220 mail')

  local made, port = listen(t, nil, expect(nil, 0))
  made:on('tlsClientError', expect(function(why, broken)
    t:match(why.message, 'does not speak TLS %(it sent "GET /')
    t:ok(core.instanceof(broken, tls.TLSSocket))
  end))
  local http = net.connect(port, '127.0.0.1')
  http:on('error', function() end)
  http:write('GET / HTTP/1.1\r\n\r\n')
  http:wait('close')
end)

test('a handshake that never ends', function(t, expect)
  local made, port = listen(t, { handshakeTimeout = 30 }, expect(nil, 0))
  made:on('tlsClientError', expect(function(err)
    t:equal(err.code, 'ETIMEDOUT')
  end))
  local silent = net.connect(port, '127.0.0.1')
  silent:on('error', function() end)
  silent:wait('close')

  local plain = net.createServer(function(socket) socket:on('error', function() end) end)
  t:defer(function() plain:destroy() end)
  plain:listen(0, '127.0.0.1')
  local _, err = open(t, plain:address().port, { handshakeTimeout = 30 })
  t:equal(err.code, 'ETIMEDOUT')
  t:match(err.message, 'no TLS handshake within 30 ms')
end)

test('the peer hangs up in the handshake', function(t)
  local plain = net.createServer(function(socket)
    socket:wait('data')
    socket:destroy()
  end)
  t:defer(function() plain:destroy() end)
  plain:listen(0, '127.0.0.1')
  local socket, err = open(t, plain:address().port)
  t:equal(socket, nil)
  t:equal(err.code, 'ECONNRESET')
end)

test('a connection that is cut is told from one that ends', function(t)
  local _, port = listen(t, nil, function(socket)
    socket:writeAll('half of i')
    socket._tls.handle.below:shutdown(function() end) -- without TLS's goodbye
  end)
  local socket = assert(open(t, port))
  t:equal(socket:readAll(), 'half of i')
  t:equal(socket.truncated, true)
end)

test('destroyed at any moment it leaves nothing', function(t, expect)
  local made, port = listen(t, nil, echo)
  made:on('tlsClientError', ignore)
  for turns = 0, 6 do
    local socket = connect(t, port)
    socket:write('never arrives', function() end)
    for _ = 1, turns do
      t:await(function(done) require('timer').setImmediate(done) end)
    end
    socket:destroy()
    socket:destroy()
    socket:wait('close')
    t:equal(socket.destroyed, true)
  end
  local failing = connect(t, port)
  failing:on('error', expect(function(err) t:equal(err.message, 'mine') end))
  failing:on('secureConnection', function() failing:destroy(core.Error:new('mine')) end)
  failing:on('close', expect(function(hadError) t:equal(hadError, true) end))
end)

test('what belongs to the connection below', function(t, expect)
  local _, port = listen(t, nil, echo)
  local socket = assert(open(t, port))
  t:equal(socket:address().port, port)
  t:ok(socket:getsockname().port ~= port)
  t:ok(socket:nodelay(true))
  t:ok(socket:keepalive(true, 10))
  t:ok(socket:getSendBufferSize() > 0)
  t:ok(socket:setRecvBufferSize(65536))
  socket:flush(expect())
  socket:unref()
  socket:ref()
  socket:setTimeout(20, expect(function() socket:setTimeout(0) end))
  socket:wait('timeout')
  local called = false
  socket:shutdown(function() called = true end)
  socket:wait('close')
  t:ok(called)
end)

--------------------------------------------------------------------------------
-- OpenSSL's own tools as peers

local function spawn(t, arguments, input)
  local stdin, stdout, stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local self = { output = '', stdin = stdin }
  local handle
  handle = assert(uv.spawn('openssl', { args = arguments, stdio = { stdin, stdout, stderr } }, function(code)
    self.code = code
    handle:close()
  end))
  for _, pipe in ipairs { stdout, stderr } do
    pipe:read_start(function(_, data)
      if data then
        self.output = self.output .. data
      else
        pipe:close()
      end
    end)
  end
  if input then
    stdin:write(input)
  end
  t:defer(function()
    if not stdin:is_closing() then stdin:close() end
    if not handle:is_closing() then handle:kill('sigkill') end
  end)
  return self
end

local function waitFor(t, condition)
  while not condition() do
    t:sleep(5)
  end
end

for _, version in ipairs { 'tls1_2', 'tls1_3' } do
  test('openssl s_client, ' .. version, function(t)
    local made, port = listen(t, { ALPNProtocols = { 'echo' }, requestCert = true,
      rejectUnauthorized = false, ca = ca }, function(socket)
      t:equal(socket.alpnProtocol, 'echo')
      t:equal(socket:getPeerCertificate().subject.CN, 'client')
      t:equal(socket:sni(), 'localhost')
      socket:writeAll('got ' .. socket:readLine() .. '\n')
      socket:_end()
    end)
    made:sni { ['www.example.com'] = example }
    local peer = spawn(t, { 's_client', '-connect', '127.0.0.1:' .. port, '-' .. version, '-CAfile', at('ca.pem'),
      '-servername', 'localhost', '-verify_hostname', 'localhost', '-verify_return_error', '-alpn', 'echo',
      '-cert', at('client.pem'), '-key', at('client.key'), '-quiet' }, 'hello s_client\n')
    waitFor(t, function() return peer.code end)
    t:match(peer.output, 'got hello s_client')
  end)

  test('openssl s_server, ' .. version, function(t)
    -- A free port, let go of just before.
    local probe = net.createServer()
    probe:listen(0, '127.0.0.1')
    local port = probe:address().port
    probe:close()
    probe:wait('close')
    local peer = spawn(t, { 's_server', '-accept', '127.0.0.1:' .. port, '-' .. version, '-cert', at('server.pem'),
      '-key', at('server.key'), '-Verify', '1', '-CAfile', at('ca.pem'), '-alpn', 'echo', '-rev' })
    waitFor(t, function() return peer.output:find('ACCEPT') or peer.code end)
    local reused = {}
    for i = 1, 2 do
      local socket = assert(open(t, port, merge(client, { ALPNProtocols = { 'echo' }, maxVersion = 'TLSv1.3' })))
      t:equal(socket.alpnProtocol, 'echo')
      t:equal(socket:version(), version == 'tls1_2' and 'TLSv1.2' or 'TLSv1.3')
      socket:write('olleh\n')
      t:equal(socket:readLine(), 'hello')
      reused[i] = socket:isSessionReused()
      socket:destroy()
      socket:wait('close')
    end
    t:same(reused, { false, true })
  end)
end

--------------------------------------------------------------------------------

test('constants', function(t)
  t:equal(tls.isLibreSSL, false)
  t:equal(tls.isTLSv1_3, true)
  t:equal(type(tls.DEFAULT_SECUREPROTOCOL), 'string')
  for _, word in ipairs { 'TLS', 'TLSv1_2', 'TLSv1_3', 'SSLv23_method', tls.DEFAULT_SECUREPROTOCOL } do
    local _, port = listen(t, { secureProtocol = word }, echo)
    local socket = assert(open(t, port))
    t:equal(socket:version(), word == 'TLSv1_2' and 'TLSv1.2' or 'TLSv1.3')
  end
end)

test('randomness and digests', function(t, expect)
  t:equal(#lcrypto.randomBytes(0), 0)
  t:equal(#lcrypto.randomBytes(33), 33)
  t:ok(lcrypto.randomBytes(16) ~= lcrypto.randomBytes(16))
  lcrypto.randomBytes(5, expect(function(err, bytes)
    t:equal(err, nil)
    t:equal(#bytes, 5)
  end))
  t:raises(function() lcrypto.randomBytes(-1) end, 'from 0 to')
  t:raises(function() lcrypto.randomBytes('x') end, 'number expected')
  local function hex(bytes)
    return (bytes:gsub('.', function(c) return ('%02x'):format(c:byte()) end))
  end
  t:equal(hex(lcrypto.sha1('abc')), 'a9993e364706816aba3e25717850c26c9cd0d89d')
  t:equal(#lcrypto.sha256(''), 32)
  t:equal(#lcrypto.sha512(''), 64)
end)
