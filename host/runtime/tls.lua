--- TLS: encrypted connections whose peer is known by its certificate.

local credential = require('tls/credential')
local Server = require('tls/server')
local TLSSocket = require('tls/socket')

local tls = {
  TLSSocket = TLSSocket,
  Server = Server,
  Credential = credential.Credential,
  isLibreSSL = false,
  isTLSv1_3 = true,
  DEFAULT_SECUREPROTOCOL = 'TLS', -- 1.2 and 1.3
  DEFAULT_MIN_VERSION = 'TLSv1.2',
  DEFAULT_MAX_VERSION = 'TLSv1.3',
}

tls.createCredentials = credential.createCredentials

--- The same, by Node's name.
---@param options table|nil
---@return Credential credential
function tls.createSecureContext(options)
  return credential.createCredentials(options)
end

local function connectOptions(...)
  local options, callback = {}, nil
  for i = 1, select('#', ...) do
    local value = select(i, ...)
    if type(value) == 'function' then
      callback = value
    elseif type(value) == 'table' then
      for key, each in pairs(value) do
        options[key] = each
      end
    elseif type(value) == 'number' or (type(value) == 'string' and i == 1 and tonumber(value)) then
      options.port = value
    elseif type(value) == 'string' then
      options.host = value
    end
  end
  return options, callback
end

--- Connects in TLS. The certificate is checked with the system's authorities, or those
--- given as `ca`, and must be for the host (or `servername`); what does not hold is an
--- `error` event.
---
--- Options: those of net.Socket:connect (port, host, path, timeout, ...) and of
--- tls.createCredentials (ca, key, cert, ALPNProtocols, rejectUnauthorized, ...) or
--- secureContext; servername; socket (a connected stream to use, instead of connecting);
--- handshakeTimeout (30000 ms).
---@param options table|integer options, or the port, then the host, then options
---@param callback nil|fun() as a listener for `secureConnection`
---@return TLSSocket socket
---@overload fun(port: integer, host: string|nil, options: table|nil, callback: nil|fun()): TLSSocket
function tls.connect(options, ...)
  local callback
  options, callback = connectOptions(options, ...)
  options.isServer, options.server = nil, nil
  local socket = TLSSocket:new(options.socket, options)
  if callback then
    socket:once('secureConnection', callback)
  end
  if not options.socket then
    socket:connect(options)
  end
  return socket
end

--- Makes a server. The listener gets each connection when its handshake is over.
---
--- Options: key and cert, and the rest of tls.createCredentials, or secureContext;
--- requestCert (ask clients for a certificate: it must be signed by one of `ca`, unless
--- rejectUnauthorized is false); hosts (see Server:sni); handshakeTimeout (30000 ms); those
--- of net.createServer. Raises an Error if a certificate or key is of no use.
---@param options table
---@param listener nil|fun(socket: TLSSocket) a listener for `secureConnection`
---@return TLSServer server
function tls.createServer(options, listener)
  return Server:new(options, listener)
end

return tls
