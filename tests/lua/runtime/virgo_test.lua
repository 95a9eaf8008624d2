local test = require('./harness')
local virgo = require('virgo')
local uv = require('uv')

test('version', function(t)
  t:match(virgo.version, '^%d+%.%d+%.%d+')
  t:equal(virgo.settings, nil, 'a program of its own has no settings')
end)

test('equal', function(t)
  t:equal(virgo.equal('', ''), true)
  t:equal(virgo.equal('token', 'token'), true)
  t:equal(virgo.equal('token', 'tokem'), false)
  t:equal(virgo.equal('token', 'token2'), false)
  t:equal(virgo.equal('a\0b', 'a\0c'), false)
  t:raises(function() virgo.equal('a', nil) end, 'string expected')
end)

test('printable', function(t)
  t:equal(virgo.printable('plain'), 'plain')
  t:equal(virgo.printable('\27[2J\n'), '\\x1b[2J\\x0a')
  t:ok(#virgo.printable(('x'):rep(1000)) < 100)
  t:ok(#virgo.printable(('\1'):rep(5000), 1000) < 1024)
end)

test('log goes to stderr as a line of its level', function(t)
  local err = uv.new_pipe(false)
  local child, text = nil, ''
  child = assert(uv.spawn(args[0], {
    args = { '-e', 'local log = require("virgo").log log.info("one") log.warn("two") log.error("three")' },
    stdio = { nil, nil, err },
  }, t:expect(function(code)
    t:equal(code, 0)
    child:close()
  end)))
  err:read_start(function(_, chunk)
    if chunk then text = text .. chunk return end
    err:close()
    t:match(text, 'INFO  lua: one\n')
    t:match(text, 'WARN  lua: two\n')
    t:match(text, 'ERROR lua: three\n')
  end)
end)
