--- Names and addresses: questions to name servers, and what the system itself says.

local uv = require('uv')
local core = require('core')
local addresses = require('net/address')
local config = require('dns/config')
local errors = require('net/errors')
local exchange = require('dns/exchange')
local message = require('dns/message')
local soon = require('internal/turn').soon

local dns = {}

dns.TYPE_A, dns.TYPE_NS, dns.TYPE_CNAME = message.TYPE_A, message.TYPE_NS, message.TYPE_CNAME
dns.TYPE_SOA, dns.TYPE_PTR, dns.TYPE_MX = message.TYPE_SOA, message.TYPE_PTR, message.TYPE_MX
dns.TYPE_TXT, dns.TYPE_AAAA, dns.TYPE_SRV = message.TYPE_TXT, message.TYPE_AAAA, message.TYPE_SRV
dns.CLASS_IN = message.CLASS_IN

local TYPES = {
  A = dns.TYPE_A, NS = dns.TYPE_NS, CNAME = dns.TYPE_CNAME, SOA = dns.TYPE_SOA,
  PTR = dns.TYPE_PTR, MX = dns.TYPE_MX, TXT = dns.TYPE_TXT, AAAA = dns.TYPE_AAAA,
  SRV = dns.TYPE_SRV, ANY = 255,
}
local TYPE_NAMES = {}
for name, number in pairs(TYPES) do
  TYPE_NAMES[number] = name
end
local ANY = TYPES.ANY

local DEFAULT_TIMEOUT = 2000 -- ms an attempt
local MAX_CNAMES = 16        -- in a row

-- What was set by the program; everything else comes from the system's files.
local own = {}
local files = { resolver = '/etc/resolv.conf', hosts = '/etc/hosts' }
local turn = 0 -- which server is first, when they take turns

local function settings()
  return own.resolver or config.resolver(files.resolver)
end

--------------------------------------------------------------------------------
-- A query: candidates of the name, servers, CNAMEs

local SENTENCES = {
  [1] = { 'EFORMERR', 'the server could not read the question' },
  [2] = { 'ESERVFAIL', 'the server failed to find out' },
  [3] = { 'ENOTFOUND', 'the name does not exist' },
  [4] = { 'ENOTIMP', 'the server does not do such questions' },
  [5] = { 'EREFUSED', 'the server refuses to answer' },
}

local function failure(ask, code, sentence)
  local err = errors.make(ask.operation, code, ask.name, nil, sentence)
  err.hostname = ask.name
  return err
end

local function rcodeFailure(ask, rcode)
  local known = SENTENCES[rcode]
  if known then
    return failure(ask, known[1], known[2])
  end
  return failure(ask, 'EBADRESP', 'the server answers with the unknown code ' .. rcode)
end

