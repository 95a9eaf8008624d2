-- The class of TLS sockets; tls.lua is the module for programs.

local core = require('core')
local net = require('net')
local timer = require('timer')
local errors = require('net/errors')
local credential = require('tls/credential')
local handles = require('tls/handle')
local soon = require('internal/turn').soon

local Error, Socket = core.Error, net.Socket

local HANDSHAKE_TIMEOUT = 30000

--- A connection in TLS: a net.Socket with all that one has. It is made by `tls.connect`,
--- by a server, or over any connected stream (STARTTLS): `TLSSocket:new(socket, options)`
--- begins the handshake, as a client, or as a server with `options.isServer`. From then
--- on the stream below belongs to it; listeners for its `data` are removed.
---
--- What is written before the handshake is over waits for it. Unless
--- `rejectUnauthorized = false` is given, a client checks the server's certificate and
--- that it is for `servername` (by default the host connected to).
--- event connect(): the connection below stands, and the handshake begins
--- event secureConnection(): the handshake is over, and the peer is who it should be
--- event secureConnect(): the same, by Node's name
--- event secure(): the same
--- event data(chunk string): from the peer
--- event end(): the peer has ended its side, and everything was read; see `truncated`
--- event shutdown(): this side has said TLS's goodbye
--- event timeout(): nothing arrived or left for as long as `setTimeout` says
--- event error(err Error): the handshake or the connection failed; `close` follows. Codes: "ECERT" (a certificate was not accepted), "EPROTO" (no TLS, or nothing in common), "ECONNRESET", "ETIMEDOUT", and those of net.Socket
--- event close(hadError boolean): closed; the last event
---@class TLSSocket: net.Socket
---@field encrypted boolean true
---@field authorized boolean whether the peer has shown a certificate that is accepted
---@field authorizationError string|nil why not, with rejectUnauthorized = false
---@field alpnProtocol string|nil the application protocol agreed on
---@field servername string|nil the name the client asked for
---@field truncated boolean the connection was cut without TLS's goodbye: what came before `end` may be incomplete
local TLSSocket = Socket:extend()
TLSSocket.encrypted = true
TLSSocket.authorized = false
TLSSocket.truncated = false

--- Options: isServer, secureContext (of tls.createCredentials) or the options of that,
--- servername, hosts (for a server, see Server:sni), handshakeTimeout (30000 ms), and
--- those of net.Socket.
---@param stream Duplex|nil a connected stream; nil: `connect` follows
---@param options table|nil
function TLSSocket:initialize(stream, options)
  options = options or {}
  Socket.initialize(self, { allowHalfOpen = options.allowHalfOpen,
    highWaterMark = options.highWaterMark, noDelay = options.noDelay })
  self._tls = {
    options = options,
    server = (options.isServer or options.server) and true or false,
    credential = credential.of(options),
    hosts = options.hosts,
    listener = nil,  -- the Server that accepted it
    codec = nil,     -- while there is one
    last = nil,      -- what is remembered of it
    timer = nil,     -- of the handshake
  }
  if stream then
    if type(stream) ~= 'table' or not stream.write or not stream.on then
      error('TLSSocket:new needs a stream, or nil', 3)
    end
    self:_attach(handles.StreamHandle.new(stream))
  end
end

--------------------------------------------------------------------------------
-- The handshake

local function context(self)
  local tls = self._tls
  local made, err = tls.credential:context(tls.server)
  if made and tls.server and tls.hosts then
    made, err = credential.withHosts(tls.credential, tls.hosts)
  end
  return made, err
end

local function serverName(self)
  local options = self._tls.options
  return options.servername or options.hostname or not self._port and options.host
    or self._port and self._host or options.rejectUnauthorized ~= false and 'localhost' or ''
end

local function start(self)
  if self.destroyed then
    return
  end
  local tls, handle = self._tls, self._handle
  local made, err = context(self)
  if not made then
    return self:destroy(err)
  end
  local timeout = tls.options.handshakeTimeout or HANDSHAKE_TIMEOUT
  tls.timer = timer.setTimeout(timeout, function()
    tls.timer = nil
    self:_tlsFailed(('no TLS handshake within %d ms'):format(timeout), 'ETIMEDOUT')
  end)
  local ok, message, code = handle:start(made, serverName(self), self._port or tls.options.port)
  if not ok then
    self:_tlsFailed(message, code)
  end
end

-- What net.Socket does with a connected handle: this is the handle below.
function TLSSocket:_attach(below, paused)
  local tls = self._tls
  self._connecting = true -- until the handshake is over; what is written waits
  tls.handle = handles.Handle.new(self, below)
  tls.startPaused = paused
  Socket._attach(self, tls.handle, true)
  if getmetatable(below) == handles.StreamHandle then
    soon(start, self) -- so that listeners can be added
  else
    start(self)
  end
end

local function stopTimer(self)
  local running = self._tls.timer
  if running then
    self._tls.timer = nil
    timer.clearTimeout(running)
  end
end

