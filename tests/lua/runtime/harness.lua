-- Tests of the Lua runtime. A test file is run as `virgo lua FILE`:
--
--   local test = require('./harness')
--   test('adds', function(t, expect)
--     t:equal(1 + 1, 2)
--     timer.setTimeout(1, expect(function() t:ok(true) end))
--   end)
--
-- Tests run one after the other, each in a coroutine, once the file itself is done.
-- A test is over when its function has returned, what it expects was called, what it
-- deferred was closed and the loop has nothing left to do. Handles left open fail it,
-- and so does an error in a callback. TEST=pattern in the environment runs those only.

local uv = require('uv')

local LIMIT_MS = 20000 * (os.getenv('VIRGO_SLOW') == '1' and 5 or 1)

local tests, failures = {}, {}

local T = {}
T.__index = T

local function show(value)
  return type(value) == 'string' and ('%q'):format(value) or tostring(value)
end

local function fail(text, message, level)
  error((message and message .. ': ' or '') .. text, level + 1)
end

function T:ok(value, message)
  if not value then
    fail('expected a true value, got ' .. show(value), message, 2)
  end
  return value
end

function T:equal(got, wanted, message)
  if got ~= wanted then
    fail('expected ' .. show(wanted) .. ', got ' .. show(got), message, 2)
  end
end

-- The first place where two values differ, nil if there is none.
local function difference(a, b, where)
  if a == b or (a ~= a and b ~= b) then
    return nil
  end
  if type(a) ~= 'table' or type(b) ~= 'table' then
    return ('%s: expected %s, got %s'):format(where, show(b), show(a))
  end
  for key in pairs(b) do
    local found = difference(a[key], b[key], where .. '[' .. show(key) .. ']')
    if found then return found end
  end
  for key in pairs(a) do
    if b[key] == nil then
      return ('%s[%s]: expected nothing, got %s'):format(where, show(key), show(a[key]))
    end
  end
end

function T:same(got, wanted, message)
  local found = difference(got, wanted, 'value')
  if found then
    fail(found, message, 2)
  end
end

function T:match(text, pattern, message)
  if not tostring(text):find(pattern) then
    fail('expected something like ' .. show(pattern) .. ', got ' .. show(text), message, 2)
  end
end

-- fn must raise; its error's text must match the pattern. Returns the error.
function T:raises(fn, pattern, message)
  local ok, err = pcall(fn)
  if ok then
    fail('expected an error', message, 2)
  elseif pattern and not tostring(err):find(pattern) then
    fail('expected an error like ' .. show(pattern) .. ', got ' .. show(tostring(err)), message, 2)
  end
  return err
end

