local test = require('./harness')
local uv = require('uv')
local repl = require('repl')
local complete = require('repl/complete')

local function dialogue(environment)
  local shown = { text = '' }
  function shown:write(text) self.text = self.text .. text end
  local here = repl.Repl:new({}, shown, false, environment)
  return function(line)
    shown.text = ''
    local prompt = here:evaluateLine(line)
    return prompt, shown.text
  end, here, shown
end

test('expressions, statements, several values', function(t)
  local take = dialogue()
  local function gives(line, wanted)
    local prompt, text = take(line)
    t:equal(prompt, '>', line)
    t:equal(text, wanted, line)
  end
  gives('1 + 1', '2\n')
  gives('=1, nil, "a"', "1, nil, 'a'\n")
  gives('nil', 'nil\n')
  gives('local x = 1', '')
  gives('', '')
  gives('-- a comment', '')
  gives('repl_test_global = 5', '')
  t:equal(rawget(_G, 'repl_test_global'), 5)
  gives('6 * 7', '42\n')
  gives('_ / 2', '21\n')
  _G.repl_test_global, _G._ = nil, nil
end)

test('what is not complete goes on', function(t)
  local take = dialogue()
  for _, line in ipairs { 'function repl_f()', 'return [[a', 'b]]' } do
    t:equal(take(line), '>>')
  end
  t:equal(take('end'), '>')
  local _, text = take('=repl_f()')
  t:equal(text, "'a\\nb'\n")
  t:equal(take('= {'), '>>')
  t:equal(take('1 }'), '>')
  _G.repl_f, _G._ = nil, nil
end)

test('errors are shown, with where they come from', function(t)
  local take = dialogue()
  local prompt, text = take('x = = 1')
  t:equal(prompt, '>')
  t:equal(text, "repl:1: unexpected symbol near '='\n")
  prompt, text = take('local function f() error("oops") end f()')
  t:equal(prompt, '>')
  t:match(text, '^repl:1: oops\nstack traceback:\n')
  t:match(text, "repl:1: in function 'f'")
  t:ok(not text:find('repl.lua'), text)
  _, text = take('error({ code = 7 })')
  t:match(text, '^table: 0x')
  _, text = take('error(setmetatable({}, { __tostring = function() return "readable" end }))')
  t:match(text, '^readable')
end)

test('what yields is waited for', function(t)
  local take, here, shown = dialogue()
  local prompt = take('1')
  t:equal(prompt, '>')
  here.environment.wait = function()
    local thread, timer = coroutine.running(), uv.new_timer()
    timer:start(1, 0, function()
      timer:close()
      assert(coroutine.resume(thread, 'woken'))
    end)
    return coroutine.yield()
  end
  shown.text = ''
  t:await(function(done)
    here:_take('wait()', function() done() end)
    t:equal(shown.text, '')
  end)
  t:equal(shown.text, "'woken'\n")
  _G.wait, _G._ = nil, nil
end)

test('an environment of its own', function(t)
  local environment = { secret = 42 }
  local take = dialogue(environment)
  local _, text = take('secret')
  t:equal(text, '42\n')
  take('new = 1')
  t:equal(environment.new, 1)
  _G._ = nil
end)

test('names are completed', function(t)
  local environment = setmetatable({ own = { field = 1, method = function() end, ['no name'] = 1 } }, { __index = _G })
  local function candidates(before)
    local found, from = complete(environment, before)
    return table.concat(found, ' '), from
  end
  local words, from = candidates('print(string.for')
  t:equal(words, 'format')
  t:equal(from, 14)
  t:equal(candidates('loca'), 'local')
  t:equal(candidates('ow'), 'own')
  t:equal(candidates('own.'), 'field method')
  t:equal(candidates('own:'), 'method')
  t:equal(candidates('own.field.x'), '')
  t:equal(candidates('unknown.x'), '')
  t:equal(candidates('1.'), '')
  t:equal(candidates('3'), '')
  t:equal(candidates('readl'), 'readline')
  words, from = candidates("x = require('readl")
  t:match(words, '^readline')
  t:equal(from, 14)
  t:match(candidates('require "pretty'), 'pretty%-print')
  t:ok(not candidates("require('"):find('internal'))
end)

test('completion runs no code of the program', function(t)
  local environment = setmetatable({ object = setmetatable({}, { __index = function() error('called') end }) },
    { __index = _G })
  t:equal(#complete(environment, 'object.x'), 0)
  t:equal(#complete(environment, 'object.x.y'), 0)
  -- A cycle of __index ends.
  local a, b = {}, {}
  setmetatable(a, { __index = b })
  setmetatable(b, { __index = a })
  environment.cycle = a
  t:equal(#complete(environment, 'cycle.x'), 0)
end)
