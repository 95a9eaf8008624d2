local test = require('./harness')
local pretty = require('pretty-print')
local core = require('core')

local function dump(value, recurse)
  return pretty.dump(value, recurse, true)
end

test('dump: plain values', function(t)
  t:equal(dump(nil), 'nil')
  t:equal(dump(true), 'true')
  t:equal(dump(1.5), '1.5')
  t:equal(dump('text'), "'text'")
  t:equal(dump("it's"), '"it\'s"')
  t:equal(dump('both \' and "'), [['both \' and "']])
  t:equal(dump('a\n\t\\\0\1272'), [['a\n\t\\\000\1272']])
  t:equal(dump('grün'), "'grün'")
  t:match(dump(print), '^function: ')
  t:match(dump(coroutine.create(print)), '^thread: ')
  t:match(dump(io.stdout), '^file ')
  t:equal(dump(5LL), '5LL')
end)

test('dump: tables, keys sorted', function(t)
  t:equal(dump({}), '{}')
  t:equal(dump({ 1, 'b', { 3 } }), "{ 1, 'b', { 3 } }")
  t:equal(dump({ b = 1, a = 2, 7 }), '{ 7, a = 2, b = 1 }')
  t:equal(dump({ [3] = 'c', [1] = 'a', [-1] = 'z', [1.5] = 'f' }), "{ 'a', [-1] = 'z', [1.5] = 'f', [3] = 'c' }")
  t:equal(dump({ ['end'] = 1, ['a b'] = 2, [true] = 3 }), "{ ['a b'] = 2, ['end'] = 1, [true] = 3 }")
  t:equal(dump(setmetatable({ 1 }, {})), '{ 1 }')
end)

test('dump: long tables take lines', function(t)
  local long = ('x'):rep(60)
  t:equal(dump({ long, { a = 1, b = { long } } }), table.concat({
    '{', "  '" .. long .. "',", '  {', '    a = 1,', "    b = { '" .. long .. "' }", '  }', '}' }, '\n'))
end)

test('dump: circles, the same table twice, depth', function(t)
  local circle = {}
  circle.itself = circle
  t:match(dump(circle), '^{ itself = table: 0x%x+ }$')
  local twice = { 1 }
  t:equal(dump({ twice, twice }), '{ { 1 }, { 1 } }')
  local deep = {}
  for _ = 1, 100000 do deep = { deep } end
  t:match(dump(deep), 'table: 0x')
  t:match(dump({ { 1 } }, false), '^{ table: 0x%x+ }$')
end)

test('dump: __tostring, and one that fails', function(t)
  t:equal(dump(core.Error:new('the message')), 'the message')
  t:equal(dump({ setmetatable({}, { __tostring = function() error('no') end }) }), '{ table (its __tostring fails) }')
  local strict = setmetatable({ 1 }, { __index = function() error('strict') end })
  t:equal(dump(strict), '{ 1 }')
end)

test('colours: loadColors, color, colorize, strip, theme', function(t)
  local saved = {}
  for k, v in pairs(pretty.theme) do saved[k] = v end
  t:defer(function()
    pretty.loadColors()
    for k, v in pairs(saved) do pretty.theme[k] = v end
  end)
  pretty.loadColors(16)
  t:equal(pretty.color('number'), '\27[1;33m')
  t:equal(pretty.color(), '\27[0m')
  t:equal(pretty.color('no such kind'), '\27[0m')
  t:equal(pretty.colorize('number', 5), '\27[1;33m5\27[0m')
  t:equal(pretty.colorize('number', 5, 'string'), '\27[1;33m5\27[0;32m')
  pretty.loadColors(256)
  t:equal(pretty.color('number'), '\27[38;5;202m')
  pretty.theme.number = '7'
  t:equal(pretty.color('number'), '\27[7m')
  local value = { 1, 'a\n"', x = true, [2.5] = print }
  local colored = pretty.dump(value)
  t:match(colored, '\27%[')
  local plain = pretty.strip(colored)
  t:equal(plain, dump(value))
  pretty.loadColors()
  t:equal(pretty.dump(value), plain)
  t:equal(pretty.color('number'), '')
  t:equal(pretty.colorize('number', 5), '5')
  t:equal(next(pretty.theme), nil)
end)

