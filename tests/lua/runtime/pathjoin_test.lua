local test = require('./harness')
local pathjoin = require('pathjoin')
local join = pathjoin.pathJoin

test('isWindows, getPrefix, splitPath, joinParts', function(t)
  t:equal(pathjoin.isWindows, jit.os == 'Windows')
  t:equal(pathjoin.getPrefix('/a'), '/')
  t:equal(pathjoin.getPrefix('a/b'), nil)
  t:equal(pathjoin.getPrefix(''), nil)
  t:same(pathjoin.splitPath('/a//b/./c/'), { 'a', 'b', '.', 'c' })
  t:same(pathjoin.splitPath(''), {})
  t:equal(pathjoin.joinParts('/', { 'a', 'b', 'c' }), '/a/b/c')
  t:equal(pathjoin.joinParts(nil, { 'a', 'b', 'c' }, 2), 'b/c')
  t:equal(pathjoin.joinParts('/', { 'a', 'b', 'c' }, 1, 2), '/a/b')
  t:equal(pathjoin.joinParts('/', { 'a' }, 1, 0), '/')
end)

test('pathJoin', function(t)
  for wanted, parts in pairs {
    ['a/b'] = { 'a', 'b' }, ['/a/b'] = { '/a', 'b' }, ['/b'] = { '/a', '/b' }, ['b'] = { 'a', '../b' },
    ['../b'] = { 'a', '../../b' }, ['/x'] = { '/a', '../../../x' }, ['a/b/'] = { 'a', './b/' },
    ['../../c'] = { '..', '..', 'c' }, [''] = { 'a', '..' }, ['/'] = { '/a', '..' }, ['a'] = { 'a', '' },
    ['/a/c/d'] = { '/a/./b', '../c//d' },
  } do
    t:equal(join(unpack(parts)), wanted)
  end
  t:equal(join(), '')
  t:equal(join('..', 'a', '..', '..', 'b'), '../../b')
end)
