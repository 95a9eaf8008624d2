local test = require('./harness')

test('string.levenshtein is there without require', function(t)
  local code, out = t:run("print(string.levenshtein('kitten', 'sitting'), ('a'):levenshtein('b'))")
  t:equal(out, '3\t1\n')
  t:equal(code, 0)
end)

test('levenshtein', function(t)
  local helpful = require('helpful')
  for _, case in ipairs { { '', '', 0 }, { 'a', '', 1 }, { '', 'abc', 3 }, { 'same', 'same', 0 }, { 'flaw', 'lawn', 2 },
    { 'ab', 'ba', 2 }, { 'intention', 'execution', 5 }, { ('x'):rep(300), ('y'):rep(200), 300 } } do
    t:equal(helpful.levenshtein(case[1], case[2]), case[3])
    t:equal(helpful.levenshtein(case[2], case[1]), case[3])
  end
end)

test('closest', function(t)
  local closest = require('helpful').closest
  local names = { createServer = 1, connect = 2, request = 3, [5] = 4 }
  t:equal(closest(names, 'createSever'), 'createServer')
  t:equal(closest(names, 'conect'), 'connect')
  t:equal(closest(names, 'zzz'), nil)
  t:equal(closest({}, 'x'), nil)
end)
