local test = require('./harness')
local headers = require('http-header')

test('an empty table', function(t)
  local h = headers.newHeaders()
  t:equal(getmetatable(h), headers.headerMeta)
  t:equal(#h, 0)
  t:equal(h.anything, nil)
  t:equal(h[1], nil)
end)

test('reads and writes by name in any case, and keeps the order', function(t)
  local h = headers.newHeaders()
  h['Content-Type'] = 'text/plain'
  h.Host = 'x'
  t:equal(h['content-type'], 'text/plain')
  t:equal(h.HOST, 'x')
  t:equal(#h, 2)
  h['CONTENT-TYPE'] = 'text/html'
  t:same({ h[1], h[2] }, { { 'CONTENT-TYPE', 'text/html' }, { 'Host', 'x' } })
  h.host = nil
  t:equal(#h, 1)
  h.none = nil
  t:equal(#h, 1)
end)

test('several fields of one name', function(t)
  local h = headers.newHeaders()
  h[#h + 1] = { 'Set-Cookie', 'a=1' }
  h[#h + 1] = { 'X', 'y' }
  h[#h + 1] = { 'set-cookie', 'b=2' }
  t:equal(h['Set-Cookie'], 'b=2')
  h['Set-Cookie'] = 'c=3'
  t:equal(#h, 2)
  t:equal(h['set-cookie'], 'c=3')
  h['Set-Cookie'] = { 'd=4', 'e=5' }
  t:same({ h[1], h[2], h[3] }, { { 'X', 'y' }, { 'Set-Cookie', 'd=4' }, { 'Set-Cookie', 'e=5' } })
  h['SET-COOKIE'] = nil
  t:equal(#h, 1)
end)

test('pairs gives each name once', function(t)
  local h = headers.toHeaders({ { 'A', '1' }, { 'B', '2' }, { 'a', '3' } })
  local got = {}
  for name, value in pairs(h) do got[#got + 1] = name .. '=' .. value end
  t:same(got, { 'a=3', 'b=2' })
end)

test('toHeaders', function(t)
  local list = { { 'A', '1' } }
  t:equal(headers.toHeaders(list), list)
  t:equal(list.a, '1')
  t:equal(headers.toHeaders(list), list)
  local mixed = headers.toHeaders({ { 'A', '1' }, C = '3', B = '2' })
  t:same({ mixed[1], mixed[2], mixed[3] }, { { 'A', '1' }, { 'B', '2' }, { 'C', '3' } })
  t:equal(#headers.toHeaders(nil), 0)
end)

test('combineHeaders', function(t)
  local first = { { 'A', '1' }, { 'B', '2' } }
  local both = headers.combineHeaders(first, { b = '3', C = '4' })
  t:equal(#both, 3)
  t:equal(both.a .. both.b .. both.c, '134')
  t:equal(first[2][2], '2', 'the arguments stay as they are')
  t:equal(#headers.combineHeaders(nil, nil), 0)
end)

test('getHeaders takes the pairs of a head', function(t)
  local head = { method = 'GET', path = '/', { 'Host', 'x' }, { 'A', '1' } }
  local h = headers.getHeaders(head)
  t:equal(#h, 2)
  t:equal(h.host, 'x')
  t:equal(h.method, nil)
end)
