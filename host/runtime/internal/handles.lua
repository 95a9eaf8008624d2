-- virgo lua --inspect-handles: what keeps the loop alive, at the end of the program and
-- on SIGUSR1, on standard error. Each handle with the place in the program that made it,
-- which is recorded only for this.

local uv = require('uv')
local turn = require('internal/turn')
local debugging = require('native.debugging')

local own_signal -- its address
local places = {} -- by the address of the handle: { handle (weak), place }

local function is_runtime(source)
  return source:find('^@runtime/') or source:find('^@?=?%[C%]') or source:find('/host/runtime/')
end

-- The line of the program this call comes from; the runtime's own if there is none.
local function caller()
  local nearest
  for level = 3, 64 do
    local info = debug.getinfo(level, 'Sl')
    if not info then break end
    if info.currentline > 0 then
      local place = info.short_src .. ':' .. info.currentline
      if not is_runtime(info.source) then return place end
      nearest = nearest or place
    end
  end
  return nearest or '?'
end

local function address(handle)
  return tostring(handle):match('0x%x+')
end

local function record(handle, ...)
  if type(handle) == 'userdata' then
    places[address(handle)] = setmetatable({ handle = handle, place = caller() }, { __mode = 'v' })
  end
  return handle, ...
end

local function watch(name)
  local make = uv[name]
  uv[name] = function(...) return record(make(...)) end
end

local function line(info)
  local words = { ('%-10s'):format(info.type) }
  local function add(...) words[#words + 1] = table.concat({ ... }) end
  if info.own then add('at ', info.own) end
  if info.peer then add('to ', info.peer) end
  if info.pid then add('pid ', info.pid) end
  if info.signal then add('signal ', info.signal) end
  if info.due then add('due in ', info.due, ' ms') end
  if info.every then add('every ', info.every, ' ms') end
  if info.fd then add('fd ', info.fd) end
  if info.closing then
    add('closing')
  elseif not info.active then
    add('not active')
  end
  if not info.referenced then add('not referenced') end
  local made = places[info.address]
  if made and made.handle then
    add('made at ', made.place)
  elseif not made then
    add("of the host")
  end
  return '  ' .. table.concat(words, ', '):gsub(',', '', 1) .. '\n'
end

local function print_handles(when)
  local list, requests = debugging.handles()
  local keeping, others = {}, {}
  for _, info in ipairs(list) do
    if info.address == own_signal then goto continue end
    local keeps = (info.active and info.referenced) or info.closing
    local into = keeps and keeping or others
    into[#into + 1] = line(info)
    ::continue::
  end
  io.stdout:flush()
  io.stderr:write(('virgo lua: %s, %d handles and %d requests keep the loop alive\n'):format(
    when, #keeping, requests))
  io.stderr:write(table.concat(keeping))
  if #others > 0 then
    io.stderr:write(('and %d that do not\n'):format(#others), table.concat(others))
  end
  io.stderr:flush()
end

local handles = {}

function handles.start()
  for name in pairs(uv) do
    if name:find('^new_') and name ~= 'new_work' and name ~= 'new_thread' then watch(name) end
  end
  watch('spawn')
  local signal = turn.hide(uv.new_signal())
  signal:start('sigusr1', function() print_handles('now') end)
  signal:unref()
  own_signal = address(signal)
  process:on('exit', function() print_handles('at the end') end)
end

return handles
