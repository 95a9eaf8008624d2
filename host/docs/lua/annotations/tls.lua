---@meta tls
-- Generated from host/runtime by ./dev docs.

--- TLS: encrypted connections whose peer is known by its certificate.
---@class tls.module
local tls = {}

-- of tls/credential.lua, Credential
--- Certificates, a key and authorities for connections; from `tls.createCredentials`.
---@class Credential: Object
local class_Credential = {}

---@param options table|nil as for tls.createCredentials
function class_Credential:initialize(options) end

--- Believes these authorities, and no others.
---@param certs string|string[] PEM
---@return Credential self
function class_Credential:setCA(certs) end

--- Our own certificate, with the intermediates after it, and its key.
---@param key string PEM, without a passphrase
---@param cert string PEM
---@return Credential self
function class_Credential:setKeyCert(key, cert) end

--- Believes the authorities of the system as well.
---@return Credential self
function class_Credential:addRootCerts() end

tls.Credential = class_Credential

-- of tls/server.lua, Server
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
local class_TLSServer = {}

--- See tls.createServer.
---@param options table|nil
---@param listener nil|fun(socket: TLSSocket)
function class_TLSServer:initialize(options, listener) end

--- Takes another certificate, and the rest, for connections from now on. Raises an Error
--- if the options are of no use.
---@param options table as for tls.createCredentials, or secureContext
---@return TLSServer self
function class_TLSServer:setSecureContext(options) end

--- Certificates by the name a client asks for; others get the server's own. Raises an
--- Error if one is of no use.
---@param hosts table<string, table> by host name, or "*.example.com" for one label: a Credential, or options of tls.createCredentials
---@return TLSServer self
function class_TLSServer:sni(hosts) end

-- of tls/socket.lua, TLSSocket
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
local class_TLSSocket = {}

--- Options: isServer, secureContext (of tls.createCredentials) or the options of that,
--- servername, hosts (for a server, see Server:sni), handshakeTimeout (30000 ms), and
--- those of net.Socket.
---@param stream Duplex|nil a connected stream; nil: `connect` follows
---@param options table|nil
function class_TLSSocket:initialize(stream, options) end

--- Closes the connection at once, as net.Socket's. A server's socket whose handshake
--- has failed does not emit `error`; its server emits `tlsClientError`.
---@param err any|nil
---@param callback nil|fun(hadError: boolean)
---@return TLSSocket self
function class_TLSSocket:destroy(err, callback) end

--- Connects, and begins the handshake; tls.connect does this.
---@param port integer|string|table as for net.Socket:connect
---@param host string|nil
---@param callback nil|fun() as a listener for `secureConnection`
---@return TLSSocket self
function class_TLSSocket:connect(port, host, callback) end

--- The version of the protocol.
---@return string|nil version "TLSv1.3" or "TLSv1.2"; nil before the handshake is over
function class_TLSSocket:version() end

--- The same, by Node's name.
---@return string|nil version
function class_TLSSocket:getProtocol() end

--- The cipher in use.
---@return {name: string, version: string}|nil cipher
function class_TLSSocket:getCipher() end

--- The peer's certificate: subject and issuer (tables by CN, O, OU, C, ...),
--- subjectaltname ("DNS:a.example, IP Address:10.0.0.1"), valid_from and valid_to (text),
--- notBefore and notAfter (seconds since 1970), serialNumber, fingerprint and
--- fingerprint256 (hex with colons), pem.
---@return table|nil certificate nil before the handshake is over, after `close`, and for a peer without one
function class_TLSSocket:getPeerCertificate() end

--- Whether a session of before was resumed, which makes the handshake shorter.
---@return boolean
function class_TLSSocket:isSessionReused() end

--- Without an argument: the name that the client asked for. Before the handshake begins:
--- sets it (a text), or, for a server's socket, the credentials by name (see Server:sni).
---@param value string|table|nil
---@return string|nil name
function class_TLSSocket:sni(value) end

--- Sends what TLS itself has to say. Nothing ever waits for it; programs of Luvit call it.
---@param callback nil|fun()
---@return TLSSocket self
function class_TLSSocket:flush(callback) end

--- The loop waits for this socket again; undoes `unref`.
---@return TLSSocket self
function class_TLSSocket:ref() end

--- The loop does not wait for this socket any more.
---@return TLSSocket self
function class_TLSSocket:unref() end

tls.TLSSocket = class_TLSSocket

--- The same, by Node's name.
---@param options table|nil
---@return Credential credential
function tls.createSecureContext(options) end

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
function tls.connect(options, ...) end

--- Makes a server. The listener gets each connection when its handshake is over.
---
--- Options: key and cert, and the rest of tls.createCredentials, or secureContext;
--- requestCert (ask clients for a certificate: it must be signed by one of `ca`, unless
--- rejectUnauthorized is false); hosts (see Server:sni); handshakeTimeout (30000 ms); those
--- of net.createServer. Raises an Error if a certificate or key is of no use.
---@param options table
---@param listener nil|fun(socket: TLSSocket) a listener for `secureConnection`
---@return TLSServer server
function tls.createServer(options, listener) end

--- Certificates and the rest, to be used for many connections. Options:
--- key, cert (PEM; cert with its intermediates), ca (PEM or a list: these authorities
--- instead of the system's), ALPNProtocols (list), minVersion, maxVersion ("TLSv1.2",
--- "TLSv1.3"), secureProtocol ("TLS", "TLSv1_2", "TLSv1_3"), ciphers (OpenSSL's words,
--- for TLS 1.2), securityLevel (OpenSSL's, 1), requestCert, rejectUnauthorized (true),
--- resumption (true). They are looked at by the first connection or by listen.
---@param options table|nil
---@return Credential credential
function tls.createCredentials(options) end

---@type string
tls.DEFAULT_MAX_VERSION = nil

---@type string
tls.DEFAULT_MIN_VERSION = nil

---@type string
tls.DEFAULT_SECUREPROTOCOL = nil

---@type table
tls.Server = nil

---@type boolean
tls.isLibreSSL = nil

---@type boolean
tls.isTLSv1_3 = nil

return tls
