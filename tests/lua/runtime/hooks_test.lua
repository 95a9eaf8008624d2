local test = require('./harness')
local hooks = require('hooks')

test('hooks is one emitter for all', function(t, expect)
  t:equal(require('hooks'), hooks)
  hooks:once('virgo.test', expect(function(v) t:equal(v, 1) end))
  hooks:emit('virgo.test', 1)
end)

test('process.exit is announced, by whatever the end', function(t)
  for _, ending in ipairs { '', 'process:exit(0)', 'process.nextTick(process.exit, process)' } do
    local code, out = t:run([[
      require('hooks'):on('process.exit', function(code) print('hook', code) end)
      process:on('exit', function(code) print('exit', code) end)
    ]] .. ending)
    t:equal(out, 'exit\t0\nhook\t0\n', ending)
    t:equal(code, 0)
  end
end)

test('process.uncaughtException: with a listener the program goes on', function(t)
  local code, out, err = t:run([[
    require('hooks'):on('process.uncaughtException', function(err) print(err:match('[^\n]+')) end)
    local timer = require('timer')
    timer.setTimeout(1, function() error('one', 0) end)
    timer.setTimeout(5, function() print('goes on') end)]])
  t:equal(out, 'one\ngoes on\n')
  t:equal(err, '')
  t:equal(code, 0)
end)
