-- Connections kept for the next request. Exported as http.Agent and https.Agent.

local core = require('core')
local uv = require('uv')
local connect = require('http/connect')
local proxies = require('http/proxy')


--- Connections to servers, used one request after the other. A connection that waits
--- here keeps neither the program running nor anything open at its end. One agent serves
--- http and https; `http.globalAgent` is the one `fetch` uses.
---
--- Options, besides those of a request that hold for all of the agent's (TLS, timeouts,
--- limits):
---   keepAlive (true)      false: a connection per request
---   maxSockets (64)       connections to one server at a time; more requests wait
---   maxFreeSockets (16)   of them, kept while unused
---   idleTimeout (15000)   ms after which an unused one is closed; sooner if the server
---                         said so
---   proxy                 a URL; false: none; left out: by the environment
---@class Agent: Object
local Agent = core.Object:extend()

---@param options table|nil
function Agent:initialize(options)
  options = options or {}
  self.options = options
  self.keepAlive = options.keepAlive ~= false
  self.maxSockets = options.maxSockets or 64
  self.maxFreeSockets = options.maxFreeSockets or 16
  self.idleTimeout = options.idleTimeout or 15000
  self.proxy = options.proxy
  self.origins = {}
  self.closed = false
  if self.maxSockets < 1 then
    error('maxSockets must be at least 1', 2)
  end
end

-- An idle connection must not keep the program running. Layers over others hand it on.
local function keepLoop(connection, on)
  local socket = connection.socket
  local method = on and 'ref' or 'unref'
  if socket[method] then
    socket[method](socket)
  elseif socket._handle and socket._handle[method] then
    socket._handle[method](socket._handle)
  end
end

