local test = require('./harness')
local utils = require('utils')
local timer = require('timer')

test('bind', function(t)
  local function list(...) return { n = select('#', ...), ... } end
  local object = {}
  t:same(utils.bind(list, object)(1, nil), { n = 3, object, 1 })
  t:same(utils.bind(list, object, 'a', nil)('b', nil), { n = 5, object, 'a', nil, 'b' })
  t:same(utils.bind(list, nil)(), { n = 1 })
end)

test('noop', function(t)
  t:equal(select('#', utils.noop(1, 2)), 0)
end)

local function later(a, b, callback)
  timer.setImmediate(function()
    if a == 'fail' then return callback('failed') end
    callback(nil, a + b, 'more')
  end)
  return 'started'
end

local function atOnce(a, b, callback)
  if a == 'fail' then return callback('failed') end
  callback(nil, a + b, 'more')
end

test('adapt: a callback', function(t, expect)
  local result = utils.adapt(expect(function(err, sum, more)
    t:equal(err, nil)
    t:equal(sum, 3)
    t:equal(more, 'more')
  end), later, 1, 2)
  t:equal(result, 'started')
  utils.adapt(expect(function(err) t:equal(err, 'failed') end), atOnce, 'fail', 2)
end)

test('adapt: a coroutine', function(t)
  local thread = coroutine.running()
  for _, fn in ipairs { later, atOnce } do
    local sum, more = utils.adapt(thread, fn, 1, 2)
    t:equal(sum, 3)
    t:equal(more, 'more')
    local none, err = utils.adapt(thread, fn, 'fail', 2)
    t:equal(none, nil)
    t:equal(err, 'failed')
  end
end)

test('adapt: nothing, and something else', function(t)
  t:equal(utils.adapt(nil, later, 1, 2), 'started')
  t:raises(function() utils.adapt('x', later, 1, 2) end, 'not string')
end)

test('assertResume', function(t)
  local thread = coroutine.create(function(a) error('in it ' .. a) end)
  local err = t:raises(function() utils.assertResume(thread, 'now') end, 'in it now')
  t:match(err, 'stack traceback')
end)

test('all of pretty-print is here', function(t)
  for name, value in pairs(require('pretty-print')) do
    t:equal(utils[name], value, name)
  end
end)
