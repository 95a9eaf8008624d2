-- virgo lua --profile: LuaJIT's profiler, each millisecond of CPU time, as folded
-- stacks: "main (a.lua:0);work (a.lua:3) 12". Written once, at the end of the program.

local profiler = require('jit.profile')
local uv = require('uv')
local terminal = require('native.terminal')

local MAX_DEPTH = 128
-- More different stacks than this are counted together.
local MAX_STACKS = 100000

local STATES = { N = '[compiled]', I = '[interpreted]', C = '[C]', G = '[garbage collector]',
  J = '[compiler]' }

local getinfo = debug.getinfo
local labels = setmetatable({}, { __mode = 'k' }) -- by function
local stacks, different = {}, 0

-- A function's name is that of its first sighting.
local function label(info)
  local known = labels[info.func]
  if known then return known end
  local text
  if info.what == 'main' then
    text = ('main (%s)'):format(info.short_src)
  elseif info.what == 'C' then
    text = (info.name or '?') .. ' [C]'
  else
    text = ('%s (%s:%d)'):format(info.name or 'function', info.short_src, info.linedefined)
  end
  text = text:gsub('[;\n]', ' ')
  labels[info.func] = text
  return text
end

local interrupted

local function sample(with_states)
  return function(thread, samples, state)
    local frames, first = {}, MAX_DEPTH
    for level = 0, MAX_DEPTH - 1 do
      local info = getinfo(thread, level, 'nSf')
      if not info then break end
      frames[first] = label(info)
      first = first - 1
    end
    while first + 1 < MAX_DEPTH and frames[first + 1]:find('runtime/require.lua:', 1, true) do
      first = first + 1 -- how the main file was loaded is not of interest
    end
    local stack = table.concat(frames, ';', first + 1, MAX_DEPTH)
    if stack == '' then stack = '[no Lua]' end
    if with_states then stack = stack .. ';' .. STATES[state] end
    if not stacks[stack] then
      different = different + 1
      if different > MAX_STACKS then stack = '[others]' end
    end
    stacks[stack] = (stacks[stack] or 0) + samples
    if terminal.interrupted() then interrupted() end
  end
end

local written = false

local function write(path)
  if written then return end
  written = true
  profiler.stop()
  local lines = {}
  for stack, samples in pairs(stacks) do lines[#lines + 1] = stack .. ' ' .. samples .. '\n' end
  table.sort(lines)
  io.stdout:flush()
  local file, err = io.stderr, nil
  if path then file, err = io.open(path, 'w') end
  if not file then
    io.stderr:write('virgo lua: the profile cannot be written: ', err, '\n')
    return
  end
  for _, line in ipairs(lines) do file:write(line) end
  file:flush()
  if path then file:close() end
end

local profile = {}

-- Starts; `options`: file (nil: standard error), states.
function profile.start(options)
  local function finish() write(options.file) end
  process:on('exit', finish)
  local exit = os.exit
  os.exit = function(...)
    finish()
    return exit(...)
  end
  interrupted = function()
    -- A program that listens to the signal ends by itself, or does not.
    if process:listenerCount('sigint') > 0 then return end
    finish()
    terminal.interrupts(nil)
    uv.kill(uv.os_getpid(), 'sigint')
  end
  terminal.interrupts(interrupted)
  profiler.start('fi1', sample(options.states))
end

return profile