test('print and p: tabs, nils, no colours in a pipe', function(t)
  local code, out, err = t:run([[
    print(1, nil, 'x', nil)
    print()
    p('x', nil, {1}, nil)
    local pretty = require('pretty-print')
    pretty.print('same', print ~= nil)
    pretty.prettyPrint(pretty.p == pretty.prettyPrint)
    process.stderr:write('to stderr\n')]], { env = { 'TERM=xterm-256color', 'COLORTERM=truecolor' } })
  t:equal(out, "1\tnil\tx\tnil\n\n'x'\tnil\t{ 1 }\tnil\nsame\ttrue\ntrue\n")
  t:equal(err, 'to stderr\n')
  t:equal(code, 0)
end)

test('nothing is lost at the end, in whatever way it comes; the order is kept', function(t)
  local code, out = t:run([[
    io.write('a')
    print(('x'):rep(300000))
    io.write('b')
    process.stdout:write(('y'):rep(300000))
    io.write('c')
    process:exit(3)]])
  t:equal(code, 3)
  t:equal(out, 'a' .. ('x'):rep(300000) .. '\nb' .. ('y'):rep(300000) .. 'c')
end)

test('a reader that goes away ends the program, unless it listens', function(t)
  local code, _, err = t:run('while true do print("y") end', { closeOutput = true })
  t:equal(err, '')
  t:equal(code, 141)
  code, _, err = t:run([[
    local stop
    process.stdout:on('error', function(err) stop = err end)
    while not stop do
      print('y')
      require('timer').sleep(1)
    end
    io.stderr:write(stop.code)]], { closeOutput = true })
  t:equal(err, 'EPIPE')
  t:equal(code, 0)
end)

test('stdin: a pipe read in straight lines, its end', function(t)
  local code, out = t:run([[
    local stdin = require('pretty-print').stdin
    print(stdin:readLine(), stdin:readLine(), stdin:readAll())
    stdin:on('end', function() print('end') end)]], { input = 'one\ntwo\nrest' })
  t:equal(out, 'one\ttwo\trest\nend\n')
  t:equal(code, 0)
end)

test('stdin: events; not read, it keeps nothing alive', function(t)
  local code, out = t:run([[
    process.stdin:on('data', function(chunk) io.write('[', chunk, ']') end)
    process.stdin:on('end', function() print('end') end)]], { input = 'abc' })
  t:equal(out, '[abc]end\n')
  t:equal(code, 0)
  code = t:run([[
    process.stdin:once('data', function() process.stdin:pause() end)
    process.stdin:resume()]], { input = 'abc' })
  t:equal(code, 0)
end)

test('stdin: a file', function(t)
  local code, out = t:run([[
    local uv = require('uv')
    local stdio = require('pretty-print/stdio')
    local path = os.tmpname()
    local file = io.open(path, 'w')
    file:write(('z'):rep(200000)) file:close()
    local input = stdio.Input:new(uv.fs_open(path, 'r', 0))
    os.remove(path)
    print(input.kind, #input:readAll())
    local closed = stdio.Input:new(999)
    closed.kind = 'file'
    print(select(2, closed:readAll()).code)]])
  t:equal(out, 'file\t200000\nEBADF\n')
  t:equal(code, 0)
end)

test('stdout cannot be ended; piping into it leaves it open', function(t)
  local code, out = t:run([[
    local stream = require('stream')
    process.stdout:_end('a', function() print('called') end)
    local source = stream.PassThrough:new()
    source:pipe(process.stdout)
    source:_end('b')
    source:on('end', function() process.stdout:write('c') end)]])
  t:match(out, '^ab')
  t:match(out, 'called')
  t:match(out, 'c')
  t:equal(code, 0)
end)
