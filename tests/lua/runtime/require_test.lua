local test = require('./harness')
local uv = require('uv')
local generator = require('require')

-- A folder with the files given, as { ['libs/a.lua'] = 'return 1' }; gone after the test.
local function folder(t, files)
  local root = assert(uv.fs_mkdtemp((uv.os_tmpdir()) .. '/virgo-require-XXXXXX'))
  t:defer(function() os.execute("rm -rf '" .. root .. "'") end)
  for path, text in pairs(files) do
    local dir = ''
    for part in path:gmatch('([^/]+)/') do
      dir = dir .. '/' .. part
      uv.fs_mkdir(root .. dir, 493)
    end
    local file = assert(io.open(root .. '/' .. path, 'w'))
    file:write(text)
    file:close()
  end
  return root, (generator(root .. '/main.lua'))
end

test('a file relative to the one that asks', function(t)
  local _, require = folder(t, {
    ['a.lua'] = 'return {name = "a", b = require("./sub/b")}',
    ['sub/b.lua'] = 'return {name = "b", c = require("../c.lua")}',
    ['c.lua'] = 'return "c"',
  })
  local a = require('./a')
  t:equal(a.name, 'a')
  t:equal(a.b.name, 'b')
  t:equal(a.b.c, 'c')
  t:equal(require('./a.lua'), a, 'loaded once')
  t:equal(require('./sub/../a'), a, 'one full path, one module')
end)

test('absolute paths, folders, dots', function(t)
  local root, require = folder(t, {
    ['pack/init.lua'] = 'return {dir = module.dir, up = require("..")}',
    ['init.lua'] = 'return "top"',
    ['both.lua'] = 'return "file"',
    ['both/init.lua'] = 'return "folder"',
    ['v1.2.lua'] = 'return "dots"',
  })
  t:equal(require(root .. '/pack').dir, root .. '/pack')
  t:equal(require('./pack/').up, 'top')
  t:equal(require('.'), 'top')
  t:equal(require('./both'), 'file')
  t:equal(require('./both/init'), 'folder')
  t:equal(require('./v1.2'), 'dots')
end)

test('bare names climb through libs and deps', function(t)
  local root, require = folder(t, {
    ['libs/one.lua'] = 'return "libs one"',
    ['deps/one.lua'] = 'return "deps one"',
    ['deps/two/init.lua'] = 'return {three = require("three"), one = require("one")}',
    ['deps/two/libs/three.lua'] = 'return "own three"',
    ['deps/three.lua'] = 'return "shared three"',
    ['libs/pl/path.lua'] = 'return "pl.path"',
    ['libs/json5.lua'] = 'return "mine"',
    ['deep/er/x.lua'] = 'return require("one")',
  })
  t:equal(require('one'), 'libs one')
  t:equal(require('two').three, 'own three')
  t:equal(require('two').one, 'libs one')
  t:equal(require('three'), 'shared three')
  t:equal(require('./deep/er/x'), 'libs one')
  t:equal(require('pl.path'), 'pl.path')
  t:equal(require('pl/path'), 'pl.path')
  t:equal(require('json5'), 'mine')
  t:equal((generator(root .. '/deep/er/none.lua'))('one'), 'libs one')
end)

test('a program may bring its own of a built-in, which the built-ins do not see', function(t)
  local _, require = folder(t, { ['libs/core.lua'] = 'return "own core"' })
  t:equal(require('core'), 'own core')
  t:ok(require('hooks').on, 'hooks is made of the built-in core')
end)

test('built-ins and what plain Lua has', function(t)
  local _, require = folder(t, {})
  t:ok(require('core').Emitter)
  t:equal(require('core'), require('core'))
  t:equal(require('uv'), uv)
  t:ok(require('ffi').cdef)
  t:ok(require('bit').band)
  t:ok(require('jit').version)
  t:equal(require('string'), string)
  package.preload['virgo.test.plain'] = function() return { core = require('core') } end
  t:equal(require('virgo.test.plain').core, require('core'))
  t:raises(function() require('native.process') end, "module 'native.process' not found")
end)

test('exports, a returned value, false', function(t)
  local _, require = folder(t, {
    ['fills.lua'] = 'exports.x = 1',
    ['sets.lua'] = 'module.exports = function() return 2 end',
    ['returns.lua'] = 'exports.x = 1 return {x = 3}',
    ['is_false.lua'] = 'return false',
  })
  t:equal(require('./fills').x, 1)
  t:equal(require('./sets')(), 2)
  t:equal(require('./returns').x, 3)
  t:equal(require('./is_false'), false)
end)

test('a cycle gives the exports so far', function(t)
  local _, require = folder(t, {
    ['a.lua'] = 'exports.early = 1; exports.b = require("./b"); exports.late = 2',
    ['b.lua'] = 'local a = require("./a"); return {early = a.early, late = a.late, a = a}',
  })
  local a = require('./a')
  t:equal(a.b.early, 1)
  t:equal(a.b.late, nil)
  t:equal(a.b.a, a)
  t:equal(a.late, 2)
end)

