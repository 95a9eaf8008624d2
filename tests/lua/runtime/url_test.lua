local test = require('./harness')
local url = require('url')

test('parse: all parts', function(t)
  t:same(url.parse('http://user:pass@Host.com:8080/p/a/t/h?query=string#hash'), {
    href = 'http://user:pass@host.com:8080/p/a/t/h?query=string#hash', protocol = 'http', auth = 'user:pass',
    host = 'host.com:8080', hostname = 'host.com', port = '8080', pathname = '/p/a/t/h', search = '?query=string',
    path = '/p/a/t/h?query=string', query = 'query=string', hash = '#hash' })
end)

-- URL: its href (true: the same) and parts.
local CASES = {
  ['http://x'] = { 'http://x/', protocol = 'http', host = 'x', hostname = 'x', pathname = '/', path = '/' },
  ['HTTPS://X.Y/Z'] = { 'https://x.y/Z', protocol = 'https', host = 'x.y', hostname = 'x.y', pathname = '/Z', path = '/Z' },
  ['http://x?a'] = { 'http://x/?a', protocol = 'http', host = 'x', hostname = 'x', pathname = '/', path = '/?a',
    search = '?a', query = 'a' },
  ['http://x#a?b'] = { 'http://x/#a?b', protocol = 'http', host = 'x', hostname = 'x', pathname = '/', path = '/', hash = '#a?b' },
  ['http://[::1]:80/x'] = { true, protocol = 'http', host = '[::1]:80', hostname = '::1', port = '80', pathname = '/x', path = '/x' },
  ['http://x:/y'] = { 'http://x/y', protocol = 'http', host = 'x', hostname = 'x', pathname = '/y', path = '/y' },
  ['http://a@b@c/'] = { 'http://a%40b@c/', protocol = 'http', auth = 'a@b', host = 'c', hostname = 'c', pathname = '/', path = '/' },
  ['http://us%65r:p%40ss@x/'] = { 'http://user:p%40ss@x/', protocol = 'http', auth = 'user:p@ss', host = 'x', hostname = 'x',
    pathname = '/', path = '/' },
  ['/a/b?c=d#e'] = { true, pathname = '/a/b', path = '/a/b?c=d', search = '?c=d', query = 'c=d', hash = '#e' },
  ['a/b'] = { true, pathname = 'a/b', path = 'a/b' },
  ['//x/y'] = { true, pathname = '//x/y', path = '//x/y' },
  ['?'] = { true, search = '?', query = '', path = '?' },
  ['#'] = { true, hash = '#' },
  [''] = { true },
  ['file:///etc/passwd'] = { true, protocol = 'file', pathname = '/etc/passwd', path = '/etc/passwd' },
  ['mailto:foo@bar.com'] = { true, protocol = 'mailto', auth = 'foo', host = 'bar.com', hostname = 'bar.com' },
  ['javascript:alert("x")'] = { 'javascript:alert(%22x%22)', protocol = 'javascript', pathname = 'alert(%22x%22)', path = 'alert(%22x%22)' },
  ['  http://x/ \n'] = { 'http://x/', protocol = 'http', host = 'x', hostname = 'x', pathname = '/', path = '/' },
}

test('parse: cases', function(t)
  for text, wanted in pairs(CASES) do
    local parsed = url.parse(text)
    local expected = { href = wanted[1] == true and text or wanted[1] }
    for key, value in pairs(wanted) do
      if key ~= 1 then expected[key] = value end
    end
    t:same(parsed, expected, text)
    t:equal(url.format(parsed), expected.href)
  end
end)

test('parse: slashes, the query as a table, a host without a protocol', function(t)
  t:equal(url.parse('http://x').slashes, true)
  t:equal(url.parse('mailto:a@b').slashes, nil)
  t:same(url.parse('/x?a=1&b=2&b=3', true).query, { a = '1', b = { '2', '3' } })
  t:same(url.parse('/x', true).query, {})
  t:equal(url.parse('//x/y', false, true).host, 'x')
end)

test('parse: what is meant to deceive', function(t)
  t:equal(url.parse('http:\\\\evil.com\\@good.com/').host, 'evil.com')
  t:equal(url.parse('http://good.com\\@evil.com/').host, 'good.com')
  t:equal(url.parse('http://good.com+.evil.org/').host, 'good.com+.evil.org')
  t:equal(url.parse('http://good.com#@evil.com/').host, 'good.com')
  t:equal(url.parse('http://good.com?@evil.com/').host, 'good.com')
  t:equal(url.parse('http://a b.com/').host, 'a%20b.com')
  t:equal(url.parse('http://x/a\r\nHost: y').pathname, '/a%0D%0AHost:%20y')
  t:equal(url.parse('http://x\r\n.com/').hostname, 'x%0d%0a.com')
  t:equal(url.parse('http://x/\0a').path, '/%00a')
  t:equal(url.parse('http://x:80:90/').host, 'x%3a80:90')
  t:equal(url.parse('http://[::1/').hostname:find('[', 1, true), nil)
end)

