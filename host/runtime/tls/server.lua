-- The class of TLS servers; tls.lua is the module for programs.

local net = require('net')
local credential = require('tls/credential')
local TLSSocket = require('tls/socket')

--- A net.Server whose connections are in TLS. The listener given to tls.createServer
--- gets each when its handshake is over, and runs in a coroutine, so it may wait.
--- event secureConnection(socket TLSSocket): somebody has connected and the handshake is over
--- event tlsClientError(err Error, socket TLSSocket): a handshake failed; the connection is closed
--- event connectionError(err Error, socket TLSSocket): a connection failed while the listener waited for it in straight-line code, and the listener did not catch that
--- event connection(socket TLSSocket): somebody has connected; the handshake begins
--- event listening(): connections are accepted
--- event error(err Error): listen failed, or a connection could not be accepted
--- event close(): it accepts no more, and the last connection is gone
---@class TLSServer: net.Server
local Server = net.Server:extend()

--- See tls.createServer.
---@param options table|nil
---@param listener nil|fun(socket: TLSSocket)
function Server:initialize(options, listener)
  net.Server.initialize(self)
  if type(options) == 'function' then
    options, listener = nil, options
  end
  self._tlsOptions = options or {}
  self:init(self._tlsOptions, listener)
  self:setSecureContext(self._tlsOptions)
  if self._tlsOptions.hosts then
    self:sni(self._tlsOptions.hosts)
  end
  if self._wrapped then -- net.Server's, around the listener
    net.Server.removeListener(self, 'connection', listener)
    self:on('secureConnection', self._wrapped)
  end
end

function Server:removeListener(name, callback)
  if name == 'secureConnection' and callback == self._listener then
    callback = self._wrapped
  end
  return net.Server.removeListener(self, name, callback)
end

--- Takes another certificate, and the rest, for connections from now on. Raises an Error
--- if the options are of no use.
---@param options table as for tls.createCredentials, or secureContext
---@return TLSServer self
function Server:setSecureContext(options)
  local own = credential.of(options)
  if own.options.cert == nil and own.options.key == nil and self._tlsOptions.hosts then
    -- Only those who ask for one of the hosts are served, with its certificate.
    local _, first = next(self._tlsOptions.hosts)
    own = credential.of(first)
  end
  local context, err = own:context(true)
  if not context then
    error(err, 2)
  end
  self._credential = own
  if self._sniHosts then
    self:sni(self._sniHosts)
  end
  return self
end

--- Certificates by the name a client asks for; others get the server's own. Raises an
--- Error if one is of no use.
---@param hosts table<string, table> by host name, or "*.example.com" for one label: a Credential, or options of tls.createCredentials
---@return TLSServer self
function Server:sni(hosts)
  local context, err = credential.withHosts(self._credential, hosts)
  if not context then
    error(err, 2)
  end
  self._sniHosts = hosts
  return self
end

function Server:_socket(handle)
  local options = self._tlsOptions
  local socket = TLSSocket:new(nil, {
    isServer = true, secureContext = self._credential, handshakeTimeout = options.handshakeTimeout,
    allowHalfOpen = options.allowHalfOpen, highWaterMark = options.highWaterMark,
    noDelay = options.noDelay,
  })
  if options.keepAlive then
    socket._keepAliveDelay = options.keepAliveDelay or 60
  end
  socket._tls.listener = self
  socket:_attach(handle, options.pauseOnConnect)
  return socket
end

return Server
