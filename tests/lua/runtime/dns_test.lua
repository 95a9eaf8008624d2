local test = require('./harness')
local uv = require('uv')
local core = require('core')
local dgram = require('dgram')
local net = require('net')
local dns = require('dns')
local message = require('dns/message')
local addresses = require('net/address')
local config = require('dns/config')
local fuzz = require('./dns_fuzz')

local A, AAAA, CNAME = dns.TYPE_A, dns.TYPE_AAAA, dns.TYPE_CNAME

-- A file with that text, gone when the test is over.
local function file(t, text)
  local path = os.tmpname()
  local out = assert(io.open(path, 'wb'))
  out:write(text)
  out:close()
  t:defer(function() os.remove(path) end)
  return path
end

-- The resolver as a test wants it; as before when it is over.
local function configure(t, resolver, hosts)
  t:defer(function()
    dns.setDefaultServers()
    dns.setDefaultTimeout()
  end)
  assert(dns.loadResolver {
    file = file(t, 'nameserver 127.0.0.1\n' .. (resolver or '')),
    hosts = file(t, hosts or ''),
  })
  dns.setTimeout(10000)
end

-- The message that answers: `fields` over the query's id and question; a string goes as it is.
local function reply(query, fields)
  if type(fields) ~= 'table' then
    return fields
  end
  local full = { id = query.id, response = true, recursionAvailable = true,
    questions = query.questions }
  for key, value in pairs(fields) do full[key] = value end
  return message.encode(full)
end