test('parse and format: what is no URL', function(t)
  for _, value in ipairs { 5, true, {}, print } do
    t:raises(function() url.parse(value) end, 'url_test.lua:%d+: parse wants a URL as a string')
  end
  t:raises(function() url.parse() end, 'got nil')
  t:raises(function() url.format(nil) end, 'format wants a table')
  t:raises(function() url.resolve('http://x', 5) end, 'got number')
end)

test('format: from parts', function(t)
  t:equal(url.format({ protocol = 'http:', hostname = 'x', port = 80, pathname = 'a' }), 'http://x:80/a')
  t:equal(url.format({ protocol = 'http', host = 'x:1', hostname = 'ignored', port = 2 }), 'http://x:1')
  t:equal(url.format({ hostname = '::1', port = '5', pathname = '/' }), '//[::1]:5/')
  t:equal(url.format({ pathname = '/a?b#c' }), '/a%3Fb%23c')
  t:equal(url.format({ pathname = '/a', query = { y = 2, x = 'a b' } }), '/a?x=a%20b&y=2')
  t:equal(url.format({ pathname = '/a', query = 'x=1' }), '/a?x=1')
  t:equal(url.format({ pathname = '/a', query = {} }), '/a')
  t:equal(url.format({ search = 'a#b', hash = 'c' }), '?a%23b#c')
  t:equal(url.format({ protocol = 'http', host = 'x', auth = 'a:b@c' }), 'http://a:b%40c@x')
  t:equal(url.format({ protocol = 'foo', slashes = true, pathname = '/x' }), 'foo:///x')
  t:equal(url.format({}), '')
  t:equal(url.format('HTTP://X'), 'http://x/')
end)

-- The examples of RFC 3986, 5.4, and some of relative documents.
local BASE = 'http://a/b/c/d;p?q'
local RESOLVED = {
  ['g:h'] = 'g:h', ['g'] = 'http://a/b/c/g', ['./g'] = 'http://a/b/c/g', ['g/'] = 'http://a/b/c/g/', ['/g'] = 'http://a/g',
  ['//g'] = 'http://g/', ['?y'] = 'http://a/b/c/d;p?y', ['g?y'] = 'http://a/b/c/g?y', ['#s'] = 'http://a/b/c/d;p?q#s',
  ['g#s'] = 'http://a/b/c/g#s', ['g?y#s'] = 'http://a/b/c/g?y#s', [';x'] = 'http://a/b/c/;x', ['g;x'] = 'http://a/b/c/g;x',
  [''] = 'http://a/b/c/d;p?q', ['.'] = 'http://a/b/c/', ['./'] = 'http://a/b/c/', ['..'] = 'http://a/b/', ['../'] = 'http://a/b/',
  ['../g'] = 'http://a/b/g', ['../..'] = 'http://a/', ['../../g'] = 'http://a/g', ['../../../g'] = 'http://a/g',
  ['../../../../g'] = 'http://a/g', ['/./g'] = 'http://a/g', ['/../g'] = 'http://a/g', ['g.'] = 'http://a/b/c/g.',
  ['.g'] = 'http://a/b/c/.g', ['g..'] = 'http://a/b/c/g..', ['./../g'] = 'http://a/b/g', ['./g/.'] = 'http://a/b/c/g/',
  ['g/./h'] = 'http://a/b/c/g/h', ['g/../h'] = 'http://a/b/c/h', ['g;x=1/../y'] = 'http://a/b/c/y',
  ['g?y/../x'] = 'http://a/b/c/g?y/../x', ['http:g'] = 'http://a/b/c/g', ['https://x/y'] = 'https://x/y',
}

test('resolve', function(t)
  for link, wanted in pairs(RESOLVED) do
    t:equal(url.resolve(BASE, link), wanted, link)
  end
  for _, case in ipairs {
    { '/one/two/three', 'four', '/one/two/four' }, { 'http://example.com', 'x', 'http://example.com/x' },
    { 'http://user:pw@example.com/a', 'b', 'http://user:pw@example.com/b' },
    { 'http://user:pw@example.com/a', '//other/b', 'http://other/b' }, { 'a/b', '../../c', '../c' },
    { '../x', '../y', '../../y' }, { 'http://x/a?b#c', '#d', 'http://x/a?b#d' }, { '//host/a', 'b', '//host/b' },
    { 'http://x/a//b', 'c', 'http://x/a//c' }, { 'mailto:a@b', 'c', 'mailto:a@b/c' },
  } do
    t:equal(url.resolve(case[1], case[2]), case[3], case[1] .. ' ' .. case[2])
  end
end)

test('resolveObject, from objects too', function(t)
  local object = url.resolveObject(url.parse('http://x:8080/a/b'), '../c?d')
  t:equal(object.href, 'http://x:8080/c?d')
  t:equal(object.port, '8080')
  t:equal(object.pathname, '/c')
  t:equal(url.resolve({ protocol = 'http', host = 'x', pathname = '/a' }, { pathname = 'b' }), 'http://x/b')
end)

test('a second of random URLs', function(t)
  local code, out = t:run(("args[2], args[3] = 1, 1; require(%q)"):format(module.dir .. '/url_fuzz'))
  t:match(out, 'all held')
  t:equal(code, 0)
end)
