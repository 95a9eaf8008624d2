-- Opens the connections of requests: to the server or a proxy, over TCP or a unix
-- socket, with TLS, through a tunnel. Internal to http.

local core = require('core')
local uv = require('uv')
local native = require('native.http_client')
local Connection = require('http/connection')
local target = require('http/target')

local Error = core.Error

local CONNECT_TIMEOUT = 30000 -- ms

local connect = {}

-- Options of requests and agents that are tls.connect's.
connect.TLS_OPTIONS = {
  'ca', 'cert', 'key', 'passphrase', 'secureContext', 'rejectUnauthorized', 'servername',
  'ALPNProtocols', 'ciphers', 'minVersion', 'maxVersion', 'secureProtocol', 'securityLevel',
  'resumption', 'handshakeTimeout',
}

local Opening = core.Object:extend()

function Opening:initialize(spec, callback)
  self.spec, self.callback = spec, callback
  self.listeners = {}
  local limit = spec.connectTimeout or CONNECT_TIMEOUT
  if limit > 0 and limit < math.huge then
    self.timer = uv.new_timer()
    self.timer:start(limit, 0, function()
      self:finish(Error:new(('ETIMEDOUT: no connection within %d ms, connect %s')
        :format(limit, connect.describe(spec))))
    end)
  end
  self:openSocket()
end

local function forget(self)
  local socket = self.socket
  for name, listener in pairs(self.listeners) do
    socket:removeListener(name, listener)
  end
  self.listeners = {}
end

-- One of the two ends of it: an error, or a socket that is ready.
function Opening:finish(err, proxied)
  local callback = self.callback
  if not callback then return end
  self.callback = nil
  if self.timer then
    self.timer:close()
    self.timer = nil
  end
  if self.tunnel then
    self.tunnel:destroy()
    self.tunnel = nil
  end
  local socket = self.socket
  if socket then
    forget(self)
    if err then
      socket:on('error', function() end) -- what it says while it closes is no news
      socket:destroy()
    end
  end
  if err then
    return callback(err)
  end
  callback(nil, Connection:new(socket, self.spec.limits, proxied))
end

--- Stops it; the callback is not called.
function Opening:cancel()
  self.callback = self.callback and function() end
  self:finish(Error:new('ECANCELED: not wanted any more'))
end

-- Waits for `event` of self.socket, or its end.
function Opening:await(event, callback)
  local socket = self.socket
  local listeners = {
    [event] = function()
      forget(self)
      callback()
    end,
    error = function(err)
      self:finish(err)
    end,
    close = function()
      self:finish(Error:new('ECONNRESET: closed while connecting, connect ' .. connect.describe(self.spec)))
    end,
  }
  self.listeners = listeners
  for name, listener in pairs(listeners) do
    socket:on(name, listener)
  end
end

function Opening:openSocket()
  local spec = self.spec
  local proxy = spec.proxy
  if not proxy and spec.secure then
    return self:openTls()
  elseif proxy and proxy.secure then
    return self:openTls({ host = proxy.host, port = proxy.port, servername = proxy.host }, function()
      self:afterProxy()
    end)
  end
  local options
  if proxy then
    options = { host = proxy.host, port = proxy.port }
  elseif spec.socketPath then
    options = { path = spec.socketPath }
  else
    options = { host = spec.host, port = spec.port, family = spec.family,
      localAddress = spec.localAddress, lookup = spec.lookup }
  end
  self.socket = require('net').connect(options)
  self:await('connect', function()
    if proxy then
      return self:afterProxy()
    end
    self:finish(nil, false)
  end)
end

-- TLS to the server: a connection of its own, or over the one there is.
function Opening:openTls(options, callback)
  local spec = self.spec
  if not options then
    options = {}
    for name, value in pairs(spec.tls or {}) do
      options[name] = value
    end
    options.servername = options.servername or spec.host
    if self.socket then
      options.socket = self.socket
    elseif spec.socketPath then
      options.path = spec.socketPath
    else
      options.port, options.family, options.localAddress = spec.port, spec.family, spec.localAddress
    end
    options.host = spec.host
  end
  self.socket = require('tls').connect(options)
  self:await('secureConnection', callback or function() self:finish(nil, false) end)
end

function Opening:afterProxy()
  local spec = self.spec
  if spec.secure or spec.tunnel then
    return self:openTunnel()
  end
  self:finish(nil, true)
end

local function proxyHeaders(proxy)
  return proxy.auth and { 'Proxy-Authorization', 'Basic ' .. native.encode_base64(proxy.auth) } or {}
end
connect.proxyHeaders = proxyHeaders

local Tunnel = core.Object:extend() -- the exchange of CONNECT

function Tunnel:initialize(opening)
  self.opening = opening
end
function Tunnel:onInformational() end
function Tunnel:onDrain() end
function Tunnel:onBody() return true end
function Tunnel:onEnd() end
function Tunnel:onError(err)
  self.opening:finish(Error:new(('%s: the proxy %s failed: %s'):format(err.code or 'EPROTO',
    connect.describe(self.opening.spec), tostring(err)), err.code))
end
function Tunnel:onResponse(status, reason)
  local opening = self.opening
  local err = Error:new(('EPROXY: the proxy %s refused with %d %s'):format(
    connect.describe(opening.spec), status, reason))
  err.status = status
  opening:finish(err)
end
function Tunnel:onUpgrade(_, _, _, _, rest)
  local opening = self.opening
  opening.tunnel = nil
  if rest ~= '' then
    return opening:finish(Error:new('EPROTO: the proxy sent data before the tunnel was used'))
  elseif not opening.spec.secure then
    return opening:finish(nil, false)
  end
  opening:openTls()
end

function Opening:openTunnel()
  local spec = self.spec
  local connection = Connection:new(self.socket, spec.limits, true)
  self.tunnel = connection
  connection:begin(Tunnel:new(self))
  local name = target.authority(spec.host, spec.port)
  local bytes, why = connection.session:request('CONNECT', name, name, proxyHeaders(spec.proxy), true)
  if not bytes then
    return self:finish(Error:new('EINVAL: ' .. why))
  end
  connection:send(bytes)
end

--- "'host:port'", "'host:port' through the proxy 'host:port'", "'/path'"
function connect.describe(spec)
  local proxy = spec.proxy
  local name = spec.socketPath or target.authority(spec.host, spec.port)
  if proxy then
    return ("'%s' through the proxy '%s'"):format(name, target.authority(proxy.host, proxy.port))
  end
  return "'" .. name .. "'"
end

--- Opens a connection; callback(err) or callback(nil, connection), never before open()
--- returns. The result's cancel() stops it.
function connect.open(spec, callback)
  return Opening:new(spec, callback)
end

return connect
