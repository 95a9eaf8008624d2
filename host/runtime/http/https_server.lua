-- Servers of HTTP over TLS: http.Server, whose listener does TLS before HTTP begins.

local http = require('http/server')
local credential = require('tls/credential')

--- An http.Server in TLS; made by https.createServer. Options are those of http.Server and
--- of tls.createServer: key and cert, or secureContext, hosts, requestCert and ca, ...
--- Clients that speak several protocols get "http/1.1" unless ALPNProtocols says otherwise.
---@class https.Server: http.Server
local Server = http.Server:extend()

---@param options table
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse)
function Server:initialize(options, handler)
  http.Server.initialize(self, options, handler)
  self._secureOptions = options or {}
  self:setSecureContext(self._secureOptions)
end

local function use(self, own, hosts)
  local context, err = own:context(true)
  if context and hosts then
    context, err = credential.withHosts(own, hosts)
  end
  if not context then
    error(err, 3)
  end
  self._credential, self._tls = own, context
  return self
end

--- Takes another certificate, and the rest; counts for a later `listen`. Raises an Error
--- if the options are of no use.
---@param options table as for tls.createCredentials, or secureContext
---@return https.Server self
function Server:setSecureContext(options)
  local given = {}
  for name, value in pairs(options) do
    given[name] = value
  end
  given.ALPNProtocols = given.ALPNProtocols or { 'http/1.1' }
  local hosts = given.hosts
  if hosts and given.key == nil and given.cert == nil and given.secureContext == nil then
    -- Only those who ask for one of the hosts are served, with its certificate.
    local _, first = next(hosts)
    return use(self, credential.of(first), hosts)
  end
  return use(self, credential.of(given), hosts)
end

--- Certificates by the name a client asks for, from now on; see TLSServer:sni.
---@param hosts table<string, table> by host name, or "*.example.com": a Credential, or options of tls.createCredentials
---@return https.Server self
function Server:sni(hosts)
  return use(self, self._credential, hosts)
end

---@param options table
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse)
---@return https.Server
local function create(options, handler)
  if type(options) ~= 'table' then
    error('https.createServer needs options: at least key and cert', 3)
  end
  return Server:new(options, handler)
end

return { Server = Server, create = create }
