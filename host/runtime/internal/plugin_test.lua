-- virgo plugin test FILE.lua: runs the tests of a Lua plugin, NAME_test.lua beside
-- NAME.lua. Not for programs. A test file sees the runtime's modules and
--
--   test('counts clients', function(t) ... end)
--
-- `t` is internal/plugin_test_context.lua. The plugin itself runs in a process of its
-- own, `virgo plugin run`, in its sandbox and under its limits. Tests run one after the
-- other, each in a coroutine.

local uv = require('uv')
local Context = require('internal/plugin_test_context')

local TIME = 30000 -- ms a test may take

local function write(text)
  io.stdout:write(text)
  io.stdout:flush()
end

-- Loads the test file; the tests it declares, in order.
local function collect(path)
  local fs = require('fs')
  local source, err = fs.readFileSync(path)
  if not source then return nil, tostring(err) end
  local chunk
  chunk, err = loadstring(source, '@' .. path)
  if not chunk then return nil, err end
  local fileRequire, module = require('require').generator(uv.fs_realpath(path) or path)
  local tests = {}
  local function test(name, body)
    if type(name) ~= 'string' or type(body) ~= 'function' then
      error('write it as: test("what it shows", function(t) ... end)', 2)
    end
    tests[#tests + 1] = { name = name, body = body }
  end
  local globals = { test = test, require = fileRequire, module = module, exports = module.exports }
  setfenv(chunk, setmetatable(globals, { __index = _G }))
  local ok
  ok, err = xpcall(chunk, function(e)
    return type(e) == 'string' and e or debug.traceback(tostring(e), 2)
  end)
  if not ok then return nil, err end
  return tests
end

-- An error of a test, as text. Those of the context have their place already.
local function describe(err)
  if Context.is_skip(err) then return err end
  if type(err) == 'string' then return err end
  return debug.traceback(tostring(err), 2)
end

-- Runs one test; returns "ok", "skip" or "FAIL", and why.
local function run_test(entry, plugin)
  local t = Context.new(plugin)
  local thread = coroutine.running()
  local result, waiting
  local function over(ok, err)
    if result then return end
    result = { ok = ok, err = err }
    if waiting then coroutine.resume(thread) end
  end
  local timer = uv.new_timer()
  timer:start(TIME, 0, function()
    over(false, ('it did not end within %d s%s'):format(TIME / 1000, t:waits()))
  end)
  t.failed = function(_, text) over(false, text) end
  coroutine.wrap(function() over(xpcall(function() return entry.body(t) end, describe)) end)()
  while not result do
    waiting = true
    coroutine.yield()
  end
  timer:close()
  local left = t:close()
  if not result.ok and Context.is_skip(result.err) then return 'skip', result.err.reason end
  if result.ok and not left then return 'ok' end
  local why = result.ok and left or result.err
  if left and left ~= why then why = why .. '\n' .. left end
  return 'FAIL', why .. t:said()
end

-- `file`: of the plugin; `tests`: of its tests; `program`: the agent's; `only`: a part of
-- a test's name, or "". Ends the process: 0 all passed, 1 one failed, 2 none could be run.
return function(file, tests, program, only)
  local list, err = collect(tests)
  if not list then
    io.stderr:write('virgo plugin test: ', err, '\n')
    os.exit(2)
  end
  local count = { ok = 0, FAIL = 0, skip = 0 }
  for _, entry in ipairs(list) do
    if entry.name:find(only, 1, true) then
      local began = uv.hrtime()
      local verdict, why = run_test(entry, { file = file, program = program })
      count[verdict] = count[verdict] + 1
      write(('%-4s  %s (%.0f ms)\n'):format(verdict, entry.name, (uv.hrtime() - began) / 1e6))
      if why then write('      ' .. why:gsub('\n', '\n      ') .. '\n') end
    end
  end
  if count.ok + count.FAIL + count.skip == 0 then
    io.stderr:write('virgo plugin test: ', tests, only == '' and ' has no test: it does not call '
      .. 'test("...", function(t) ... end)' or " has no test with '" .. only .. "' in its name", '\n')
    os.exit(2)
  end
  write(('\n%d passed, %d failed%s\n'):format(count.ok, count.FAIL,
    count.skip > 0 and (', %d skipped'):format(count.skip) or ''))
  os.exit(count.FAIL > 0 and 1 or 0)
end