-- A DNS server on loopback, by UDP and TCP. answer(question, query, via, from) gives the
-- fields of the answer, its bytes, or nil for none. Returns the server's address and the
-- list of what it was asked.
local nameServer
function nameServer(t, answer)
  local log = {}
  local udp, tcp, port
  local function handle(data, via, from)
    local query = assert(message.decode(data))
    local question = query.questions[1]
    question.via, question.id, question.from = via, query.id, from
    log[#log + 1] = question
    return reply(query, answer(question, query, via, data))
  end
  tcp = net.createServer(function(socket)
    socket:on('error', function() end)
    local length = socket:readExactly(2)
    if not length then return end
    local data = socket:readExactly(length:byte(1) * 256 + length:byte(2))
    local out = handle(data, 'tcp')
    if out == false then return socket:destroy() end
    if not out then return end
    out = string.char(math.floor(#out / 256), #out % 256) .. out
    socket:write(out:sub(1, 1)) -- in pieces
    t:sleep(1)
    socket:write(out:sub(2, 9))
    t:sleep(1)
    socket:_end(out:sub(10))
  end)
  t:defer(function()
    udp:close()
    tcp:destroy()
  end)
  tcp:listen(0, '127.0.0.1')
  port = tcp:address().port
  udp = dgram.createSocket('udp4')
  local taken = false
  udp:on('error', function() taken = true end)
  udp:bind(port, '127.0.0.1')
  t:sleep(1)
  if taken then -- by somebody else, for UDP only
    udp:close()
    tcp:destroy()
    return nameServer(t, answer)
  end
  udp:on('message', function(data, from)
    local out = handle(data, 'udp', from)
    if out then udp:send(out, from.port, from.ip) end
  end)
  return { host = '127.0.0.1', port = port }, log
end

local function a(name, address)
  return { name = name, type = A, address = address, ttl = 60 }
end

local function cname(name, target)
  return { name = name, type = CNAME, cname = target, ttl = 60 }
end

--------------------------------------------------------------------------------

test('message: every type, encoded and decoded', function(t)
  local records = {
    { name = 'a.example', type = A, class = 1, ttl = 1, address = '192.0.2.1' },
    { name = 'a.example', type = AAAA, class = 1, ttl = 2, address = '2001:db8::1' },
    { name = 'a.example', type = dns.TYPE_NS, class = 1, ttl = 0, nsdname = 'ns.example' },
    { name = 'a.example', type = CNAME, class = 1, ttl = 0, cname = 'b.example' },
    { name = 'a.example', type = dns.TYPE_PTR, class = 1, ttl = 0, ptrdname = 'p.example' },
    { name = 'a.example', type = dns.TYPE_MX, class = 1, ttl = 0, preference = 513, exchange = 'm.example' },
    { name = 'a.example', type = dns.TYPE_TXT, class = 1, ttl = 0, txt = 'onetwo', strings = { 'one', 'two' } },
    { name = '_s._tcp.example', type = dns.TYPE_SRV, class = 1, ttl = 0, priority = 1, weight = 2,
      port = 65535, target = '.' },
    { name = 'x.example', type = 999, class = 3, ttl = 2147483647, rdata = '\0\1' },
  }
  local decoded = t:ok(message.decode(message.encode {
    id = 65535, response = true, authoritative = true, recursionDesired = true,
    recursionAvailable = true, rcode = 3, questions = { { name = 'a.example', type = 255, class = 1 } },
    answers = records, authorities = { records[1] }, additionals = { records[2], records[3] },
  }))
  t:same(decoded.answers, records)
  t:same(decoded.authorities, { records[1] })
  t:same(decoded.additionals, { records[2], records[3] })
  t:same(decoded.questions, { { name = 'a.example', type = 255, class = 1 } })
  t:same({ decoded.id, decoded.rcode, decoded.opcode, decoded.truncated, decoded.authoritative },
    { 65535, 3, 0, false, true })
  t:same({ dns.TYPE_A, dns.TYPE_NS, dns.TYPE_CNAME, dns.TYPE_SOA, dns.TYPE_PTR, dns.TYPE_MX,
    dns.TYPE_TXT, dns.TYPE_AAAA, dns.TYPE_SRV, dns.CLASS_IN }, { 1, 2, 5, 6, 12, 15, 16, 28, 33, 1 })
end)

test('message: names at their limits, with escapes', function(t)
  local l63, l64 = ('a'):rep(63), ('a'):rep(64)
  t:ok(message.encodeName(l63 .. '.example'))
  t:match(select(2, message.encodeName(l64 .. '.example')), '63 octets')
  local longest = l63 .. '.' .. l63 .. '.' .. l63 .. '.' .. ('b'):rep(61)
  t:equal(#message.encodeName(longest), 255)
  t:match(select(2, message.encodeName(longest .. 'b')), '255 octets')
  for _, bad in ipairs { '', '..', '.a', 'a..b', 'a\\', 'a\\256' } do
    t:equal(message.encodeName(bad), nil, bad)
  end
  t:equal(message.encodeName('.'), '\0')
  t:equal(message.encodeName('a.'), message.encodeName('a'))
  t:equal(message.encodeName('a\\.b.\\065\\\\'), '\3a.b\2A\\\0')
  local decoded = message.decode(message.encode { id = 1, questions = { { name = 'a\\.b.\\000\\\\', type = 1 } } })
  t:equal(decoded.questions[1].name, 'a\\.b.\\000\\\\')
  t:ok(message.sameName('WWW.Example.', 'www.example'))
  t:ok(not message.sameName('www.example', 'www.example.org'))
end)

test('message: compression', function(t)
  local head = '\0\1\129\128\0\1\0\1\0\0\0\0'
  local function decode(name, rest)
    return message.decode(head .. name .. '\0\1\0\1' .. (rest or ''))
  end
  local good = decode('\3www\2ex\0', '\192\12\0\5\0\1\0\0\0\0\0\5\2ft\192\16')
  t:equal(good.answers[1].name, 'www.ex')
  t:equal(good.answers[1].cname, 'ft.ex')
  -- itself, a later one, one beyond the end, a pair that point at each other
  for _, name in ipairs { '\192\12', '\192\14\0', '\193\255', '\1a\192\12', '\192\14\192\12' } do
    local decoded, why = decode(name)
    t:equal(decoded, nil)
    t:ok(type(why) == 'string')
  end
  -- label types that do not exist
  t:match(select(2, decode('\65a\0')), 'unknown kind')
  t:match(select(2, decode('\128a\0')), 'unknown kind')
end)

test('message: what is cut off or of a wrong length is refused', function(t)
  for _, bytes in ipairs(fuzz.corpus()) do
    local whole = message.decode(bytes)
    if whole and whole.answers[1] then
      for cut = 0, #bytes - 1 do
        local decoded, why = message.decode(bytes:sub(1, cut))
        t:ok(decoded == nil and type(why) == 'string', 'cut at ' .. cut)
      end
    end
  end
  local function record(type, rdata)
    return (message.decode(message.encode { id = 1, answers = { { name = 'x', type = type, rdata = rdata } } }))
  end
  for type, list in pairs {
    [A] = { '', '123', '12345' }, [AAAA] = { '', ('x'):rep(15), ('x'):rep(17) },
    [CNAME] = { '', '\1', '\1a', '\1a\0\0' }, [dns.TYPE_MX] = { '', '\0', '\0\1', '\0\1\1a\0\0' },
    [dns.TYPE_SRV] = { '\0\1\0\1\0', '\0\1\0\1\0\1', '\0\1\0\1\0\1\0\0' },
    [dns.TYPE_TXT] = { '', '\5four', '\3one\9' }, [dns.TYPE_SOA] = { '\0\0', '\0\0' .. ('x'):rep(19) },
  } do
    for _, rdata in ipairs(list) do
      t:equal(record(type, rdata), nil, ('type %d, %q'):format(type, rdata))
    end
  end
  t:ok(record(dns.TYPE_TXT, '\0'))
end)

test('message: mutations never raise', function(t)
  t:ok(fuzz.run(1, 7) > 100)
end)

test('addresses', function(t)
  for text, wanted in pairs {
    ['::'] = '::', ['::1'] = '::1', ['1::'] = '1::', ['2001:DB8:0:0:1:0:0:1'] = '2001:db8::1:0:0:1',
    ['1:2:3:4:5:6:7:8'] = '1:2:3:4:5:6:7:8', ['1:0:3:4:5:6:7:8'] = '1:0:3:4:5:6:7:8',
    ['::ffff:192.0.2.1'] = '::ffff:192.0.2.1', ['64:ff9b::192.0.2.1'] = '64:ff9b::c000:201',
  } do
    t:equal(addresses.formatIpv6(t:ok(addresses.parseIpv6(text), text)), wanted)
  end
  for _, text in ipairs { '', ':', ':::', '1:2', '1::2::3', 'g::', '12345::', '::1.2.3', '::1.2.3.4:5',
    '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7::8', '::1:2:3:4:5:6:7:8', '1.2.3.4', '::%eth0' } do
    t:equal(addresses.parseIpv6(text), nil, text)
  end
  t:equal(addresses.parseIpv4('255.0.0.1'), '\255\0\0\1')
  for _, text in ipairs { '256.0.0.1', '1.2.3', '1.2.3.4.5', 'a.b.c.d', '', '1.2.3.4 ' } do
    t:equal(addresses.parseIpv4(text), nil, text)
  end
  t:equal(message.reverseName('192.0.2.7'), '7.2.0.192.in-addr.arpa')
  t:equal(message.reverseName('2001:db8::1'), '1' .. ('.0'):rep(23) .. '.8.b.d.0.1.0.0.2.ip6.arpa')
  t:equal(message.reverseName('x'), nil)
end)

--------------------------------------------------------------------------------

test('resolve4: with a callback, and in straight lines', function(t, expect)
  configure(t)
  local server, log = nameServer(t, function(question)
    return { answers = { a(question.name, '192.0.2.1'), a(question.name, '192.0.2.2') } }
  end)
  dns.setServers { server }
  local wanted = {
    { name = 'www.example', type = A, class = 1, ttl = 60, address = '192.0.2.1' },
    { name = 'www.example', type = A, class = 1, ttl = 60, address = '192.0.2.2' },
  }
  t:same(dns.resolve4('www.example'), wanted)
  dns.resolve4('www.example', expect(function(err, records)
    t:equal(err, nil)
    t:same(records, wanted)
  end))
  t:same(dns.query('www.example', A), wanted)
  t:same(dns.query('www.example', 'a', dns.CLASS_IN), wanted)
  t:same(dns.query({ server }, 'www.example', dns.CLASS_IN, A), wanted)
  dns.query({ server }, 'www.example', dns.CLASS_IN, A, expect(function(_, records) t:same(records, wanted) end))
  dns.query('www.example', A, expect(function(_, records) t:same(records, wanted) end))
  dns.query('www.example', A, dns.CLASS_IN, expect(function(_, records) t:same(records, wanted) end))
  t:same(dns.resolve('www.example'), wanted)
  t:same(dns.resolve('www.example', 'A'), wanted)
  dns.resolve('www.example', expect(function(_, records) t:same(records, wanted) end))
  t:equal(log[1].type, A)
  t:equal(log[1].via, 'udp')
end)

test('every type', function(t)
  configure(t)
  local records = {
    [AAAA] = { address = '2001:db8::5' }, [dns.TYPE_NS] = { nsdname = 'ns.example' },
    [dns.TYPE_MX] = { preference = 10, exchange = 'mx.example' },
    [dns.TYPE_TXT] = { strings = { 'some', ' text' } }, [CNAME] = { cname = 'other.example' },
    [dns.TYPE_SRV] = { priority = 1, weight = 2, port = 5222, target = 'srv.example' },
    [dns.TYPE_PTR] = { ptrdname = 'ptr.example' },
    [dns.TYPE_SOA] = { rdata = '\0\0' .. ('\0\0\0\9'):rep(5) },
  }
  dns.setServers { (nameServer(t, function(question)
    local record = records[question.type]
    record.name, record.type = question.name, question.type
    return { answers = { record } }
  end)) }
  t:equal(dns.resolve6('x.example')[1].address, '2001:db8::5')
  t:equal(dns.resolveNs('x.example')[1].nsdname, 'ns.example')
  t:equal(dns.resolveMx('x.example')[1].exchange, 'mx.example')
  t:equal(dns.resolveMx('x.example')[1].preference, 10)
  t:equal(dns.resolveTxt('x.example')[1].txt, 'some text')
  t:same(dns.resolveTxt('x.example')[1].strings, { 'some', ' text' })
  t:equal(dns.resolveCname('x.example')[1].cname, 'other.example')
  local srv = dns.resolveSrv('_x._tcp.example')[1]
  t:same({ srv.target, srv.port, srv.priority, srv.weight }, { 'srv.example', 5222, 1, 2 })
  t:equal(dns.resolvePtr('1.2.0.192.in-addr.arpa')[1].ptrdname, 'ptr.example')
  t:equal(dns.resolvePtr('192.0.2.1')[1].name, '1.2.0.192.in-addr.arpa')
  t:equal(dns.resolveSoa('x.example')[1].serial, 9)
  t:equal(dns.resolve('x.example', 'MX')[1].exchange, 'mx.example')
  t:same(dns.reverse('192.0.2.1'), { 'ptr.example' })
  t:same(dns.reverse('2001:db8::1'), { 'ptr.example' })
end)

test('CNAMEs are followed: in one answer, in any order, and by further questions', function(t)
  configure(t)
  local server, log = nameServer(t, function(question)
    local answers = {
      ['www.example'] = { a('c.example', '192.0.2.3'), cname('b.example', 'C.example'), cname('WWW.example', 'b.example') },
      ['far.example'] = { cname('far.example', 'else.where') },
      ['else.where'] = { a('else.where', '192.0.2.4') },
      ['dead.end'] = { cname('dead.end', 'nowhere') },
    }
    local found = answers[question.name]
    return { answers = found, rcode = found and 0 or 3 }
  end)
  dns.setServers { server }
  t:equal(dns.resolve4('www.example')[1].address, '192.0.2.3')
  t:equal(#dns.resolve4('www.example'), 1)
  local chain = dns.query('www.example', A)
  t:same({ chain[1].cname, chain[2].cname, chain[3].address }, { 'b.example', 'C.example', '192.0.2.3' })
  t:equal(#log, 3)
  t:equal(dns.resolve4('far.example')[1].address, '192.0.2.4')
  t:equal(log[5].name, 'else.where')
  local _, err = dns.resolve4('dead.end')
  t:equal(err.code, 'ENOTFOUND')
end)

test('CNAMEs in a circle end with an error', function(t)
  configure(t)
  local server, log = nameServer(t, function(question)
    if question.name == 'one.example' then
      return { answers = { cname('one.example', 'two.example'), cname('two.example', 'one.example') } }
    end
    return { answers = { cname(question.name, question.name:find('^a') and 'b.example' or 'a.example') } }
  end)
  dns.setServers { server }
  for _, name in ipairs { 'one.example', 'a.example' } do
    local _, err = dns.resolve4(name)
    t:equal(err.code, 'EBADRESP')
    t:match(err, 'circle')
  end
  t:ok(#log < 40)
end)

test('records of other names are not taken', function(t)
  configure(t)
  dns.setServers { (nameServer(t, function(question)
    return { answers = { a('bank.example', '192.0.2.66'), a(question.name, '192.0.2.1') } }
  end)) }
  local records = dns.query('www.example', A)
  t:equal(#records, 1)
  t:equal(records[1].address, '192.0.2.1')
end)

test('errors of the server', function(t, expect)
  configure(t, 'options attempts:1')
  local rcode = 0
  dns.setServers { (nameServer(t, function() return { rcode = rcode } end)) }
  for code, wanted in pairs { [0] = 'ENODATA', 'EFORMERR', 'ESERVFAIL', 'ENOTFOUND', 'ENOTIMP', 'EREFUSED',
    'EBADRESP' } do
    rcode = code
    local records, err = dns.resolve4('www.example')
    t:equal(records, nil)
    t:equal(err.code, wanted)
    t:equal(err.hostname, 'www.example')
    t:ok(core.instanceof(err, core.Error))
  end
  rcode = 3
  dns.resolveMx('www.example', expect(function(err, records)
    t:equal(records, nil)
    t:equal(tostring(err), 'queryMX ENOTFOUND www.example: the name does not exist')
  end))
  t:sleep(1)
end)

test('several servers: the next one when one fails, in order; a definite no is one', function(t)
  configure(t, 'options attempts:1')
  local failing, failed = nameServer(t, function() return { rcode = 2 } end)
  local good, asked = nameServer(t, function(question)
    if question.name == 'no.example' then return { rcode = 3 } end
    return { answers = { a(question.name, '192.0.2.1') } }
  end)
  local unasked = nameServer(t, function() error('must not be asked') end)
  local refusing = dgram.createSocket()
  refusing:bind(0, '127.0.0.1')
  local port = refusing:address().port
  refusing:close()
  dns.setServers { failing, { host = '127.0.0.1', port = port }, good, unasked }
  t:equal(dns.resolve4('www.example')[1].address, '192.0.2.1')
  t:equal(select(2, dns.resolve4('no.example')).code, 'ENOTFOUND')
  t:equal(#failed, 2)
  t:equal(#asked, 2)
  dns.setServers { { host = '127.0.0.1', port = port } }
  local _, err = dns.resolve4('www.example')
  t:equal(err.code, 'ECONNREFUSED')
  t:equal(tostring(err), 'queryA ECONNREFUSED www.example: asking 127.0.0.1:' .. port .. ': connection refused')
end)

test('timeout: silence, attempts, the next server', function(t)
  configure(t, 'options attempts:2')
  local silent, log = nameServer(t, function() return nil end)
  dns.setServers { silent }
  dns.setTimeout(20)
  local _, err = dns.resolve4('www.example')
  t:equal(err.code, 'ETIMEOUT')
  t:match(err, 'no answer from 127.0.0.1:%d+ within 20 ms')
  t:equal(#log, 2)
  t:ok(log[1].id ~= log[2].id or log[1].from.port ~= log[2].from.port)
  dns.setTimeout(300)
  dns.setServers { silent, (nameServer(t, function(question)
    return { answers = { a(question.name, '192.0.2.1') } }
  end)) }
  t:equal(dns.resolve4('www.example')[1].address, '192.0.2.1')
end)

test('truncated answers are asked for again by TCP', function(t)
  configure(t)
  local many = {}
  local server, log = nameServer(t, function(question, _, via)
    if via == 'udp' then return { truncated = true } end
    for i = 1, 200 do many[i] = a(question.name, '192.0.2.' .. i) end
    return { answers = many }
  end)
  dns.setServers { server }
  t:equal(#dns.resolve4('many.example'), 200)
  t:same({ log[1].via, log[2].via, #log }, { 'udp', 'tcp', 2 })
  dns.setServers { { host = server.host, port = server.port, tcp = true } }
  t:equal(#dns.resolve4('many.example'), 200)
  t:same({ log[3].via, #log }, { 'tcp', 3 })
end)

test('TCP: answers that are none', function(t)
  configure(t, 'options attempts:1\noptions use-vc')
  local what
  local server = nameServer(t, function(question, query)
    if what == 'closed' then return false
    elseif what == 'short' then return '\0'
    elseif what == 'truncated' then return { truncated = true }
    elseif what == 'id' then return { id = (query.id + 1) % 65536 }
    elseif what == 'question' then return { questions = { { name = 'other', type = A } } }
    elseif what == 'malformed' then return reply(query, { answers = { a(question.name, '192.0.2.1') } }):sub(1, -2)
    end
  end)
  dns.setServers { server }
  for _, each in ipairs { 'short', 'truncated', 'id', 'question', 'malformed' } do
    what = each
    local _, err = dns.resolve4('www.example')
    t:equal(err.code, 'EBADRESP', each)
  end
  what = 'closed'
  local _, err = dns.resolve4('www.example')
  t:ok(err.code == 'EBADRESP' or err.code == 'ECONNRESET')
  what = 'silent'
  dns.setTimeout(20)
  _, err = dns.resolve4('www.example')
  t:equal(err.code, 'ETIMEOUT')
end)

test('UDP: malformed answers to the question are errors, and the next server is asked', function(t)
  configure(t, 'options attempts:1')
  local what
  local server = nameServer(t, function(question, query)
    local good = reply(query, { answers = { a(question.name, '192.0.2.1') } })
    if what == 'cut' then return good:sub(1, -2)
    elseif what == 'header' then return good:sub(1, 12)
    elseif what == 'loop' then return good:sub(1, 12) .. '\192\12\0\1\0\1'
    elseif what == 'rdata' then return reply(query, { answers = { { name = 'x', type = A, rdata = 'x' } } })
    elseif what == 'opcode' then return reply(query, { opcode = 5 })
    elseif what == 'no question' then return reply(query, { questions = {} })
    elseif what == 'two questions' then
      return reply(query, { questions = { query.questions[1], query.questions[1] } })
    end
  end)
  local good = nameServer(t, function(question) return { answers = { a(question.name, '192.0.2.1') } } end)
  for _, each in ipairs { 'cut', 'header', 'loop', 'rdata', 'opcode', 'no question', 'two questions' } do
    what = each
    dns.setServers { server }
    local _, err = dns.resolve4('www.example')
    t:equal(err and err.code, 'EBADRESP', each)
    t:match(err, 'malformed answer from 127.0.0.1')
    dns.setServers { server, good }
    t:equal(dns.resolve4('www.example')[1].address, '192.0.2.1', each)
  end
end)

test('UDP: answers to somebody else are not taken, the right one still is', function(t)
  configure(t)
  local udp = dgram.createSocket()
  local stranger = dgram.createSocket()
  t:defer(function() udp:close() stranger:close() end)
  udp:bind(0, '127.0.0.1')
  udp:on('message', function(data, from)
    local query = message.decode(data)
    local name = query.questions[1].name
    local function answer(fields, address)
      fields.answers = { a(fields.questions and fields.questions[1].name or name, address) }
      return reply(query, fields)
    end
    udp:send('', from.port, from.ip)
    udp:send(data, from.port, from.ip) -- the query itself
    udp:send(answer({ id = (query.id + 1) % 65536 }, '192.0.2.66'), from.port, from.ip)
    udp:send(answer({ questions = { { name = 'bank.example', type = A } } }, '192.0.2.66'), from.port, from.ip)
    udp:send(answer({ questions = { { name = name, type = AAAA } } }, '192.0.2.66'), from.port, from.ip)
    udp:send(answer({ questions = { { name = name, type = A, class = 3 } } }, '192.0.2.66'), from.port, from.ip)
    stranger:send(answer({}, '192.0.2.66'), from.port, from.ip, function()
      udp:send(answer({}, '192.0.2.1'), from.port, from.ip)
    end)
  end)
  dns.setServers { { host = '127.0.0.1', port = udp:address().port } }
  local records = t:ok(dns.resolve4('www.example'))
  t:equal(#records, 1)
  t:equal(records[1].address, '192.0.2.1')
end)

test('ids and ports are not to be guessed', function(t)
  configure(t)
  local server, log = nameServer(t, function(question) return { answers = { a(question.name, '192.0.2.1') } } end)
  dns.setServers { server }
  local ids, ports, idCount, portCount = {}, {}, 0, 0
  for i = 1, 30 do
    dns.resolve4('www.example')
    local question = log[i]
    if not ids[question.id] then ids[question.id], idCount = true, idCount + 1 end
    if not ports[question.from.port] then ports[question.from.port], portCount = true, portCount + 1 end
  end
  t:ok(idCount > 25, idCount)
  t:ok(portCount > 15, portCount)
end)

test('mutated answers end in records or an error', function(t)
  configure(t, 'options attempts:1')
  math.randomseed(11)
  local corpus = fuzz.corpus()
  dns.setServers { (nameServer(t, function(question, query)
    local good = reply(query, { answers = {
      cname(question.name, 'b.example'), a('b.example', '192.0.2.1'), a('b.example', '192.0.2.2') } })
    local head = 12 + #message.encodeName(question.name) + 4
    local counts = math.random(4) == 1 and string.char(0, 1, math.random(0, 255), math.random(0, 9), 0, 0, 0, 0)
      or good:sub(5, 12)
    return good:sub(1, 4) .. counts .. good:sub(13, head) .. fuzz.mutate(math.random, corpus, good:sub(head + 1))
  end)) }
  local found, refused = 0, 0
  for _ = 1, 300 do
    local records, err = dns.resolve4('www.example')
    if records then
      found = found + 1
    else
      t:ok(err.code)
      refused = refused + 1
    end
  end
  t:ok(found > 0 and refused > 0)
end)

--------------------------------------------------------------------------------

test('search list and ndots', function(t)
  configure(t, 'search one.example two.example\noptions ndots:2')
  local exists = {}
  local server, log = nameServer(t, function(question)
    if exists[question.name] then return { answers = { a(question.name, '192.0.2.1') } } end
    return { rcode = 3 }
  end)
  dns.setServers { server }
  local function asked(name, is)
    exists = { [is] = true }
    for i = #log, 1, -1 do log[i] = nil end
    local records, err = dns.resolve4(name)
    local names = {}
    for i, question in ipairs(log) do names[i] = question.name end
    return table.concat(names, ' '), records and records[1].name or err.code
  end
  t:same({ asked('db', 'db.two.example') }, { 'db.one.example db.two.example', 'db.two.example' })
  t:same({ asked('a.db', '') }, { 'a.db.one.example a.db.two.example a.db', 'ENOTFOUND' })
  t:same({ asked('a.b.db', 'a.b.db.one.example') }, { 'a.b.db a.b.db.one.example', 'a.b.db.one.example' })
  t:same({ asked('db.', '') }, { 'db', 'ENOTFOUND' })
  t:same({ asked('db.', 'db') }, { 'db', 'db' })
end)

test('names that are none', function(t, expect)
  configure(t)
  for _, name in ipairs { '', 'a..b', ('a'):rep(64), ('abc.'):rep(70) } do
    local _, err = dns.resolve4(name)
    t:equal(err.code, 'EBADNAME')
  end
  dns.resolve4('a..b', expect(function(err) t:equal(err.code, 'EBADNAME') end))
  t:raises(function() dns.resolve4(nil) end, 'a name is a string')
  t:raises(function() dns.query(5, A) end, 'a name is a string')
  t:raises(function() dns.query('x', 'NONE') end, 'not a record type')
  t:raises(function() dns.query('x', 70000) end, 'not a record type')
  t:sleep(1)
end)

test('without a coroutine a callback is needed', function(t, expect)
  configure(t)
  local timer = uv.new_timer()
  timer:start(0, 0, expect(function()
    timer:close()
    t:raises(function() dns.resolve4('localhost') end, 'callback is needed')
  end))
  t:sleep(2)
end)

test('the hosts file, addresses and localhost need no server', function(t, expect)
  configure(t, 'options attempts:1', [[
# a comment
192.0.2.10  Host.example host   # another
192.0.2.11  host.example
2001:db8::a host.example
not-an-address name.example
fe80::1%lo  zone.example
]])
  dns.setServers { (nameServer(t, function(question)
    t:ok(question.name == 'zone.example' or question.name == 'host.example', question.name)
    return { rcode = 3 }
  end)) }
  local records = dns.resolve4('host.EXAMPLE')
  t:same({ records[1].address, records[2].address, #records }, { '192.0.2.10', '192.0.2.11', 2 })
  t:same({ records[1].type, records[1].class, records[1].ttl, records[1].name }, { A, 1, 0, 'host.EXAMPLE' })
  t:equal(dns.resolve4('host')[1].address, '192.0.2.10')
  t:equal(dns.resolve6('host.example')[1].address, '2001:db8::a')
  t:same(dns.reverse('192.0.2.10'), { 'Host.example', 'host' })
  t:same(dns.reverse('2001:0db8::000a'), { 'host.example' })
  t:equal(dns.resolvePtr('10.2.0.192.in-addr.arpa')[1].ptrdname, 'Host.example')
  t:equal(dns.resolve4('192.0.2.99')[1].address, '192.0.2.99')
  t:equal(dns.resolve6('2001:db8::99')[1].address, '2001:db8::99')
  t:equal(dns.resolve4('localhost')[1].address, '127.0.0.1')
  t:equal(dns.resolve6('localhost')[1].address, '::1')
  t:equal(dns.resolve4('api.localhost')[1].address, '127.0.0.1')
  t:equal(select(2, dns.resolveMx('host.example')).code, 'ENOTFOUND')
  dns.resolve4('host', expect(function(err, list) t:equal(err or list[1].address, '192.0.2.10') end))
  t:equal(select(2, dns.reverse('no address')).code, 'EINVAL')
end)

test('files are read again when they have changed', function(t)
  local hosts = file(t, '192.0.2.1 host.example')
  t:equal(config.hosts(hosts).inet['host.example'][1], '192.0.2.1')
  local out = io.open(hosts, 'w')
  out:write('192.0.2.22 host.example')
  out:close()
  t:equal(config.hosts(hosts).inet['host.example'][1], '192.0.2.22')
  os.remove(hosts)
  t:equal(config.hosts(hosts).inet['host.example'], nil)
end)

test('loadResolver: what resolv.conf may say', function(t)
  configure(t)
  local path = file(t, [[
; a comment
# another
nameserver 192.0.2.1
nameserver 2001:db8::1   # with a comment
nameserver fe80::1%eth0
nameserver not-an-address
domain  before.example
search  One.example two.example .. bad..name
options ndots:3 timeout:4 attempts:3 rotate use-vc unknown:1
options ndots:99 timeout:0 attempts:x
]])
  t:same(dns.loadResolver { file = path }, {
    { host = '192.0.2.1', port = 53 }, { host = '2001:db8::1', port = 53 }, { host = 'fe80::1%eth0', port = 53 },
  })
  t:equal(dns.loadResolverUnix, dns.loadResolver)
  t:equal(select(2, dns.loadResolverWin()).code, 'ENOSYS')
  local parsed = config.load(path)
  t:same(parsed.search, { 'One.example', 'two.example' })
  t:same({ parsed.ndots, parsed.timeout, parsed.attempts, parsed.rotate, parsed.tcp },
    { 15, 4000, 3, true, true })
  t:same(config.parseResolver(''), { servers = { { host = '127.0.0.1', port = 53 } }, search = {}, ndots = 1, attempts = 2 })
  local servers, err = dns.loadResolver { file = '/no/such/file' }
  t:equal(servers, nil)
  t:equal(err.code, 'ENOENT')
  t:equal(#dns.getServers(), 3) -- as before
  dns.setServers { '192.0.2.9' }
  t:same(dns.getServers(), { { host = '192.0.2.9', port = 53 } })
  dns.setDefaultServers()
  t:ok(#dns.getServers() > 0)
end)

test('rotate: servers take turns', function(t)
  configure(t, 'options rotate')
  local function answer(question) return { answers = { a(question.name, '192.0.2.1') } } end
  local first, one = nameServer(t, answer)
  local second, two = nameServer(t, answer)
  dns.setServers { first, second }
  for _ = 1, 4 do dns.resolve4('www.example') end
  t:same({ #one, #two }, { 2, 2 })
end)

test('settings that make no sense raise', function(t)
  for _, servers in ipairs { {}, { 'a name' }, { { host = 'x' } }, { { host = '127.0.0.1', port = 0 } },
    { { host = '127.0.0.1', port = 65536 } } } do
    t:raises(function() dns.setServers(servers) end, 'dns_test.lua:%d+: a ')
  end
  t:raises(function() dns.setServers('127.0.0.1') end, 'list of servers')
  for _, timeout in ipairs { 0, -1, 'soon' } do
    t:raises(function() dns.setTimeout(timeout) end, 'positive number')
  end
end)

test('lookup: as the system does', function(t, expect)
  local address, family = dns.lookup('127.0.0.1')
  t:same({ address, family }, { '127.0.0.1', 4 })
  dns.lookup('127.0.0.1', expect(function(err, found, version)
    t:same({ err == nil, found, version }, { true, '127.0.0.1', 4 })
  end))
  dns.lookup('::1', { family = 6 }, expect(function(err, found, version)
    t:same({ err == nil, found, version }, { true, '::1', 6 })
  end))
  t:same(dns.lookup('127.0.0.1', { all = true }), { { address = '127.0.0.1', family = 4 } })
  t:ok(dns.lookup('localhost'))
  local none, err = dns.lookup('no such name')
  t:equal(none, nil)
  t:match(err, '^lookup E%w+ no such name: .')
  t:raises(function() dns.lookup('x', 5) end, 'a family is')
  t:sleep(5)
end)

test('many queries at once', function(t)
  configure(t)
  dns.setServers { (nameServer(t, function(question)
    return { answers = { a(question.name, '192.0.2.' .. question.name:match('%d+')) } }
  end)) }
  local left, thread = 100, coroutine.running()
  for i = 1, 100 do
    dns.resolve4('host' .. i .. '.example', function(err, records)
      t:equal(err, nil)
      t:equal(records[1].address, '192.0.2.' .. i)
      left = left - 1
      if left == 0 then core.assertResume(thread) end
    end)
  end
  coroutine.yield()
end)
