local test = require('./harness')
local path = require('path')
local uv = require('uv')
local posix, win = path.posix, path.win

test('the module is the one of the system', function(t)
  t:equal(path, jit.os == 'Windows' and win or posix)
  t:equal(path.join('a', 'b'), path:join('a', 'b'))
  t:equal(posix.sep .. posix.delimiter .. win.sep .. win.delimiter, '/:\\;')
end)

test('getRoot and getSep', function(t)
  t:equal(posix.getRoot(), '/')
  t:equal(posix.getRoot('/a/b'), '/')
  t:equal(win.getRoot('D:\\x'), 'D:\\')
  t:equal(win.getRoot('\\\\server\\share\\x'), '\\\\server\\share\\')
  t:equal(win.getRoot(), 'C:\\')
  t:equal(posix.getSep(), '/')
  t:equal(win:getSep(), '\\')
end)

test('normalize', function(t)
  for from, to in pairs {
    ['/foo/bar//baz/asdf/quux/..'] = '/foo/bar/baz/asdf', ['./a/../b'] = 'b', [''] = '.', ['.'] = '.', ['./'] = './',
    ['../../a/..'] = '../..', ['/..//..'] = '/', ['/../a/'] = '/a/', ['a/../..'] = '..', ['//a'] = '/a', ['/'] = '/',
  } do
    t:equal(posix.normalize(from), to, from)
  end
  for from, to in pairs {
    ['C:\\temp\\\\foo\\bar\\..\\'] = 'C:\\temp\\foo\\', ['c:a/../b'] = 'c:b', ['C:/x//y'] = 'C:\\x\\y',
    ['//server/share/dir/../f'] = '\\\\server\\share\\f', [''] = '.', ['x/../C:/y'] = '.\\C:\\y', ['C:'] = 'C:.',
  } do
    t:equal(win.normalize(from), to, from)
  end
end)

test('join', function(t)
  t:equal(posix.join('/foo', 'bar', 'baz/asdf', 'quux', '..'), '/foo/bar/baz/asdf')
  t:equal(posix.join(), '.')
  t:equal(posix.join('', ''), '.')
  t:equal(posix.join('a', '', '/b'), 'a/b')
  t:equal(posix.join('..', 'a/'), '../a/')
  t:equal(win.join('C:\\', 'a', '..\\b'), 'C:\\b')
  t:equal(win.join('\\', 'server', 'share'), '\\server\\share')
  t:equal(win.join('//server', 'share', 'x'), '\\\\server\\share\\x')
  t:raises(function() posix.join('a', 5) end, 'join wants a path, got number')
  t:raises(function() posix.join('a', nil) end, 'got nil')
end)

test('resolve', function(t)
  t:equal(posix.resolve('/foo/bar', './baz'), '/foo/bar/baz')
  t:equal(posix.resolve('/foo/bar', '/tmp/file/'), '/tmp/file')
  t:equal(posix.resolve('a', '..'), uv.cwd())
  t:equal(posix.resolve(), uv.cwd())
  t:equal(posix.resolve(''), uv.cwd())
  t:equal(posix.resolve('/..', '..', 'x'), '/x')
  t:equal(win.resolve('C:\\a', '..\\b', 'D:\\c', 'd'), 'D:\\c\\d')
  t:equal(win.resolve('C:\\a', '\\b'), 'C:\\b')
  t:equal(win.resolve('C:\\a', 'c:b'), 'c:\\a\\b')
end)

test('relative', function(t)
  t:equal(posix.relative('/data/test/aaa', '/data/impl/bbb'), '../../impl/bbb')
  t:equal(posix.relative('/a', '/a'), '')
  t:equal(posix.relative('/a/b', '/a'), '..')
  t:equal(posix.relative('/', '/a/b'), 'a/b')
  t:equal(posix.relative('/a', '/ab'), '../ab')
  t:equal(posix.relative('x', 'y'), '../y')
  t:equal(win.relative('C:\\a\\B', 'c:\\A\\c'), '..\\c')
  t:equal(win.relative('C:\\a', 'D:\\b'), 'D:\\b')
end)