-- The handshake is over.
function TLSSocket:_secured()
  local tls = self._tls
  local codec = tls.handle.codec
  stopTimer(self)
  self._connecting = false
  self.alpnProtocol = codec:alpn()
  self.servername = codec:sni()
  self.authorizationError = codec:authorizationError()
  self.authorized = not self.authorizationError
    and (not tls.server or codec:peerCertificate() ~= nil)
  local chunk, done, final = self._held, self._heldDone, self._heldFinal
  self._held, self._heldDone, self._heldFinal = nil, nil, nil
  if chunk then
    self:_write(chunk, done)
  end
  self:emit('secure')
  self:emit('secureConnection')
  self:emit('secureConnect')
  if tls.listener and not self.destroyed then
    tls.listener:emit('secureConnection', self)
  end
  if self.destroyed then
    return
  end
  if final then
    self:_final(final)
  end
  if not tls.startPaused and not self:isPaused() then
    self:_read()
  end
end

local function describe(self, message)
  local where = errors.where(self._host, self._port)
  return where == '' and 'tls: ' .. message or ('tls %s: %s'):format(where, message)
end

function TLSSocket:_tlsFailed(message, code)
  return self:destroy(Error:new(describe(self, message), code))
end

function TLSSocket:_readFailed(err)
  return self:destroy(errors.make('read', err, self._host, self._port))
end

-- The codec is about to go.
function TLSSocket:_forget(codec)
  self._tls.last = { protocol = codec:protocol(), cipher = codec:cipher(),
    reused = codec:sessionReused() }
end

--- Closes the connection at once, as net.Socket's. A server's socket whose handshake
--- has failed does not emit `error`; its server emits `tlsClientError`.
---@param err any|nil
---@param callback nil|fun(hadError: boolean)
---@return TLSSocket self
function TLSSocket:destroy(err, callback)
  if type(err) == 'function' and callback == nil then
    err, callback = nil, err
  end
  local tls = self._tls
  stopTimer(self)
  local listener = tls.listener
  if err ~= nil and listener and not self.destroyed and not (tls.handle and tls.handle.secure) then
    local failure = err
    err = nil
    soon(function()
      listener:emit('tlsClientError', failure, self)
    end)
  end
  return Socket.destroy(self, err, callback)
end

--- Connects, and begins the handshake; tls.connect does this.
---@param port integer|string|table as for net.Socket:connect
---@param host string|nil
---@param callback nil|fun() as a listener for `secureConnection`
---@return TLSSocket self
function TLSSocket:connect(port, host, callback)
  if type(host) == 'function' then
    host, callback = nil, host
  end
  if callback then
    self:once('secureConnection', callback)
  end
  return Socket.connect(self, port, host)
end

--------------------------------------------------------------------------------
-- What TLS knows

local function ask(self, method)
  local codec = self._tls.handle and self._tls.handle.codec
  if codec then
    return codec[method](codec)
  end
end

--- The version of the protocol.
---@return string|nil version "TLSv1.3" or "TLSv1.2"; nil before the handshake is over
function TLSSocket:version()
  local last = self._tls.last
  return ask(self, 'protocol') or last and last.protocol
end

--- The same, by Node's name.
---@return string|nil version
function TLSSocket:getProtocol()
  return self:version()
end

--- The cipher in use.
---@return {name: string, version: string}|nil cipher
function TLSSocket:getCipher()
  local last = self._tls.last
  local name = ask(self, 'cipher') or last and last.cipher
  return name and { name = name, version = self:version() } or nil
end

--- The peer's certificate: subject and issuer (tables by CN, O, OU, C, ...),
--- subjectaltname ("DNS:a.example, IP Address:10.0.0.1"), valid_from and valid_to (text),
--- notBefore and notAfter (seconds since 1970), serialNumber, fingerprint and
--- fingerprint256 (hex with colons), pem.
---@return table|nil certificate nil before the handshake is over, after `close`, and for a peer without one
function TLSSocket:getPeerCertificate()
  return ask(self, 'peerCertificate')
end

--- Whether a session of before was resumed, which makes the handshake shorter.
---@return boolean
function TLSSocket:isSessionReused()
  local last = self._tls.last
  return ask(self, 'sessionReused') or last ~= nil and last.reused or false
end

--- Without an argument: the name that the client asked for. Before the handshake begins:
--- sets it (a text), or, for a server's socket, the credentials by name (see Server:sni).
---@param value string|table|nil
---@return string|nil name
function TLSSocket:sni(value)
  local tls = self._tls
  if type(value) == 'string' then
    tls.options.servername = value
  elseif type(value) == 'table' then
    tls.hosts = value
  end
  return ask(self, 'sni') or self.servername
end

--- Sends what TLS itself has to say. Nothing ever waits for it; programs of Luvit call it.
---@param callback nil|fun()
---@return TLSSocket self
function TLSSocket:flush(callback)
  local handle = self._tls.handle
  if handle and handle.codec then
    handle:_send(handle.codec:take())
  end
  if callback then
    soon(callback)
  end
  return self
end

--- The loop waits for this socket again; undoes `unref`.
---@return TLSSocket self
function TLSSocket:ref()
  if self._tls.handle then
    self._tls.handle:ref()
  end
  return self
end

--- The loop does not wait for this socket any more.
---@return TLSSocket self
function TLSSocket:unref()
  if self._tls.handle then
    self._tls.handle:unref()
  end
  return self
end

return TLSSocket
