-- What a TLS connection is made with: certificates, keys, authorities, protocols.

local native = require('native.tls')
local digest = require('native.crypto').sha256
local core = require('core')

local Error = core.Error

local credential = {}

-- The words for versions, Node's and OpenSSL's: what is the oldest, what the newest.
local VERSIONS = {
  TLS = { 'TLSv1.2', 'TLSv1.3' },
  SSLv23 = { 'TLSv1.2', 'TLSv1.3' },
  TLSv1_2 = { 'TLSv1.2', 'TLSv1.2' },
  TLSv1_3 = { 'TLSv1.3', 'TLSv1.3' },
}

local function versions(options)
  local word = options.secureProtocol
  if word == nil then
    return options.minVersion, options.maxVersion
  end
  local bare = tostring(word):gsub('_method$', ''):gsub('_client$', ''):gsub('_server$', '')
  local pair = VERSIONS[bare]
  if not pair then
    return nil, nil, Error:new(('EINVAL: secureProtocol %q is not supported; TLS 1.2 and 1.3 are '
      .. '("TLS", "TLSv1_2", "TLSv1_3")'):format(tostring(word)))
  end
  return options.minVersion or pair[1], options.maxVersion or pair[2]
end

-- A PEM text, or a list of them.
local function text(value)
  if type(value) == 'table' then
    return table.concat(value, '\n')
  end
  return value
end

local function list(value)
  if not value then
    return nil
  end
  return type(value) == 'table' and value or { value }
end

local function protocols(options)
  local names = options.ALPNProtocols
  if type(names) == 'string' then
    names = { names }
  end
  return names
end

--- Certificates, a key and authorities for connections; from `tls.createCredentials`.
---@class Credential: Object
local Credential = core.Object:extend()
credential.Credential = Credential

local FIELDS = { 'key', 'cert', 'ca', 'ALPNProtocols', 'minVersion', 'maxVersion', 'secureProtocol',
  'ciphers', 'securityLevel', 'requestCert', 'rejectUnauthorized', 'sessionTimeout', 'resumption',
  'passphrase', 'server' }

---@param options table|nil as for tls.createCredentials
function Credential:initialize(options)
  self.options = {}
  for _, name in ipairs(FIELDS) do
    self.options[name] = options and options[name]
  end
end

--- Believes these authorities, and no others.
---@param certs string|string[] PEM
---@return Credential self
function Credential:setCA(certs)
  self.options.ca, self.contexts = certs, nil
  return self
end

--- Our own certificate, with the intermediates after it, and its key.
---@param key string PEM, without a passphrase
---@param cert string PEM
---@return Credential self
function Credential:setKeyCert(key, cert)
  self.options.key, self.options.cert, self.contexts = key, cert, nil
  return self
end

--- Believes the authorities of the system as well.
---@return Credential self
function Credential:addRootCerts()
  self.roots, self.contexts = true, nil
  return self
end

-- Client contexts are kept, since sessions can only be resumed in the one they come
-- from: the newest last.
local MAX_KEPT = 8
local kept = {}

local function keptContext(key, make)
  for i = #kept, 1, -1 do
    if kept[i].key == key then
      local entry = table.remove(kept, i)
      kept[#kept + 1] = entry
      return entry.context
    end
  end
  local context, message, code = make()
  if not context then
    return nil, message, code
  end
  if #kept >= MAX_KEPT then
    table.remove(kept, 1)
  end
  kept[#kept + 1] = { key = key, context = context }
  return context
end

local function fingerprint(options)
  local parts = {}
  for _, name in ipairs { 'key', 'cert', 'minVersion', 'maxVersion', 'ciphers', 'securityLevel',
    'systemCa', 'rejectUnauthorized', 'resumption' } do
    local value = tostring(options[name])
    parts[#parts + 1] = #value .. ':' .. value
  end
  for _, name in ipairs { 'ca', 'alpn' } do
    for _, value in ipairs(options[name] or {}) do
      parts[#parts + 1] = name .. #value .. ':' .. value
    end
  end
  return digest(table.concat(parts))
end

local function native_options(self, server)
  local options = self.options
  if options.passphrase ~= nil then
    return nil, Error:new('ENOTSUP: passphrase is not supported; write the key without one, with '
      .. '"openssl pkey -in key.pem -out plain.pem"')
  end
  local min, max, err = versions(options)
  if err then
    return nil, err
  end
  local ca = list(options.ca)
  return {
    server = server,
    key = text(options.key), cert = text(options.cert), ca = ca,
    systemCa = self.roots or (ca == nil and (not server or options.requestCert)) or false,
    alpn = protocols(options),
    minVersion = min, maxVersion = max,
    ciphers = options.ciphers, securityLevel = options.securityLevel,
    requestCert = options.requestCert,
    rejectUnauthorized = options.rejectUnauthorized ~= false,
    resumption = options.resumption ~= false,
  }
end

-- The context for one side, made when it is first needed. nil and an Error when the
-- options are of no use.
function Credential:context(server)
  self.contexts = self.contexts or {}
  local present = self.contexts[server]
  if present then
    return present
  end
  local options, err = native_options(self, server)
  if not options then
    return nil, err
  end
  local context, message, code
  if server then
    context, message, code = native.context(options)
  else
    context, message, code = keptContext(fingerprint(options), function()
      return native.context(options)
    end)
  end
  if not context then
    return nil, Error:new(message, code)
  end
  self.contexts[server] = context
  return context
end

--- Certificates and the rest, to be used for many connections. Options:
--- key, cert (PEM; cert with its intermediates), ca (PEM or a list: these authorities
--- instead of the system's), ALPNProtocols (list), minVersion, maxVersion ("TLSv1.2",
--- "TLSv1.3"), secureProtocol ("TLS", "TLSv1_2", "TLSv1_3"), ciphers (OpenSSL's words,
--- for TLS 1.2), securityLevel (OpenSSL's, 1), requestCert, rejectUnauthorized (true),
--- resumption (true). They are looked at by the first connection or by listen.
---@param options table|nil
---@return Credential credential
function credential.createCredentials(options)
  return Credential:new(options)
end

-- The context of a server that answers to several names: each host's value is a
-- Credential or the options of one. nil and an Error when one is of no use.
function credential.withHosts(given, hosts)
  local context, err = given:context(true)
  if not context then
    return nil, err
  end
  local servers = {}
  for name, value in pairs(hosts) do
    local own = core.instanceof(value, Credential) and value or Credential:new(value)
    local made, why = own:context(true)
    if not made then
      return nil, Error:new(('the credentials for %s: %s'):format(tostring(name), why.message), why.code)
    end
    servers[tostring(name):lower()] = made
  end
  context:setServers(servers)
  return context
end

-- `options.secureContext`, or what the options themselves say.
function credential.of(options)
  local given = options and options.secureContext
  if given ~= nil then
    if not core.instanceof(given, Credential) then
      error('secureContext must come from tls.createCredentials', 3)
    end
    return given
  end
  return Credential:new(options)
end

return credential
