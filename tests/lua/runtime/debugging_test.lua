-- What helps to find out what a program does: --profile, --inspect-handles and the
-- tracebacks of errors that nobody caught. By the binary itself.
local test = require('./harness')
local uv = require('uv')

-- Runs `virgo lua WORDS... FILE` with a program; gives { code, signal, out, err }.
local function run(t, words, program, started)
  local folder = assert(uv.fs_mkdtemp('/tmp/virgo-debugging-XXXXXX'))
  local file = folder .. '/program.lua'
  local fd = assert(uv.fs_open(file, 'w', 384))
  uv.fs_write(fd, program, 0)
  uv.fs_close(fd)
  t:defer(function()
    uv.fs_unlink(file)
    uv.fs_unlink(folder .. '/profile')
    uv.fs_rmdir(folder)
  end)
  local result = { out = '', err = '', folder = folder }
  local arguments = { 'lua' }
  if os.getenv('VIRGO_RUNTIME') then
    arguments = { 'lua', '--runtime', os.getenv('VIRGO_RUNTIME') }
  end
  for _, word in ipairs(words) do arguments[#arguments + 1] = (word:gsub('FOLDER', folder)) end
  arguments[#arguments + 1] = 'program.lua'
  t:await(function(done)
    local left, child = 3, nil
    local function over()
      left = left - 1
      if left == 0 then done() end
    end
    local pipes = { out = uv.new_pipe(false), err = uv.new_pipe(false) }
    child = assert(uv.spawn(uv.exepath(), { args = arguments, cwd = folder,
      stdio = { nil, pipes.out, pipes.err } }, function(code, signal)
      result.code, result.signal = code, signal
      child:close()
      over()
    end))
    for name, pipe in pairs(pipes) do
      pipe:read_start(function(_, chunk)
        if not chunk then
          pipe:close()
          return over()
        end
        result[name] = result[name] .. chunk
        if started then started(child, result) end
      end)
    end
  end)
  return result
end

local BUSY = [[
local clock = os.clock
local function hot(x) for i = 1, 1000 do x = x + tostring(i):len() end return x end
local function work(seconds)
  local stop = clock() + seconds
  while clock() < stop do hot(1) end
end
]]

test('a profile is folded stacks with names and places', function(t)
  local result = run(t, { '--profile' }, BUSY .. 'work(0.3) print("done")')
  t:equal(result.code, 0, result.err)
  t:equal(result.out:gsub('%s', ''), 'done')
  local total = 0
  for line in result.err:gmatch('[^\n]+') do
    local stack, count = line:match('^(.+) (%d+)$')
    t:ok(stack, line)
    t:ok(not stack:find('\t'))
    total = total + tonumber(count)
  end
  t:ok(total >= 20, total .. ' samples')
  t:match(result.err, 'main %(program.lua%);work %(program.lua:3%);hot %(program.lua:2%)[^\n]* %d+\n')
end)

test('a profile goes to a file, with what the VM did', function(t)
  local result = run(t, { '--profile=FOLDER/profile', '--profile-states' }, BUSY .. 'work(0.2)')
  t:equal(result.code, 0, result.err)
  t:equal(result.err, '')
  local file = assert(io.open(result.folder .. '/profile'))
  local text = file:read('*a')
  file:close()
  t:match(text, ';%[[%a ]+%] %d+\n')
  t:match(text, 'hot %(program.lua:2%)')
end)

test('a profile is written however the program ends', function(t)
  for _, case in ipairs {
    { 'process:exit(3)', 3 }, { 'os.exit(4)', 4 }, { 'error("boom")', 1 },
    { 'uv.new_timer():start(0, 0, function() error("late") end)', 1 },
  } do
    local result = run(t, { '--profile' }, BUSY .. 'work(0.1) ' .. case[1])
    t:equal(result.code, case[2], case[1])
    t:match(result.err, 'work %(program.lua:3%)[^\n]* %d+\n', case[1])
  end
end)

test('ctrl-c writes the profile, of a program that waits and of one that does not', function(t)
  for _, waits in ipairs { 'uv.new_timer():start(1e6, 0, function() end)', 'while true do hot(1) end' } do
    local sent = false
    local result = run(t, { '--profile' },
      BUSY .. 'work(0.1) io.stdout:write("ready\\n") io.stdout:flush() ' .. waits,
      function(child, so_far)
        if not sent and so_far.out:find('ready') then
          sent = true
          child:kill('sigint')
        end
      end)
    t:equal(result.signal, 2, waits)
    t:match(result.err, 'hot %(program.lua:2%)[^\n]* %d+\n', waits)
  end
end)

test('a profile that cannot be written says so', function(t)
  local result = run(t, { '--profile=/nonexistent/profile' }, 'print(1)')
  t:equal(result.code, 0)
  t:match(result.err, 'the profile cannot be written: /nonexistent/profile: No such file')
end)

test('handles are listed at the end, with what they are and who made them', function(t)
  local result = run(t, { '--inspect-handles' }, [[
local server = uv.new_tcp()
server:bind('127.0.0.1', 0)
server:listen(1, function() end)
local port = server:getsockname().port
local timer = uv.new_timer()
timer:start(100000, 2000, function() end)
local child = uv.spawn('sleep', { args = { '100' } }, function() end)
local idle = uv.new_check()
local quiet = uv.new_timer()
quiet:start(100000, 0, function() end)
quiet:unref()
local pipe = uv.new_pipe(false)
pipe:bind('named')
pipe:listen(1, function() end)
child:kill('sigkill')
uv.fs_unlink('named')
print(port)
process:exit(0)
]])
  t:equal(result.code, 0, result.err)
  local port = result.out:match('%d+')
  t:match(result.err, 'virgo lua: at the end, 4 handles and 0 requests keep the loop alive\n')
  t:match(result.err, '\n  tcp +at 127%.0%.0%.1:' .. port .. ', fd %d+, made at program.lua:1\n')
  t:match(result.err, '\n  timer +due in %d+ ms, every 2000 ms, made at program.lua:5\n')
  t:match(result.err, '\n  process +pid %d+, made at program.lua:7\n')
  t:match(result.err, '\n  pipe +at named, fd %d+, made at program.lua:12\n')
  t:match(result.err, '\n  check +not active, made at program.lua:8\n')
  t:match(result.err, '\n  timer +due in %d+ ms, not referenced, made at program.lua:9\n')
end)

test('handles are listed on SIGUSR1, and the program goes on', function(t)
  local sent = 0
  local result = run(t, { '--inspect-handles' }, [[
local signal = uv.new_signal()
signal:start('sigterm', function() signal:close() end)
print('ready') io.stdout:flush()
]], function(child, so_far)
    if sent == 0 and so_far.out:find('ready') then
      sent = 1
      child:kill('sigusr1')
    elseif sent == 1 and so_far.err:find('now, 1 handles') and so_far.err:find('made at program.lua:1\n') then
      sent = 2
      child:kill('sigterm')
    end
  end)
  t:equal(result.code, 0, result.err)
  t:match(result.err, '  signal +signal 15, made at program.lua:1\n')
  t:match(result.err, 'at the end, 0 handles')
end)

test('an uncaught error shows the frames of every coroutine it came through', function(t)
  local result = run(t, {}, [[
local function innermost() error('boom') end
local inner = coroutine.wrap(function() innermost() end)
local function middle() inner() end
local outer = coroutine.wrap(function()
  middle()
end)
outer()
]])
  t:equal(result.code, 1)
  local last = 0
  for _, place in ipairs { 'program.lua:1: boom', "program.lua:1: in function 'innermost'",
    'program.lua:2: in', "program.lua:3: in function 'middle'", 'program.lua:5: in', 'program.lua:7: in' } do
    local at = result.err:find(place, last + 1, true)
    t:ok(at, 'no ' .. place .. ' in its place in\n' .. result.err)
    last = at
  end
end)

test('so does one in a callback', function(t)
  local result = run(t, {}, [[
local timer = uv.new_timer()
local function deep() error('late') end
timer:start(0, 0, function()
  coroutine.wrap(function()
    deep()
  end)()
end)
]])
  t:equal(result.code, 1)
  for _, place in ipairs { 'program.lua:2: late', "program.lua:2: in function 'deep'", 'program.lua:5: in',
    'program.lua:6: in' } do
    t:ok(result.err:find(place, 1, true), 'no ' .. place .. ' in\n' .. result.err)
  end
end)

test('an error that is a table keeps its identity', function(t)
  local result = run(t, {}, [[
local err = setmetatable({}, { __tostring = function() return 'mine' end })
process:on('uncaughtException', function(got)
  print(rawequal(got, err), got.traceback)
  process:exit(0)
end)
coroutine.wrap(function() error(err) end)()
]])
  t:equal(result.code, 0, result.err)
  t:match(result.out, '^true%s+mine\nstack traceback:')
  t:match(result.out, 'program.lua:6: in')
end)

test('coroutine.wrap is otherwise what it was', function(t)
  local double = coroutine.wrap(function(a, ...)
    t:equal(select('#', ...), 2)
    t:same({ coroutine.yield(a, nil, 3) }, { 'x' })
    return 'end'
  end)
  local a, b, c = double(1, nil, nil)
  t:same({ a, b or 'nil', c }, { 1, 'nil', 3 })
  t:equal(double('x'), 'end')
  t:raises(double, 'cannot resume dead coroutine')
  local ok, err = pcall(coroutine.wrap(function() error({ code = 7 }) end))
  t:equal(ok, false)
  t:equal(err.code, 7)
  t:raises(function() coroutine.wrap(7) end, 'function expected')
  -- An error that was caught leaves nothing behind for a later one like it.
  local result = run(t, {}, [[
pcall(coroutine.wrap(function() error('same', 0) end))
error('same', 0)
]])
  t:equal(result.code, 1)
  t:ok(not result.err:find('resumed by'), result.err)
end)