-- Everything that two requests must agree on to share a connection.
local function keyOf(spec)
  local proxy = spec.proxy
  local parts = { spec.secure and 'https' or spec.tunnel and 'tunnel' or 'http', spec.host,
    tostring(spec.port), spec.socketPath or '', spec.localAddress or '', tostring(spec.family or ''),
    proxy and ('%s://%s:%d %s'):format(proxy.scheme, proxy.host, proxy.port, proxy.auth or '') or '' }
  if proxy and not spec.secure and not spec.tunnel then
    parts[2], parts[3] = '', '' -- the proxy takes requests for any server
  end
  for _, name in ipairs(connect.TLS_OPTIONS) do
    local value = spec.tls and spec.tls[name]
    if value ~= nil then
      parts[#parts + 1] = name .. '=' .. tostring(value)
    end
  end
  for name, value in pairs(spec.limits or {}) do
    parts[#parts + 1] = name .. '=' .. tostring(value)
  end
  return table.concat(parts, '\n')
end

-- The proxy of a request: false for none. nil and an Error if it is no proxy's URL.
local function proxyFor(self, spec)
  if self.proxy == false or spec.socketPath then
    return false
  end
  local proxy, err
  if self.proxy then
    proxy, err = proxies.parse(self.proxy)
  else
    proxy, err = proxies.fromEnvironment(spec.secure, spec.host, spec.port)
  end
  if err then
    return nil, err
  end
  return proxy or false
end

local function originOf(self, key)
  local origin = self.origins[key]
  if not origin then
    origin = { key = key, idle = {}, open = 0, waiting = {}, first = 1 }
    self.origins[key] = origin
  end
  return origin
end

local function dropOrigin(self, origin)
  if origin.open == 0 and origin.first > #origin.waiting then
    self.origins[origin.key] = nil
  end
end

local function takeIdle(origin)
  local idle = origin.idle
  while #idle > 0 do
    local connection = table.remove(idle)
    if connection:reusable() then
      keepLoop(connection, true)
      return connection
    end
    connection:destroy()
  end
end

local function openFor(self, origin, ticket)
  origin.open = origin.open + 1
  ticket.opening = connect.open(ticket.spec, function(err, connection)
    ticket.opening = nil
    if not connection then
      self:gone(origin)
      return ticket.callback(err)
    end
    connection.origin = origin
    connection.onDead = function()
      for i, other in ipairs(origin.idle) do
        if other == connection then
          table.remove(origin.idle, i)
          break
        end
      end
      self:gone(origin)
    end
    ticket.callback(nil, connection, false)
  end)
end

-- One connection of the origin is no more: another may be opened for those who wait.
function Agent:gone(origin)
  origin.open = origin.open - 1
  self:serve(origin)
  dropOrigin(self, origin)
end

local function nextWaiting(origin)
  while origin.first <= #origin.waiting do
    local ticket = origin.waiting[origin.first]
    origin.waiting[origin.first] = false
    origin.first = origin.first + 1
    if origin.first > #origin.waiting then
      origin.waiting, origin.first = {}, 1
    end
    if ticket and not ticket.cancelled then
      return ticket
    end
  end
end

function Agent:serve(origin)
  while origin.open < self.maxSockets do
    local ticket = nextWaiting(origin)
    if not ticket then return end
    openFor(self, origin, ticket)
  end
end

local Ticket = core.Object:extend()

function Ticket:initialize(spec, callback)
  self.spec, self.callback = spec, callback
end

--- The callback is not called; a connection being opened is given up.
function Ticket:cancel()
  self.cancelled = true
  local opening = self.opening
  if opening then
    self.opening = nil
    opening:cancel()
    self.agent:gone(self.origin)
  end
end

--- A connection for one exchange: callback(err) or callback(nil, connection, reused),
--- perhaps at once. `fresh`: none that was used before. The result's cancel() stops it.
--- Internal to http, as is release().
function Agent:acquire(spec, callback, fresh)
  local ticket = Ticket:new(spec, callback)
  if spec.proxy == nil then
    local proxy, err = proxyFor(self, spec)
    if err then
      callback(err)
      return ticket
    end
    spec.proxy = proxy
  end
  local origin = originOf(self, keyOf(spec))
  ticket.agent, ticket.origin = self, origin
  local connection = not fresh and takeIdle(origin)
  if connection then
    callback(nil, connection, true)
  elseif origin.open < self.maxSockets or (fresh and self:closeIdle(origin)) then
    openFor(self, origin, ticket)
  else
    origin.waiting[#origin.waiting + 1] = ticket
  end
  return ticket
end

-- Makes room for one more by closing one that is not used.
function Agent:closeIdle(origin)
  local connection = origin.idle[1]
  if connection then
    connection:destroy()
    return origin.open < self.maxSockets
  end
  return false
end

--- Gives a connection back after its exchange. `patience`: ms the server said it waits
--- for the next request, or nil.
function Agent:release(connection, patience)
  local origin = connection.origin
  connection.exchange = nil
  if not self.keepAlive or self.closed or not connection:reusable() then
    return connection:destroy()
  end
  connection:resume()
  local ticket = nextWaiting(origin)
  if ticket then
    return ticket.callback(nil, connection, true)
  end
  if #origin.idle >= self.maxFreeSockets then
    return connection:destroy()
  end
  connection.expires = uv.now() + math.min(self.idleTimeout, patience or math.huge)
  origin.idle[#origin.idle + 1] = connection
  keepLoop(connection, false)
  self:watch(connection.expires)
end

-- Closes what has waited too long, at `at` or before.
function Agent:watch(at)
  if self.watched and self.watched <= at then return end
  if not self.timer then
    self.timer = require('internal/turn').hide(uv.new_timer())
    self.timer:unref()
  end
  self.watched = at
  self.timer:start(math.max(1, at - uv.now()), 0, function()
    self:sweep()
  end)
end

function Agent:sweep()
  local now, soonest, expired = uv.now(), math.huge, {}
  for _, origin in pairs(self.origins) do
    for _, connection in ipairs(origin.idle) do
      if connection.expires <= now then
        expired[#expired + 1] = connection
      else
        soonest = math.min(soonest, connection.expires)
      end
    end
  end
  self.watched = nil
  for _, connection in ipairs(expired) do
    connection:destroy()
  end
  if soonest < math.huge then
    self:watch(soonest)
  else
    self.timer:close()
    self.timer = nil
  end
end

--- How many connections there are: open (the idle among them), idle, and requests that
--- wait for one.
---@return integer open
---@return integer idle
---@return integer waiting
function Agent:counts()
  local open, idle, waiting = 0, 0, 0
  for _, origin in pairs(self.origins) do
    open, idle = open + origin.open, idle + #origin.idle
    for i = origin.first, #origin.waiting do
      local ticket = origin.waiting[i]
      waiting = waiting + (ticket and not ticket.cancelled and 1 or 0)
    end
  end
  return open, idle, waiting
end

--- Closes the connections that are not used. The others are closed after their request.
--- A request made afterwards opens a connection of its own.
function Agent:destroy()
  self.closed = true
  self:closeFree()
end

--- Closes the connections that are not used; the agent goes on.
function Agent:closeFree()
  local idle = {}
  for _, origin in pairs(self.origins) do
    for _, connection in ipairs(origin.idle) do
      idle[#idle + 1] = connection
    end
  end
  for _, connection in ipairs(idle) do
    connection:destroy()
  end
  if self.timer then
    self.timer:close()
    self.timer, self.watched = nil, nil
  end
end

return Agent