-- The records of an answer that belong to the question: the CNAMEs that lead from its
-- name to another one in the order they lead, then the records of that one. Also the
-- name they led to; nil if they lead in a circle.
local function follow(ask, answer)
  local aliases, found, name = {}, {}, ask.name
  for _, record in ipairs(answer.answers) do
    if record.type == dns.TYPE_CNAME and record.class == ask.class and record.cname then
      aliases[record.name:lower()] = record
    end
  end
  if ask.type ~= dns.TYPE_CNAME and ask.type ~= ANY then
    local alias = aliases[name:lower()]
    while alias do
      found[#found + 1], name = alias, alias.cname
      if #found > MAX_CNAMES then
        return nil
      end
      alias = aliases[name:lower()]
    end
  end
  local complete = false
  for _, record in ipairs(answer.answers) do
    if record.class == ask.class and (record.type == ask.type or ask.type == ANY)
      and message.sameName(record.name, name) then
      found[#found + 1], complete = record, true
    end
  end
  return found, name, complete
end

-- Asks the servers in order, each as often as the settings say, until one gives an
-- answer that another one would give, too.
local function askServers(ask, done)
  local resolver = settings()
  local servers = ask.servers or own.servers or resolver.servers
  local count = #servers
  local attempts = count * resolver.attempts
  ask.timeout = own.timeout or resolver.timeout or DEFAULT_TIMEOUT
  local first = 0
  if resolver.rotate then
    first, turn = turn % count, turn + 1
  end
  local i, lastErr = 0, nil

  local function try()
    if i == attempts then
      return done(lastErr)
    end
    local server = servers[(first + i) % count + 1]
    i = i + 1
    if resolver.tcp and not server.tcp then
      server = { host = server.host, port = server.port, tcp = true }
    end
    exchange(ask, server, function(err, answer)
      if not err and answer.rcode == 0 then
        return done(nil, answer)
      elseif not err and answer.rcode == 3 then
        return done(rcodeFailure(ask, 3), answer)
      end
      lastErr = err or rcodeFailure(ask, answer.rcode)
      lastErr.hostname = ask.name
      try()
    end)
  end
  try()
end

-- One name, without the search list: done(err, records).
local function askName(ask, done, chain)
  askServers(ask, function(err, answer)
    if not answer then
      return done(err)
    end
    local found, name, complete = follow(ask, answer)
    chain = chain or {}
    if not found or not complete and #chain + #found > MAX_CNAMES then
      return done(failure(ask, 'EBADRESP', 'its CNAME records lead in a circle'))
    elseif err then
      return done(err)
    end
    for _, record in ipairs(found) do
      chain[#chain + 1] = record
    end
    if complete then
      return done(nil, chain)
    elseif found[1] then
      -- The server left the rest of the way to us.
      local rest = { operation = ask.operation, name = name, type = ask.type, class = ask.class,
        servers = ask.servers }
      return askName(rest, done, chain)
    end
    done(failure(ask, 'ENODATA', 'the name has no record of this type'))
  end)
end

-- The names to try for one that may be short: as it is and with each search domain.
local function candidates(name)
  if name:sub(-1) == '.' then
    return { name:sub(1, -2) }
  end
  local resolver = settings()
  local _, dots = name:gsub('%.', '')
  local list = {}
  if dots >= resolver.ndots then
    list[1] = name
  end
  for _, domain in ipairs(resolver.search) do
    if message.encodeName(name .. '.' .. domain) then
      list[#list + 1] = name .. '.' .. domain
    end
  end
  if dots < resolver.ndots then
    list[#list + 1] = name
  end
  return list
end

-- What is known without a server: addresses themselves, localhost, the hosts file.
local function known(name, type, class)
  if class ~= dns.CLASS_IN then
    return nil
  end
  local list = {}
  local lower = name:lower():gsub('%.$', '')
  local hosts = config.hosts(files.hosts)
  if type == dns.TYPE_PTR then
    for i, host in ipairs(hosts.reverse[lower] or {}) do
      list[i] = { name = lower, type = type, class = class, ttl = 0, ptrdname = host }
    end
    return list[1] and list
  end
  local family = type == dns.TYPE_A and 'inet' or type == dns.TYPE_AAAA and 'inet6'
  if not family then
    return nil
  end
  local found = hosts[family][lower]
  if addresses.family(name) == family then
    found = { name }
  elseif not found and (lower == 'localhost' or lower:find('%.localhost$')) then
    found = { family == 'inet' and '127.0.0.1' or '::1' } -- RFC 6761
  end
  for i, address in ipairs(found or {}) do
    list[i] = { name = name, type = type, class = class, ttl = 0, address = address }
  end
  return list[1] and list
end

local function start(operation, name, type, class, done, servers)
  local records = not servers and known(name, type, class)
  if records then
    return soon(function() done(nil, records) end)
  end
  local wire, why = message.encodeName(name)
  if not wire then
    local ask = { operation = operation, name = name }
    return soon(done, failure(ask, 'EBADNAME', why))
  end
  local names = name == '.' and { '.' } or candidates(name)
  local i, noData = 0, nil
  local function try()
    i = i + 1
    local ask = { operation = operation, name = names[i], type = type, class = class,
      servers = servers }
    askName(ask, function(err, found)
      if not err then
        return done(nil, found)
      end
      noData = noData or err.code == 'ENODATA' and err
      local missing = err.code == 'ENODATA' or err.code == 'ENOTFOUND'
      if missing and i < #names then
        return try()
      elseif missing then
        ask.name = name
        err = noData or failure(ask, 'ENOTFOUND', 'the name does not exist')
      end
      done(err)
    end)
  end
  try()
end

--------------------------------------------------------------------------------
-- Both styles

-- Runs begin(done) for a callback, or for the coroutine that called when there is none.
local function deliver(callback, begin)
  if callback then
    return begin(callback)
  end
  local thread, main = coroutine.running()
  if not thread or main == true then
    error('a callback is needed outside of a coroutine', 3)
  end
  begin(function(err, ...)
    if err then
      return core.assertResume(thread, nil, err)
    end
    return core.assertResume(thread, ...)
  end)
  return coroutine.yield()
end

-- Checked servers from what a program gives; errors are the caller's caller's.
local function serverList(servers)
  if type(servers) ~= 'table' or #servers == 0 then
    error('a list of servers is needed', 3)
  end
  local list = {}
  for i, server in ipairs(servers) do
    if type(server) == 'string' then
      server = { host = server }
    end
    local port = tonumber(server.port or 53)
    if not addresses.family(server.host) then
      error('a name server needs an address, not ' .. tostring(server.host), 3)
    elseif not port or port < 1 or port > 65535 or port % 1 ~= 0 then
      error('a port is a number up to 65535, not ' .. tostring(server.port), 3)
    end
    list[i] = { host = server.host, port = port, tcp = server.tcp and true or nil }
  end
  return list
end

local function typeNumber(type)
  local number = TYPES[tostring(type):upper()] or tonumber(type)
  if not number or number < 0 or number > 65535 or number % 1 ~= 0 then
    error('not a record type: ' .. tostring(type), 3)
  end
  return number
end

local function checkName(name)
  if type(name) ~= 'string' then
    error('a name is a string, not ' .. _G.type(name), 3)
  end
end

--- Asks for the records of a name. Addresses, the hosts file and localhost are answered
--- without a server. Short names get the search list of resolv.conf; a final dot
--- prevents that. Fails with code ENOTFOUND (no such name), ENODATA (no such record),
--- ESERVFAIL, EREFUSED, ENOTIMP, EFORMERR, EBADRESP (malformed answers), EBADNAME,
--- ETIMEOUT, ECONNREFUSED. Yields in a coroutine when no callback is given.
---@param name string
---@param type integer|string dns.TYPE_MX or "MX"
---@param class integer|nil CLASS_IN if left out
---@param callback nil|fun(err: Error|nil, records: table[]|nil) all records on the way to the
--- answer, CNAMEs first; each has name, type, class, ttl and the fields of its type
---@return table[]|nil records
---@return Error|nil err
---@overload fun(servers: table[], name: string, class: integer, type: integer, callback: nil|fun(err: Error|nil, records: table[]|nil)): table[]|nil, Error|nil
function dns.query(name, type, class, callback, ...)
  local servers
  if _G.type(name) == 'table' then
    servers = serverList(name)
    name, class, type, callback = type, class, callback, ...
  end
  if _G.type(class) == 'function' then
    class, callback = nil, class
  end
  checkName(name)
  local number = typeNumber(type)
  local operation = 'query' .. (TYPE_NAMES[number] or number)
  return deliver(callback, function(done)
    start(operation, name, number, class or dns.CLASS_IN, done, servers)
  end)
end

-- Only the records of the wanted type: no CNAMEs on the way.
local function resolver(typeName)
  local wanted = TYPES[typeName]
  return function(name, callback)
    checkName(name)
    return deliver(callback, function(done)
      start('query' .. typeName, name, wanted, dns.CLASS_IN, function(err, records)
        if err then
          return done(err)
        end
        local list = {}
        for _, record in ipairs(records) do
          if record.type == wanted then
            list[#list + 1] = record
          end
        end
        done(nil, list)
      end)
    end)
  end
end

--- The records of one type; see query. Yields in a coroutine when no callback is given.
---@param name string
---@param type string|nil "A" if left out
---@param callback nil|fun(err: Error|nil, records: table[]|nil)
---@return table[]|nil records
---@return Error|nil err
function dns.resolve(name, type, callback)
  if _G.type(type) == 'function' then
    type, callback = nil, type
  end
  local number = typeNumber(type or 'A')
  if number == ANY or not TYPE_NAMES[number] then
    return dns.query(name, number, callback)
  end
  return resolver(TYPE_NAMES[number])(name, callback)
end

--- The IPv4 addresses of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field address
---@return table[]|nil records
---@return Error|nil err
dns.resolve4 = resolver('A')

--- The IPv6 addresses of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field address
---@return table[]|nil records
---@return Error|nil err
dns.resolve6 = resolver('AAAA')

--- Where a service is; see query.
---@param name string such as "_xmpp-client._tcp.example.org"
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields target, port, priority and weight
---@return table[]|nil records
---@return Error|nil err
dns.resolveSrv = resolver('SRV')

--- The mail servers of a domain; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields exchange and preference
---@return table[]|nil records
---@return Error|nil err
dns.resolveMx = resolver('MX')

--- The name servers of a domain; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field nsdname
---@return table[]|nil records
---@return Error|nil err
dns.resolveNs = resolver('NS')

--- What a name is an alias for; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field cname
---@return table[]|nil records
---@return Error|nil err
dns.resolveCname = resolver('CNAME')

--- The texts of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields txt (all of it) and strings (its pieces)
---@return table[]|nil records
---@return Error|nil err
dns.resolveTxt = resolver('TXT')

--- The authority of a zone; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields mname, rname, serial, refresh, retry, expire and minimum
---@return table[]|nil records
---@return Error|nil err
dns.resolveSoa = resolver('SOA')

local resolvePtr = resolver('PTR')

--- The PTR records of a name or of an address; see query.
---@param name string such as "1.2.0.192.in-addr.arpa", or "192.0.2.1"
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field ptrdname
---@return table[]|nil records
---@return Error|nil err
function dns.resolvePtr(name, callback)
  checkName(name)
  return resolvePtr(message.reverseName(name) or name, callback)
end

--- The names of an address, from the hosts file or from PTR records. What is no address
--- fails with code EINVAL. Yields in a coroutine when no callback is given.
---@param address string IPv4 or IPv6
---@param callback nil|fun(err: Error|nil, names: string[]|nil)
---@return string[]|nil names
---@return Error|nil err
function dns.reverse(address, callback)
  checkName(address)
  return deliver(callback, function(done)
    local name = message.reverseName(address)
    if not name then
      return soon(done, failure({ operation = 'reverse', name = address }, 'EINVAL', 'not an address'))
    end
    start('reverse', name, dns.TYPE_PTR, dns.CLASS_IN, function(err, records)
      if err then
        return done(err)
      end
      local names = {}
      for _, record in ipairs(records) do
        names[#names + 1] = record.ptrdname
      end
      done(nil, names)
    end)
  end)
end

local FAMILIES = { [4] = 'inet', [6] = 'inet6', inet = 'inet', inet6 = 'inet6' }

--- Looks a name up as the system's own programs do (getaddrinfo): hosts file, name
--- servers and whatever else the system has. Not affected by setServers.
--- Yields in a coroutine when no callback is given.
---@param name string
---@param options table|integer|nil family (4, 6 or 0), all (every address, not only the first)
---@param callback nil|fun(err: Error|nil, address: string|table[]|nil, family: integer|nil) with
--- `all` a list of tables with the fields address and family
---@return string|table[]|nil address
---@return integer|Error|nil family
function dns.lookup(name, options, callback)
  if type(options) == 'function' then
    options, callback = nil, options
  end
  checkName(name)
  if type(options) ~= 'table' then
    options = { family = options }
  end
  local family = options.family
  if family and family ~= 0 and not FAMILIES[family] then
    error('a family is 4, 6 or 0, not ' .. tostring(family), 2)
  end
  return deliver(callback, function(done)
    local ask = { operation = 'lookup', name = name }
    local hints = { socktype = 'stream', family = FAMILIES[family] }
    local request, why = uv.getaddrinfo(name, nil, hints, function(err, list)
      if err or not list[1] then
        local code = errors.code(err or 'ENODATA')
        local missing = code == 'EAI_NONAME' or code == 'EAI_NODATA'
        return done(failure(ask, missing and 'ENOTFOUND' or code,
          missing and 'the name does not exist' or nil))
      end
      local all = {}
      for i, entry in ipairs(list) do
        all[i] = { address = entry.addr, family = entry.family == 'inet6' and 6 or 4 }
      end
      if options.all then
        return done(nil, all)
      end
      done(nil, all[1].address, all[1].family)
    end)
    if not request then
      soon(done, failure(ask, errors.code(why)))
    end
  end)
end

--------------------------------------------------------------------------------
-- Settings

--- Which servers are asked, in this order, instead of the system's.
---@param servers (table|string)[] tables with the fields host, port (53) and tcp (not to try UDP), or addresses
function dns.setServers(servers)
  own.servers = serverList(servers)
end

--- The servers that are asked.
---@return table[] servers with the fields host and port
function dns.getServers()
  local list = {}
  for i, server in ipairs(own.servers or settings().servers) do
    list[i] = { host = server.host, port = server.port, tcp = server.tcp }
  end
  return list
end

--- Asks the system's servers again: those of /etc/resolv.conf.
function dns.setDefaultServers()
  own.servers, own.resolver = nil, nil
  files.resolver, files.hosts = '/etc/resolv.conf', '/etc/hosts'
end

--- How long an answer may take, for each server and attempt.
---@param timeout number milliseconds
function dns.setTimeout(timeout)
  timeout = tonumber(timeout)
  if not timeout or timeout <= 0 then
    error('a timeout is a positive number of milliseconds', 2)
  end
  own.timeout = timeout
end

--- The timeout of resolv.conf again, or 2 s.
function dns.setDefaultTimeout()
  own.timeout = nil
end

--- Takes servers, search list and options from a file in the form of resolv.conf, and
--- undoes setServers. /etc/resolv.conf is read without this, and again when it changes.
---@param options table|nil file ("/etc/resolv.conf"), hosts ("/etc/hosts")
---@return table[]|nil servers nil and the error if the file cannot be read; nothing has changed then
---@return Error|nil err
function dns.loadResolver(options)
  options = options or {}
  local path = options.file or '/etc/resolv.conf'
  local parsed, why = config.load(path)
  if not parsed then
    return nil, core.Error.fromUv(why, 'open', path)
  end
  own.resolver, own.servers = parsed, nil
  files.hosts = options.hosts or files.hosts
  return dns.getServers()
end
dns.loadResolverUnix = dns.loadResolver

--- Only on Windows, where Virgo does not run.
---@return nil
---@return Error err code "ENOSYS"
function dns.loadResolverWin()
  return nil, core.Error:new('ENOSYS: the registry of Windows is not here')
end

return dns
