-- virgo lua url_fuzz.lua [SECONDS [SEED]]: random URLs through parse, format and resolve.
-- Holds: nothing raises; href is a fixed point of parse and format; the parts of href are
-- the parts of the URL; what may split a request line is never in href.
local url = require('url')
local querystring = require('querystring')
local uv = require('uv')

local seconds = tonumber(args[2]) or 5
local seed = tonumber(args[3]) or tonumber(tostring(uv.hrtime() % 1000000))
math.randomseed(seed)

local CORPUS = {
  'http://user:pass@host.com:8080/p/a/t/h?query=string#hash', 'https://[2001:db8::1]:443/a?b=c&d=e',
  'HTTP://EXAMPLE.com', 'http://a.com\\@b.com/', 'http:\\\\x\\y', 'http://good.com+.evil.org/?x',
  'mailto:someone@example.com', 'javascript:alert("x")', 'data:text/plain;base64,AAAA',
  'file:///etc/passwd', 'file://c:/x', '//host/path', '///x', '/a/./b/../c//d', '../..//x', '.', '..', './',
  '?a=b', '#frag?x', 'a:b:c', 'localhost:3000/x', 'x://y:z@w:1/', 'http://h:99999/', 'http://h:/', 'http://:80/',
  'http://@/', 'http://a@b@c/', 'http://[::1', 'http://]:/', 'http://%41%zz%/%', 'http://ex ample.com/\t\r\n',
  'http://\195\188ml\195\164ut.de/\255\254', 'http://a/%2e%2e/b', 'http://x/?a=1&a=2&=3&b', 'ws://h/c?d', '',
  ' \1http://x/ ', 'http:/x', 'http:x', 'http:', 'http:?', 'http:#', ':', '://', '@', 'g:h', 'a?b#c?d#e', '%', '%00',
}
local PIECES = { '/', '//', '\\', '?', '#', '@', ':', '[', ']', '%', '%2f', '%00', '..', '.', '\0', '\1', '\n', '\r',
  ' ', '\127', '\255', 'http:', 'https://', 'x:', '&', '=', '+', '"', '<', '|', '^', '`', '{', ';', "'", 'A', '::1', '0' }

local random = math.random

local function pick(list)
  return list[random(#list)]
end

local function mutate(text)
  for _ = 1, random(0, 6) do
    local at, kind = random(0, #text), random(5)
    if kind == 1 then
      text = text:sub(1, at) .. pick(PIECES) .. text:sub(at + 1)
    elseif kind == 2 then
      text = text:sub(1, at) .. text:sub(at + random(4))
    elseif kind == 3 then
      text = text:sub(1, at) .. string.char(random(0, 255)) .. text:sub(at + 2)
    elseif kind == 4 then
      local other = pick(CORPUS)
      text = text:sub(1, at) .. other:sub(random(0, #other))
    else
      text = text:sub(1, at) .. text:sub(random(0, at), at) .. text:sub(at + 1)
    end
  end
  return text:sub(1, 2000)
end

local PARTS = { 'protocol', 'auth', 'host', 'hostname', 'port', 'pathname', 'search', 'path', 'query', 'hash', 'slashes' }

local function compare(a, b, what)
  for _, part in ipairs(PARTS) do
    if a[part] ~= b[part] then
      error(('%s: %s is %q, was %q'):format(what, part, tostring(b[part]), tostring(a[part])))
    end
  end
end

local function check(text, other)
  for _, denoted in ipairs { false, true } do
    local parsed = url.parse(text, false, denoted)
    if parsed.href:find('[%z\1-\32\127]') then
      error('a control character in ' .. ('%q'):format(parsed.href))
    end
    local again = url.parse(parsed.href, false, denoted)
    assert(again.href == parsed.href, ('href is %q, again %q'):format(parsed.href, again.href))
    compare(parsed, again, 'parsed again')
    assert(url.format(parsed) == parsed.href, 'format differs')
  end
  assert(url.format(text) == url.parse(text).href)
  assert(type(url.parse(text, true).query) == 'table')
  local resolved = url.resolve(text, other)
  local object = url.resolveObject(text, other)
  assert(object.href == resolved)
  assert(url.parse(resolved, false, true).href == resolved, 'resolve gives what parse changes: ' .. resolved)
  assert(querystring.urldecode(querystring.urlencode(text)) == text)
  local params = querystring.parse(text)
  local round = querystring.parse(querystring.stringify(params))
  for key, value in pairs(params) do
    if type(value) == 'string' then assert(round[key] == value, 'querystring of ' .. key) end
  end
end

local runs, stop = 0, uv.hrtime() + seconds * 1e9
repeat
  for _ = 1, 200 do
    local text, other = mutate(pick(CORPUS)), mutate(pick(CORPUS))
    local ok, err = pcall(check, text, other)
    if not ok then
      print(('seed %d, run %d\nurl %q\nlink %q\n%s'):format(seed, runs, text, other, tostring(err)))
      process:exit(1)
    end
    runs = runs + 1
  end
until uv.hrtime() > stop
print(('%d runs, seed %d: all held'):format(runs, seed))
