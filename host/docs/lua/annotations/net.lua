---@meta net
-- Generated from host/runtime by ./dev docs.

--- TCP and unix sockets: servers and connections.
---@class net.module
local net = {}

-- of net/server.lua, Server
--- A server for TCP or unix connections. The listener given to createServer runs in a
--- coroutine, so it may wait. When it has returned and has ended its side, what the
--- client still sends is dropped, unless somebody reads it.
--- event listening(): connections are accepted
--- event connection(socket net.Socket): somebody has connected
--- event connectionError(err Error, socket net.Socket): a connection failed while the listener waited for it in straight-line code, and the listener did not catch that
--- event drop(peer table): a connection was refused because there are maxConnections; `peer` as of Socket:address
--- event error(err Error): listen failed, or a connection could not be accepted
--- event close(): it accepts no more, and the last connection is gone
---@class net.Server: Emitter
---@field maxConnections integer|nil at most so many at a time; more are closed at once
---@field listening boolean
local class_net_Server = {}

--- See createServer.
---@param options table|nil
---@param listener nil|fun(socket: net.Socket)
function class_net_Server:initialize(options, listener) end

--- Takes the options and the listener of createServer.
---@param options table|nil
---@param listener nil|fun(socket: net.Socket)
function class_net_Server:init(options, listener) end

--- How many connections there are.
---@param callback nil|fun(err: nil, count: integer)
---@return integer count
function class_net_Server:getConnections(callback) end

--- Begins to accept connections. An address or path is bound before `listen` returns, a
--- name after it was looked up. Failure is an `error` event, later in any case, and the
--- callback is not called then.
---
--- Options: port, host ("0.0.0.0"), path (a unix socket instead) and its mode, fd (a
--- descriptor that is bound already), backlog (511), ipv6Only.
---@param port integer|string|table a port (0: any free one; see `address`), a path, or options
---@param host string|nil
---@param callback nil|fun() as for `listening`
---@return net.Server self
---@overload fun(self: net.Server, port: integer, host: string|nil, backlog: integer, callback: nil|fun()): net.Server
function class_net_Server:listen(port, host, callback, more) end

--- Where the server listens.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if it does not listen
---@return Error|nil err
function class_net_Server:address() end

--- Accepts no more connections; those there are stay. When the last is gone, `close` is
--- emitted.
---@param callback nil|fun(err: Error|nil) at `close`; with an error (code "ENOTCONN") if it does not listen
---@return net.Server self
function class_net_Server:close(callback) end

--- Closes the server and all its connections.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(err: Error|nil) as for `close`
---@return net.Server self
function class_net_Server:destroy(err, callback) end

--- The loop waits for this server again; undoes `unref`.
---@return net.Server self
function class_net_Server:ref() end

--- The loop does not wait for this server any more.
---@return net.Server self
function class_net_Server:unref() end

net.Server = class_net_Server

-- of net/socket_stream.lua, Socket
--- A TCP or unix connection, or a stream over any object with the methods of luv's
--- streams. Errors have a code and say what was tried: "connect ECONNREFUSED 127.0.0.1:1:
--- connection refused".
---
--- It reads in advance, up to the high-water mark; `pause` stops that at once. When the
--- peer has ended its side and everything was read, it ends its own (see allowHalfOpen),
--- and when both sides have ended it closes.
--- event connect(): the connection is there
--- event data(chunk string): from the peer
--- event end(): the peer has ended its side, and everything was read
--- event finish(): this side has ended: all was handed to the system, and the peer will see the end
--- event drain(): there is room again after write() gave false
--- event timeout(): nothing arrived or left for as long as `setTimeout` says; the connection stays
--- event error(err Error): the connection failed; `close` follows
--- event close(hadError boolean): closed; the last event, and always exactly one
--- event _socketEnd(): the peer has ended its side; what arrived before may still be unread
---@class net.Socket: Duplex
---@field destroyed boolean whether it is closed or being closed
---@field allowHalfOpen boolean whether this side stays open when the peer has ended its own
local class_net_Socket = {}

--- Options: handle (a connected luv stream, or an object with its methods), fd (a
--- connected descriptor instead), allowHalfOpen, highWaterMark, noDelay (true), pauseOnCreate.
---@param options table|integer|nil a number is a fd
function class_net_Socket:initialize(options) end

--- Stops `data`, and reading from the system at once: the peer gets to feel it.
---@return net.Socket self
function class_net_Socket:pause() end

--- Lets `data` flow again.
---@return net.Socket self
function class_net_Socket:resume() end

--- Ends this side when everything is written: the same as `_end`.
---@param callback nil|fun() when it is done, as for `finish`
---@return net.Socket self
function class_net_Socket:shutdown(callback) end

--- Closes the connection at once; what is not written yet is dropped, and the callbacks
--- of such writes get "ECANCELED". Closing twice does nothing more.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(hadError: boolean) as a listener for `close`
---@return net.Socket self
function class_net_Socket:destroy(err, callback) end

net.Socket = class_net_Socket

--- Makes a server. The listener gets each connection and runs in a coroutine, so that it
--- may be written in straight lines: `for chunk in socket:chunks() do ... end`.
---
--- Options: allowHalfOpen (false), noDelay (true), keepAlive and keepAliveDelay (s),
--- pauseOnConnect, maxConnections, highWaterMark (bytes).
---@param options table|nil
---@param listener nil|fun(socket: net.Socket) a listener for `connection`
---@return net.Server server
---@overload fun(listener: fun(socket: net.Socket)): net.Server
function net.createServer(options, listener) end

--- Makes a socket and connects it; see Socket:connect for the options, and
--- Socket:initialize for allowHalfOpen and highWaterMark.
---@param port integer|string|table a port, the path of a unix socket, or options
---@param host string|nil "127.0.0.1" if left out
---@param callback nil|fun() as a listener for `connect`
---@return net.Socket socket
function net.connect(port, host, callback) end

--- Whether a text is an IP address.
---@param text any
---@return integer version 4, 6, or 0 if it is none
function net.isIP(text) end

--- Whether a text is an IPv4 address.
---@param text any
---@return boolean
function net.isIPv4(text) end

--- Whether a text is an IPv6 address.
---@param text any
---@return boolean
function net.isIPv6(text) end

--- The same as net.connect.
net.createConnection = nil

return net
