-- tail -f in straight lines: prints the last lines of a file and goes on as it grows,
-- also when it is truncated or replaced (log rotation).
--
--   virgo lua tail.lua [-n LINES] [-u COUNT] [-t COMMAND] FILE
--
-- -n  how many lines to begin with (10)
-- -u  end after COUNT further lines; otherwise at Ctrl-C
-- -t  send the lines through a command of the shell: -t 'grep --line-buffered error | cut -c 1-80'

local fs = require('fs')
local childprocess = require('childprocess')
local timer = require('timer')

local BLOCK = 64 * 1024
local PAUSE = 100 -- ms between looks

local options = { n = 10, u = math.huge }
local path
local i = 2
while args[i] do
  local letter = args[i]:match('^%-([nut])$')
  if letter then
    i = i + 1
    options[letter] = letter == 't' and args[i] or tonumber(args[i])
  else
    path = args[i]
  end
  i = i + 1
end
if not path then
  io.stderr:write('usage: tail.lua [-n LINES] [-u COUNT] [-t COMMAND] FILE\n')
  process:exit(2)
end

-- The offset at which the last n lines begin, found from the end backwards.
local function lastLines(fd, size, n)
  local offset, wanted = size, n + 1 -- the newline before the first of them
  while offset > 0 do
    local from = math.max(0, offset - BLOCK)
    local block = assert(fs.read(fd, offset - from, from))
    for at = #block, 1, -1 do
      if block:byte(at) == 10 and from + at < size then
        wanted = wanted - 1
        if wanted == 1 then
          return from + at
        end
      end
    end
    offset = from
  end
  return 0
end

local child, out
if options.t then
  child = childprocess.spawn('sh', { '-c', options.t }, { stdio = { 'pipe', 'inherit', 'inherit' } })
  out = child.stdin
else
  out = process.stdout
end

local stopped = false
process:once('sigint', function() stopped = true end)

local fd = assert(fs.open(path))
local stat = assert(fs.fstat(fd))
local offset = lastLines(fd, stat.size, options.n)
local begun = stat.size -- lines behind this are new
local lines = 0

while not stopped and lines < options.u do
  local chunk = assert(fs.read(fd, BLOCK, offset))
  if chunk ~= '' then
    local new = math.max(0, begun - offset)
    offset = offset + #chunk
    for _ in chunk:sub(new + 1):gmatch('\n') do lines = lines + 1 end
    if not out:writeAll(chunk) then break end -- the command has ended
  else
    local now = fs.stat(path)
    if now and now.ino ~= stat.ino then -- another file has the name
      fs.close(fd)
      fd = assert(fs.open(path))
      stat, offset, begun = assert(fs.fstat(fd)), 0, 0
    elseif assert(fs.fstat(fd)).size < offset then -- truncated
      offset, begun = 0, 0
    else
      timer.sleep(PAUSE)
    end
  end
end

fs.close(fd)
if child then
  child.stdin:_end()
  process.exitCode = child:wait('close')
end
