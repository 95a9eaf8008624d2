--- Connects to the first of several addresses that answers (RFC 8305): they are tried
--- in order, the next one as soon as one fails or has not answered for 250 ms; the
--- others are given up when one has won.

local uv = require('uv')
local errors = require('net/errors')

local STAGGER = 250 -- ms

local Race = {}
Race.__index = Race

-- The families in turn, each in the order it has in `list`.
local function interleave(list)
  local byFamily, families = {}, {}
  for _, entry in ipairs(list) do
    local of = byFamily[entry.family]
    if not of then
      of = {}
      byFamily[entry.family] = of
      families[#families + 1] = of
    end
    of[#of + 1] = entry
  end
  local out = {}
  for i = 1, #list do
    for _, of in ipairs(families) do
      if of[i] then
        out[#out + 1] = of[i]
      end
    end
  end
  return out
end

-- One error for all that were tried. The code is the first one's.
local function allFailed(race)
  local first = race.errors[1]
  if not race.errors[2] then
    return first
  end
  local each = {}
  for i, err in ipairs(race.errors) do
    each[i] = ('%s %s'):format(err.address, err.code)
  end
  local err = errors.make('connect', first.code, race.host, race.port,
    ('%s (tried %s)'):format(errors.sentence(first.code), table.concat(each, ', ')))
  err.errors = race.errors
  return err
end

local function stop(race)
  race.over = true
  if race.clock then
    race.clock:close()
    race.clock = nil
  end
  for handle in pairs(race.open) do
    if not handle:is_closing() then
      handle:close()
    end
  end
  race.open = {}
end

local start

local function failed(race, entry, why)
  race.errors[#race.errors + 1] = errors.make('connect', why, entry.addr, race.port)
  if race.entries[race.tried + 1] then
    return start(race)
  elseif next(race.open) == nil then
    stop(race)
    race.done(allFailed(race))
  end
end

local function answered(race, handle, entry, why)
  if race.over then
    return
  end
  race.open[handle] = nil
  if why then
    if not handle:is_closing() then
      handle:close()
    end
    return failed(race, entry, why)
  end
  stop(race)
  race.done(nil, handle)
end

local function startLater(race)
  if not race.entries[race.tried + 1] then
    return
  end
  race.clock = race.clock or uv.new_timer()
  race.clock:start(STAGGER, 0, function()
    start(race)
  end)
end

local function bind(race, handle, entry)
  if not race.localAddress and not race.localPort then
    return true
  end
  local wildcard = entry.family == 'inet6' and '::' or '0.0.0.0'
  return handle:bind(race.localAddress or wildcard, race.localPort or 0)
end

function start(race)
  race.tried = race.tried + 1
  local entry = race.entries[race.tried]
  local handle = uv.new_tcp()
  race.open[handle] = true
  local ok, why = bind(race, handle, entry)
  if ok then
    ok, why = handle:connect(entry.addr, race.port, function(err)
      answered(race, handle, entry, err)
    end)
  end
  if not ok then
    return answered(race, handle, entry, why)
  end
  startLater(race)
end

--- Begins to connect.
---@param host string what the addresses are of, for the error
---@param port integer
---@param list table[] addresses as uv.getaddrinfo returns them: addr and family
---@param from table localAddress and localPort, each or both nil
---@param done fun(err: Error|nil, handle: userdata|nil) once; also before this returns
---@return table race `race:cancel()` gives up without calling done
local function begin(host, port, list, from, done)
  local race = setmetatable({
    host = host, port = port, entries = interleave(list), tried = 0,
    localAddress = from.localAddress, localPort = from.localPort,
    open = {}, errors = {}, done = done,
  }, Race)
  start(race)
  return race
end

function Race:cancel()
  if not self.over then
    stop(self)
  end
end

return { begin = begin, interleave = interleave }
