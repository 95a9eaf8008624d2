-- virgo lua example.lua PAGE [RUNTIME]: runs the example of a page of host/docs/lua, the first
-- ```lua block below "## Example", and compares what it prints with the ```text block
-- that follows. A page without "## Example" has nothing to run.
-- RUNTIME is a folder to take the built-in modules from.
local uv = require('uv')

local LIMIT_MS = 20000 * (os.getenv('VIRGO_SLOW') == '1' and 5 or 1)
local page = args[2]

local function fail(...)
  io.stderr:write(page, ': ', ...)
  io.stderr:write('\n')
  os.exit(1)
end

local function read(path)
  local file = assert(io.open(path, 'rb'))
  local text = file:read('*a')
  file:close()
  return text
end

-- A block's text, its language, and where it ends.
local function block(text, from)
  local _, start, language = text:find('\n```(%w+)\n', from)
  if not start then return nil end
  local stop, after = text:find('\n```\n', start, true)
  if not stop then return nil end
  return text:sub(start + 1, stop), language, after
end

local text = read(page)
local heading = text:find('\n## Example\n', 1, true)
if not heading then
  print('no example')
  return
end
local source, language, after = block(text, heading)
if language ~= 'lua' then fail('the first block below "## Example" must be ```lua') end
local shown, shown_language, stop = block(text, after - 1)
if shown_language ~= 'text' then fail('after the example a ```text block must show what it prints') end
local next_heading = text:find('\n## ', after - 1, true)
if next_heading and next_heading < stop then
  fail('the ```text block must follow the example in the same section')
end

local folder = assert(uv.fs_mkdtemp((os.getenv('TMPDIR') or '/tmp') .. '/virgo-docs-XXXXXX'))
local script = folder .. '/example.lua'
local file = assert(io.open(script, 'wb'))
file:write(source)
file:close()

local out, err, code, signal, late = {}, {}, nil, nil, false
local pipes = { out = uv.new_pipe(false), err = uv.new_pipe(false) }
local timer = uv.new_timer()
local child, why
local words = { 'lua', 'example.lua' }
if args[3] then words = { 'lua', '--runtime', uv.fs_realpath(args[3]), 'example.lua' } end
child, why = uv.spawn(uv.exepath(), {
  args = words, cwd = folder, stdio = { nil, pipes.out, pipes.err },
}, function(c, s)
  code, signal = c, s
  child:close()
  timer:close()
end)
if not child then fail(why) end
for name, into in pairs({ out = out, err = err }) do
  pipes[name]:read_start(function(_, chunk)
    if chunk then
      into[#into + 1] = chunk
    else
      pipes[name]:close()
    end
  end)
end
timer:start(LIMIT_MS, 0, function()
  late = true
  child:kill('sigkill')
end)
uv.run()

-- Whatever the example left there goes with it.
local function remove(path)
  local entries = uv.fs_scandir(path)
  while entries do
    local name, kind = uv.fs_scandir_next(entries)
    if not name then break end
    if kind == 'directory' then remove(path .. '/' .. name) else uv.fs_unlink(path .. '/' .. name) end
  end
  uv.fs_rmdir(path)
end
remove(folder)

local printed, complaint = table.concat(out), table.concat(err)
if late then fail('the example does not end\n', printed, complaint) end
if printed ~= shown or code ~= 0 then
  fail(('the example ended with code %s (signal %s)\n--- the page shows\n%s--- it prints\n%s%s'):format(
    code, signal, shown, printed, complaint))
end
print('ok')