test('dirname, basename, extname', function(t)
  for from, wanted in pairs {
    ['/a/b/c.txt'] = { '/a/b', 'c.txt', '.txt' }, ['/a/b/'] = { '/a', 'b', '' }, ['/a'] = { '/', 'a', '' },
    ['/'] = { '/', '', '' }, [''] = { '.', '', '' }, ['a'] = { '.', 'a', '' }, ['a/b'] = { 'a', 'b', '' },
    ['.bashrc'] = { '.', '.bashrc', '' }, ['a.'] = { '.', 'a.', '.' }, ['a.b.c'] = { '.', 'a.b.c', '.c' },
    ['..'] = { '.', '..', '' }, ['x/..a.b'] = { 'x', '..a.b', '.b' }, ['//a//'] = { '/', 'a', '' },
  } do
    t:equal(posix.dirname(from), wanted[1], from)
    t:equal(posix.basename(from), wanted[2], from)
    t:equal(posix.extname(from), wanted[3], from)
  end
  t:equal(posix.basename('/a/b.html', '.html'), 'b')
  t:equal(posix.basename('.html', '.html'), '.html')
  t:equal(posix.basename('b.html', ''), 'b.html')
  t:equal(posix.basename('b.html', 'x'), 'b.html')
  t:equal(win.dirname('C:\\a\\b'), 'C:\\a')
  t:equal(win.dirname('C:\\a'), 'C:\\')
  t:equal(win.dirname('C:'), 'C:')
  t:equal(win.basename('C:/a/b.txt', '.txt'), 'b')
  t:equal(win.basename('C:'), '')
  t:equal(win.extname('a\\b.c\\d'), '')
end)

test('isAbsolute, isUNC, isDriveRelative', function(t)
  t:equal(posix.isAbsolute('/a'), true)
  t:equal(posix.isAbsolute('a'), false)
  t:equal(posix.isAbsolute(''), false)
  t:equal(win.isAbsolute('C:\\'), true)
  t:equal(win.isAbsolute('C:a'), false)
  t:equal(win.isAbsolute('//server/share'), true)
  t:equal(win.isAbsolute('/a'), true)
  t:equal(win.isUNC('\\\\server\\share'), true)
  t:equal(win.isUNC('C:\\x'), false)
  t:equal(posix.isUNC('//a/b'), false)
  t:equal(win.isDriveRelative('C:a'), true)
  t:equal(win.isDriveRelative('C:\\a'), false)
  t:equal(posix.isDriveRelative('C:a'), false)
end)

test('pathsEqual, normalizeSeparators, _makeLong', function(t)
  t:equal(posix.pathsEqual('/a', '/a'), true)
  t:equal(posix.pathsEqual('/a', '/A'), false)
  t:equal(win.pathsEqual('C:/a', 'c:\\A'), true)
  t:equal(win.pathEquals('C:/a', 'c:\\b'), false)
  t:equal(posix.normalizeSeparators('a/b\\c'), 'a/b\\c')
  t:equal(win.normalizeSeparators('a/b\\c'), 'a\\b\\c')
  t:equal(posix._makeLong('/a'), '/a')
  t:equal(win._makeLong('C:/a'), '\\\\?\\C:\\a')
  t:equal(win._makeLong('//server/share/x'), '\\\\?\\UNC\\server\\share\\x')
  t:equal(win._makeLong(''), '')
end)

test('what is no path', function(t)
  for _, name in ipairs { 'normalize', 'dirname', 'basename', 'extname', 'isAbsolute', 'normalizeSeparators' } do
    t:raises(function() posix[name]({}) end, name .. ' wants a path, got table')
  end
  t:equal(posix.basename('a\0b'), 'a\0b')
end)
