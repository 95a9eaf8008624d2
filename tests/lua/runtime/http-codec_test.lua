local test = require('./harness')
local codec = require('http-codec')

-- All items of some bytes, given in pieces of `step`.
local function decodeAll(bytes, step, options)
  local decode = codec.decoder(options)
  local items, buffer = {}, ''
  for at = 1, #bytes, step or #bytes do
    buffer = buffer .. bytes:sub(at, at + (step or #bytes) - 1)
    while true do
      local item, rest = decode(buffer)
      if item == nil then break end
      items[#items + 1] = item
      buffer = rest
    end
  end
  return items, buffer, decode
end

-- The body of the items behind the head, and how many ends there are.
local function body(items)
  local text, ends = '', 0
  for i = 2, #items do
    if items[i] == '' then ends = ends + 1 else text = text .. items[i] end
  end
  return text, ends
end

test('encodes a request', function(t)
  local encode = codec.encoder()
  t:equal(encode({ method = 'GET', path = '/a', { 'Host', 'x' }, { 'Accept', '*/*' } }),
    'GET /a HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n')
  t:equal(encode(''), '')
  t:equal(encode({ method = 'POST', path = '/b', version = 1.0, { 'Content-Length', 3 } }),
    'POST /b HTTP/1.0\r\nContent-Length: 3\r\n\r\n')
  t:equal(encode('abc'), 'abc')
  t:equal(encode(nil), nil)
end)

test('encodes a response, chunked', function(t)
  local encode = codec.encoder()
  t:equal(encode({ code = 200, { 'Transfer-Encoding', 'chunked' } }),
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n')
  t:equal(encode('hello'), '5\r\nhello\r\n')
  t:equal(encode(('x'):rep(16)), '10\r\nxxxxxxxxxxxxxxxx\r\n')
  t:equal(encode(''), '0\r\n\r\n')
  t:equal(encode({ code = 404 }), 'HTTP/1.1 404 Not Found\r\n\r\n')
  t:equal(encode({ code = 299, reason = 'Fine' }), 'HTTP/1.1 299 Fine\r\n\r\n')
  encode({ code = 200, { 'transfer-encoding', 'Chunked' } })
  t:equal(encode({ code = 204 }), '0\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n')
end)

test('encodes nothing that would be two lines', function(t)
  local encode = codec.encoder()
  t:raises(function() encode({ code = 200, { 'A', 'b\r\nC: d' } }) end, 'line end')
  t:raises(function() encode({ code = 200, { 'A\n', 'b' } }) end, 'line end')
  t:raises(function() encode({ code = 200, reason = 'O\rK' }) end, 'line end')
  t:raises(function() encode({ method = 'GET\n', path = '/' }) end, 'line end')
  t:raises(function() encode({ method = 'GET', path = '/ x' }) end, 'without spaces')
  t:raises(function() encode({ method = 'GET' }) end, 'needs a path')
  t:raises(function() encode({}) end, 'a method or a code')
  t:raises(function() encode('text') end, 'expected a head')
end)

test('decodes a request', function(t)
  local items = decodeAll('GET /a?b HTTP/1.1\r\nHost: x\r\nA:  1 \r\n\r\n')
  t:equal(#items, 2)
  local head = items[1]
  t:equal(head.method, 'GET')
  t:equal(head.path, '/a?b')
  t:equal(head.version, 1.1)
  t:equal(head.keepAlive, true)
  t:same({ head[1], head[2] }, { { 'Host', 'x' }, { 'A', '1' } })
  t:equal(items[2], '')
  t:equal(decodeAll('GET / HTTP/1.0\r\n\r\n')[1].keepAlive, false)
  t:equal(decodeAll('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')[1].keepAlive, false)
end)

test('decodes bodies, however the bytes are cut', function(t)
  local messages = {
    { 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello', 'hello' },
    { 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n', 'abcde' },
    { 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nSum: 1\r\n\r\n', 'a' },
    { 'HTTP/1.1 204 No Content\r\n\r\n', '' },
    { 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', '' },
  }
  for _, message in ipairs(messages) do
    for step = 1, #message[1] do
      local items, rest = decodeAll(message[1], step)
      local text, ends = body(items)
      t:equal(text, message[2])
      t:equal(ends, 1)
      t:equal(rest, '')
    end
  end
end)

test('decodes one message after the other, by index too', function(t)
  local bytes = 'POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n'
  local decode = codec.decoder()
  local seen, index = {}, 1
  while true do
    local item, behind = decode(bytes, index)
    if item == nil then break end
    seen[#seen + 1] = type(item) == 'table' and item.path or item
    index = behind
  end
  t:same(seen, { '/a', 'hi', '', '/b', '' })
  t:equal(index, #bytes + 1)
end)

test('a response without a length ends with the stream', function(t)
  local items, _, decode = decodeAll('HTTP/1.1 200 OK\r\n\r\nabc')
  t:equal(items[2], 'abc')
  t:equal(decode('def'), 'def')
  t:equal(decode(nil), '')
  local _, _, none = decodeAll('')
  t:equal(none(nil), nil)
  local _, _, cut = decodeAll('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc')
  t:raises(function() cut(nil) end, 'within a body')
end)

test('what has no body whatever its head says', function(t)
  local text = 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n'
  local items = decodeAll(text, nil, { method = 'HEAD' })
  t:equal(items[2], '')
  t:equal(decodeAll('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n')[2], '')
  local interim = decodeAll('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t:equal(interim[1].code, 100)
  t:equal(interim[3].code, 200)
end)

test('what is no HTTP is raised', function(t)
  local bad = {
    'nonsense\r\n\r\n',
    'GET / HTTP/1.1\r\n\r\n', -- no Host
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
    'GET / HTTP/1.1\r\nHost : x\r\n\r\n',
    'GET / HTTP/1.1\r\nHost: x\r\n folded\r\n\r\n',
    'HTTP/1.1 abc OK\r\n\r\n',
    'GET / HTTP/1.1\r\nA: ' .. ('x'):rep(17 * 1024),
  }
  for _, text in ipairs(bad) do
    t:raises(function() decodeAll(text) end, 'HTTP', text:sub(1, 60))
  end
  local head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
  for _, text in ipairs { 'x\r\n', '-1\r\n', '1 x\r\n', ('1'):rep(14) .. '\r\n' } do
    t:raises(function() decodeAll(head .. text) end, 'chunk size', text)
  end
  t:raises(function() decodeAll(head .. '2\r\nabc\r\n') end, 'does not end')
  t:raises(function() decodeAll(head .. ('0'):rep(300)) end, 'too long')
  t:raises(function() decodeAll(head .. '0\r\n' .. ('x'):rep(9000)) end, 'trailers')
end)

test('a large chunk is not waited for', function(t)
  local size = 200 * 1024
  local bytes = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'
    .. ('%x'):format(size) .. '\r\n' .. ('x'):rep(size) .. '\r\n3\r\nend\r\n0\r\n\r\n'
  local items = decodeAll(bytes, 10000)
  t:ok(#items > 3)
  local text, ends = body(items)
  t:equal(#text, size + 3)
  t:equal(ends, 1)
end)

test('what is encoded is decoded', function(t)
  local encode = codec.encoder()
  local bytes = encode({ method = 'PUT', path = '/x', { 'Host', 'h' }, { 'Transfer-Encoding', 'chunked' } })
    .. encode('one') .. encode('two') .. encode('')
  local items = decodeAll(bytes, 7)
  t:equal(items[1].method, 'PUT')
  t:equal(body(items), 'onetwo')
end)
