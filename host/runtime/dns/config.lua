--- What the system says about names: /etc/resolv.conf and /etc/hosts. Both are read when
--- first needed and again when they have changed.

local uv = require('uv')
local addresses = require('net/address')
local message = require('dns/message')

local config = {}

local MAX_NDOTS, MAX_TIMEOUT, MAX_ATTEMPTS = 15, 30, 5 -- the system's own limits

-- The options line of resolv.conf.
local function readOptions(parsed, words)
  for word in words:gmatch('%S+') do
    local name, value = word:match('^([%w-]+):?(%d*)$')
    value = tonumber(value)
    if name == 'ndots' and value then
      parsed.ndots = math.min(value, MAX_NDOTS)
    elseif name == 'timeout' and value and value > 0 then
      parsed.timeout = math.min(value, MAX_TIMEOUT) * 1000
    elseif name == 'attempts' and value and value > 0 then
      parsed.attempts = math.min(value, MAX_ATTEMPTS)
    elseif name == 'rotate' then
      parsed.rotate = true
    elseif name == 'use-vc' then
      parsed.tcp = true
    end
  end
end

--- The contents of a resolv.conf. Lines that make no sense are passed over.
---@param text string
---@return table parsed servers (each with host and port), search, ndots, attempts, and timeout
--- in ms, rotate and tcp where the file has them
function config.parseResolver(text)
  local parsed = { servers = {}, search = {}, ndots = 1, attempts = 2 }
  for line in text:gmatch('[^\r\n]+') do
    local key, rest = line:gsub('[#;].*$', ''):match('^%s*(%a+)%s+(.-)%s*$')
    if key == 'nameserver' then
      if addresses.family(rest) then
        parsed.servers[#parsed.servers + 1] = { host = rest, port = 53 }
      end
    elseif key == 'search' or key == 'domain' then
      parsed.search = {}
      for domain in rest:gmatch('%S+') do
        if message.encodeName(domain) and domain ~= '.' then
          parsed.search[#parsed.search + 1] = domain
        end
      end
    elseif key == 'options' then
      readOptions(parsed, rest)
    end
  end
  if not parsed.servers[1] then
    parsed.servers[1] = { host = '127.0.0.1', port = 53 }
  end
  return parsed
end

local function append(map, key, value)
  local list = map[key]
  if list then
    list[#list + 1] = value
  else
    map[key] = { value }
  end
end

--- The contents of a hosts file. Lines that make no sense are passed over.
---@param text string
---@return table hosts by name in lower case: inet and inet6, lists of addresses; reverse: lists
--- of names by the name of the PTR record
function config.parseHosts(text)
  local hosts = { inet = {}, inet6 = {}, reverse = {} }
  for line in text:gmatch('[^\r\n]+') do
    local host, names = line:gsub('#.*$', ''):match('^%s*(%S+)%s+(.-)%s*$')
    local family = host and addresses.family(host)
    if family then
      local pointer = message.reverseName(host)
      for name in names:gmatch('%S+') do
        append(hosts[family], name:lower(), host)
        if pointer then
          append(hosts.reverse, pointer, name)
        end
      end
    end
  end
  return hosts
end

local function readAll(path)
  local file = io.open(path, 'rb')
  if not file then
    return nil
  end
  local text = file:read('*a')
  file:close()
  return text
end

-- A file's parsed contents, read again when the file has changed. One that cannot be
-- read counts as empty.
local function watched(parse)
  local path, stamp, contents
  return function(wanted)
    local stat = uv.fs_stat(wanted)
    local now = stat and ('%d.%d.%d.%d'):format(stat.ino, stat.size, stat.mtime.sec, stat.mtime.nsec)
    if path ~= wanted or stamp ~= now or not contents then
      path, stamp, contents = wanted, now, parse(now and readAll(wanted) or '')
    end
    return contents
  end
end

--- The resolver's configuration in a file, kept until the file changes.
---@type fun(path: string): table
config.resolver = watched(config.parseResolver)

--- The hosts in a file, kept until the file changes.
---@type fun(path: string): table
config.hosts = watched(config.parseHosts)

--- Reads a resolv.conf that was asked for by name.
---@param path string
---@return table|nil parsed nil and why if it cannot be read
---@return string|nil why as uv reports it
function config.load(path)
  local stat, why = uv.fs_stat(path)
  if not stat then
    return nil, why
  end
  local text = readAll(path)
  if not text then
    return nil, 'EACCES: permission denied'
  end
  return config.parseResolver(text)
end

return config