test('globals of a module are its own', function(t)
  local _, require = folder(t, { ['a.lua'] = 'virgo_test_global = 1 return function() return virgo_test_global end' })
  t:equal(require('./a')(), 1)
  t:equal(rawget(_G, 'virgo_test_global'), nil)
end)

test('what is not there: the asking line, and where it was looked for', function(t)
  local root, require = folder(t, {
    ['asks.lua'] = '\n\nrequire("./nothing")',
    ['asks_bare.lua'] = 'local x = require("nothing_bare")',
    ['libs/x.lua'] = '',
  })
  local err = t:raises(function() require('./asks') end)
  t:match(err, "asks%.lua:3: module '%./nothing' not found")
  t:ok(err:find(root .. '/nothing.lua', 1, true))
  t:ok(err:find(root .. '/nothing/init.lua', 1, true))
  err = t:raises(function() require('./asks_bare') end)
  t:match(err, "asks_bare%.lua:1: module 'nothing_bare' not found")
  t:ok(err:find(root .. '/libs/nothing_bare.lua', 1, true))
  t:match(err, 'built%-in modules')
  t:raises(function() require('') end, 'an empty one')
  t:raises(function() require() end, 'got nil')
  t:raises(function() require({}) end, 'require_test.lua:%d+: .*got table')
end)

test('damaged modules', function(t)
  local root, require = folder(t, {
    ['syntax.lua'] = 'return {\n\n(((',
    ['raises.lua'] = 'exports.half = true; error("broken at load")',
    ['zeros.lua'] = ('\0'):rep(100),
    ['lib.so'] = 'not a library',
  })
  t:raises(function() require('./syntax') end, 'syntax.lua:3:')
  t:raises(function() require('./zeros') end, 'zeros.lua:1:')
  t:raises(function() require('./lib.so') end, 'lib.so')
  t:raises(function() require('./raises') end, 'raises.lua:1: broken at load')
  -- not half a module, but the same error again, and a mended one loads
  t:raises(function() require('./raises') end, 'broken at load')
  local thread = coroutine.create(function() require('./raises') end)
  t:equal(coroutine.resume(thread), false)
  local file = io.open(root .. '/raises.lua', 'w')
  file:write('return "mended"')
  file:close()
  t:equal(require('./raises'), 'mended')
end)

test('a first line for the shell is skipped, the lines keep their numbers', function(t)
  local _, require = folder(t, { ['tool.lua'] = '#!/usr/bin/env virgo-lua\nerror("second")' })
  t:raises(function() require('./tool') end, 'tool.lua:2: second')
end)

test('a module may wait while it loads', function(t)
  local _, require = folder(t, {
    ['slow.lua'] = [[
      local thread, timer = coroutine.running(), require('uv').new_timer()
      timer:start(1, 0, function() timer:close() assert(coroutine.resume(thread, 'waited')) end)
      return coroutine.yield()]],
  })
  t:equal(require('./slow'), 'waited')
end)

test('module: path, dir, load, scan, stat, action, resolve, require', function(t)
  local root, require = folder(t, {
    ['sub/m.lua'] = 'return module',
    ['sub/data.txt'] = 'some text',
    ['sub/other.lua'] = 'return 7',
    ['libs/lib.lua'] = '',
  })
  local module = require('./sub/m')
  t:equal(module.path, root .. '/sub/m.lua')
  t:equal(module.dir, root .. '/sub')
  t:equal(module.exports, module)
  t:equal(module:load('data.txt'), 'some text')
  local content, err = module:load('none.txt')
  t:equal(content, nil)
  t:match(err, 'ENOENT')
  local names = {}
  for name, kind in module:scan('.') do names[name] = kind end
  t:same(names, { ['m.lua'] = 'file', ['data.txt'] = 'file', ['other.lua'] = 'file' })
  t:equal((module:scan('none')), nil)
  t:equal(module:stat('data.txt').size, 9)
  t:equal((module:stat('none')), nil)
  t:equal(module:action('data.txt', function(path) return path end), root .. '/sub/data.txt')
  t:equal(module:resolve('./other'), root .. '/sub/other.lua')
  t:equal(module:resolve('lib'), root .. '/libs/lib.lua')
  t:equal(module:resolve('core'), 'builtin:core.lua')
  local none
  none, err = module:resolve('./none')
  t:equal(none, nil)
  t:match(err, 'not found; looked for')
  t:equal(module:require('./other'), 7)
  t:raises(function() module:require('./none') end, 'require_test.lua:%d+: module')
end)

test('generator gives require and module of a file', function(t)
  local root = folder(t, { ['x.lua'] = 'return 1' })
  local require, module = generator(root .. '/none.lua')
  t:equal(require('./x'), 1)
  t:equal(module.path, root .. '/none.lua')
  t:equal(module.dir, root)
  local _, relative = generator.generator('some/file.lua')
  t:equal(relative.path, uv.cwd() .. '/some/file.lua')
end)

test('this file itself', function(t)
  t:match(module.path, '^/.*require_test%.lua$')
  t:equal(module.dir .. '/require_test.lua', module.path)
  t:equal(require('./harness'), test)
end)