-- A callback that must be called `count` times (once; 0 is never).
function T:expect(fn, count)
  if type(fn) == 'number' then
    fn, count = nil, fn
  end
  local where = debug.getinfo(2, 'Sl')
  local entry = { wanted = count or 1, got = 0,
    where = where.short_src .. ':' .. where.currentline }
  self.expected[#self.expected + 1] = entry
  return function(...)
    entry.got = entry.got + 1
    if entry.got > entry.wanted then
      error(('called %d times, expected %d (%s)'):format(entry.got, entry.wanted, entry.where), 2)
    end
    if fn then
      return fn(...)
    end
  end
end

-- fn runs when the test is over, also when it failed; the last one first.
function T:defer(fn)
  self.deferred[#self.deferred + 1] = fn
end

-- Waits for a callback: start(done) is called, done's arguments are returned.
function T:await(start)
  local thread, early = coroutine.running(), nil
  start(function(...)
    if coroutine.status(thread) == 'suspended' then
      local ok, err = coroutine.resume(thread, ...)
      if not ok then self:failed(debug.traceback(thread, tostring(err))) end
    else
      early = { n = select('#', ...), ... }
    end
  end)
  if early then
    return unpack(early, 1, early.n)
  end
  return coroutine.yield()
end

function T:sleep(ms)
  local timer = uv.new_timer()
  self:await(function(done) timer:start(math.max(ms, 1), 0, done) end) -- 0 would starve the loop
  timer:close()
end

-- Where the built-in modules come from, as the option that says so to a child.
local function runtimeOption()
  local source = debug.getinfo(require('core').Object.new, 'S').source
  local folder = source:match('^@(/.*)/core%.lua$')
  return folder and { '--runtime', folder } or {}
end

-- Runs a program's text as a child. Options: args, env (list of NAME=value, added to
-- ours), input (text for stdin), onSpawn(handle, pid). Gives the exit code (or the
-- negated signal), and what it wrote to stdout and stderr. closeOutput: nobody reads its
-- stdout after the first chunk.
function T:run(text, options)
  options = options or {}
  local arguments = { unpack(runtimeOption()) }
  for _, each in ipairs { '-e', text, unpack(options.args or {}) } do
    arguments[#arguments + 1] = each
  end
  local env = {}
  for name, value in pairs(uv.os_environ()) do env[#env + 1] = name .. '=' .. value end
  for _, each in ipairs(options.env or {}) do env[#env + 1] = each end
  local stdin, stdout, stderr = uv.new_pipe(false), uv.new_pipe(false), uv.new_pipe(false)
  local output = { {}, {} }
  local code = self:await(function(done)
    local left, result = 3, nil
    local function step(status)
      left, result = left - 1, status or result
      if left == 0 then done(result) end
    end
    local handle, pid
    handle, pid = uv.spawn(args[0], { args = arguments, env = env, stdio = { stdin, stdout, stderr } },
      function(status, signal)
        handle:close()
        step(signal ~= 0 and -signal or status)
      end)
    assert(handle, pid)
    for i, pipe in ipairs { stdout, stderr } do
      pipe:read_start(function(err, chunk)
        assert(not err, err)
        if chunk then
          table.insert(output[i], chunk)
        end
        if not chunk or (options.closeOutput and i == 1) then
          pipe:close()
          step()
        end
      end)
    end
    if options.input then stdin:write(options.input) end
    stdin:shutdown(function() stdin:close() end)
    if options.onSpawn then options.onSpawn(handle, pid) end
  end)
  return code, table.concat(output[1]), table.concat(output[2])
end

function T:skip(reason)
  self.skipped = reason
  error(self, 0)
end

function T:failed(text)
  self.failure = self.failure or text
end

--------------------------------------------------------------------------------

local poll = uv.new_timer()
local known = {}

local function leftOpen()
  local names = {}
  uv.walk(function(handle)
    if handle ~= poll and not known[handle] and not handle:is_closing() then
      names[#names + 1] = tostring(handle)
    end
  end)
  return names
end

local function closeLeft()
  uv.walk(function(handle)
    if handle ~= poll and not known[handle] and not handle:is_closing() then
      handle:close()
    end
  end)
end

local function idle()
  poll:unref()
  local alive = uv.loop_alive()
  poll:ref()
  return not alive
end

local function unmet(t)
  for _, entry in ipairs(t.expected) do
    if entry.got < entry.wanted then
      return ('a callback was called %d times, expected %d (%s)')
        :format(entry.got, entry.wanted, entry.where)
    end
  end
end

local function runDeferred(t)
  while #t.deferred > 0 do
    local ok, err = xpcall(table.remove(t.deferred), debug.traceback)
    if not ok then t:failed('in a deferred function: ' .. err) end
  end
end

local function begin(entry)
  local t = setmetatable({ name = entry.name, expected = {}, deferred = {}, began = uv.now() }, T)
  known = {}
  uv.walk(function(handle) known[handle] = true end)
  t.thread = coroutine.create(function()
    entry.body(t, function(...) return t:expect(...) end)
  end)
  local ok, err = coroutine.resume(t.thread)
  if not ok and err ~= t then
    t:failed(debug.traceback(t.thread, tostring(err)))
  end
  return t
end

-- Whether the test is over. Called about once per turn of the loop.
local function over(t)
  local returned = coroutine.status(t.thread) == 'dead' or t.failure
  local quiet = idle()
  if uv.now() - t.began > LIMIT_MS then
    t:failed('did not end; open: ' .. table.concat(leftOpen(), ', '))
    closeLeft()
    return true
  end
  if returned and #t.deferred > 0 and (quiet or t.failure or not unmet(t)) then
    runDeferred(t)
    return false
  end
  if t.failure and not quiet then
    closeLeft()
  end
  if not quiet then
    return false
  end
  if not returned then
    t:failed('waits for something that never comes\n' .. debug.traceback(t.thread))
    runDeferred(t)
  elseif not t.failure and not t.skipped and unmet(t) then
    t:failed(unmet(t))
  end
  local left = leftOpen()
  if #left > 0 then
    t:failed('left open: ' .. table.concat(left, ', '))
    closeLeft()
  end
  return true
end

local current, index = nil, 0

-- An error in a callback fails the test that runs.
local process = rawget(_G, 'process')
if process and process.on then
  process:on('uncaughtException', function(err)
    local text = type(err) == 'table' and err.traceback or tostring(err)
    if not current then
      io.stderr:write(text, '\n')
      os.exit(1)
    end
    current:failed(text)
  end)
end

local function report(t)
  if t.failure then
    failures[#failures + 1] = t.name
    io.stdout:write('FAIL  ', t.name, '\n      ', (t.failure:gsub('\n', '\n      ')), '\n')
  else
    io.stdout:write(t.skipped and 'skip  ' or 'ok    ', t.name,
      t.skipped and ' (' .. t.skipped .. ')' or '', '\n')
  end
  io.stdout:flush()
end

local function finish()
  poll:close()
  if #failures > 0 then
    io.stdout:write(('%d of %d failed\n'):format(#failures, #tests))
    io.stdout:flush()
    os.exit(1)
  end
  if index == 0 then
    io.stderr:write('no test was run\n')
    os.exit(1)
  end
  io.stdout:write(('%d passed\n'):format(#tests))
  io.stdout:flush()
end

poll:start(0, 1, function()
  if current and not over(current) then
    return
  end
  if current then
    report(current)
  end
  index = index + 1
  if index > #tests then
    return finish()
  end
  current = begin(tests[index])
end)

return setmetatable({}, {
  __call = function(_, name, body)
    local wanted = os.getenv('TEST')
    if not wanted or name:find(wanted) then
      tests[#tests + 1] = { name = name, body = body }
    end
  end,
})
