---@meta websocket
-- Generated from host/runtime by ./dev docs.

--- WebSockets (RFC 6455): clients, and servers on those of http and https.
---@class websocket.module
local websocket = {}

-- of websocket.lua, Server
--- A server of WebSockets; from `createServer`.
--- event connection(ws WebSocket, req http.IncomingMessage): a client has connected
--- event error(err Error): listen failed
--- event close(): it accepts no more
---@class WebSocketServer: Emitter
---@field server http.Server the server below
---@field clients table<WebSocket, true> those that are connected
local class_WebSocketServer = {}

--- As http.Server:listen.
---@param ... any
---@return WebSocketServer self
function class_WebSocketServer:listen(...) end

--- As http.Server:address.
---@return table|nil address
---@return Error|nil err
function class_WebSocketServer:address() end

--- Accepts no more connections, and closes those that are there with the code 1001. A
--- server given as an option stays open.
---@param callback fun()|nil as a listener of `close`
---@return WebSocketServer self
function class_WebSocketServer:close(callback) end

websocket.Server = class_WebSocketServer

-- of websocket/socket.lua, WebSocket
--- A WebSocket. Messages go to the listeners of `message`; without one they wait for
--- `receive`, and the peer is not read from while several do.
---
--- What breaks an open connection is told by `close` with the code 1006, or the one the
--- peer was answered with; `error` is emitted as well if somebody listens. A connection that
--- does not come to be is always an `error`.
--- event open(): the connection stands (clients)
--- event message(data string, isText boolean): a whole message; text is valid UTF-8
--- event ping(payload string): from the peer; it has been answered
--- event pong(payload string): the answer to `ping`
--- event drain(): there is room again after send() gave false
--- event error(err Error): see above
--- event close(code integer, reason string): the last event
---@class WebSocket: Emitter
---@field protocol string|nil what was agreed on
---@field isOpen boolean
---@field closeCode integer|nil when it is over
---@field closeReason string|nil
---@field socket net.Socket|nil the connection below
local class_WebSocket = {}

--- Adds a listener; the first of `message` gets what came before.
---@param name string
---@param callback fun(...)
---@return WebSocket self
function class_WebSocket:on(name, callback) end

--- Sends a message.
---@param data string
---@param kind string|nil "text" (the default; must be UTF-8) or "binary"
---@param callback nil|fun(err: Error|nil) when it was handed to the system
---@return boolean|nil more false: wait for `drain` before the next; nil: it was not sent
---@return Error|nil err code "EPIPE" after the end, "EINVAL" for text that is none
function class_WebSocket:send(data, kind, callback) end

--- Sends a message in pieces. Text may be cut anywhere.
---@param data string
---@param last boolean whether the message ends here
---@param kind string|nil of the first piece: "text" or "binary"
---@return boolean|nil more as for send
---@return Error|nil err
function class_WebSocket:sendPart(data, last, kind) end

--- Sends a message, and waits in a coroutine until there is room for the next.
---@param data string
---@param kind string|nil "text" or "binary"
---@return boolean|nil ok
---@return Error|nil err
function class_WebSocket:sendAll(data, kind) end

--- Sends a ping; the answer is the event `pong`.
---@param payload string|nil at most 125 bytes
---@return boolean|nil more as for send
---@return Error|nil err
function class_WebSocket:ping(payload) end

--- Sends a pong that answers nothing. Pings are answered by themselves.
---@param payload string|nil at most 125 bytes
---@return boolean|nil more as for send
---@return Error|nil err
function class_WebSocket:pong(payload) end

--- Waits in a coroutine until the connection stands.
---@return WebSocket|nil self
---@return Error|nil err
function class_WebSocket:waitOpen() end

--- Waits in a coroutine for the next message.
---@return string|nil data nil when the WebSocket was closed (see closeCode)
---@return boolean|Error|nil isText or why it broke off; nil after a closing handshake
function class_WebSocket:receive() end

--- Goes over the messages as they come, for a `for` loop in a coroutine; it ends when
--- the WebSocket is closed.
---@return fun(): string|nil, boolean|nil next
function class_WebSocket:messages() end

--- Begins the closing handshake. Messages of the peer still come until it has answered;
--- if it does not within closeTimeout, the connection is cut.
---@param code integer|nil 1000 to 1003, 1007 to 1014, 3000 to 4999; 1000 if left out
---@param reason string|nil at most 123 bytes
---@return boolean|nil ok nil: it was closed already, or the code is none
---@return Error|nil err
function class_WebSocket:close(code, reason) end

--- Cuts the connection, without a closing handshake.
function class_WebSocket:terminate() end

websocket.WebSocket = class_WebSocket

--- Connects to a "ws://" or "wss://" URL. What is sent before the connection stands is
--- sent then. Redirects are not followed.
---
--- Options: protocols (a list of names, the best first), headers, origin, auth, proxy (by
--- the environment; false: none), handshakeTimeout (30000 ms), socketPath, the TLS options of
--- https.request, and those of both sides: maxMessage (16 MiB), closeTimeout (5000 ms),
--- pingInterval (ms, 0: never).
---@param url string
---@param opts table|nil
---@param onOpen fun()|nil added as a listener of `open`
---@return WebSocket ws
---@overload fun(url: string, onOpen: fun()): WebSocket
function websocket.connect(url, opts, onOpen) end

--- Accepts a WebSocket in a listener of an http server's event `upgrade`. What is not a
--- valid handshake is answered with its status, and the socket closed.
---
--- Options: protocols (names this server speaks, the best first), origins (a list of the
--- values of Origin that may connect, or a function of it), headers (for the answer), and
--- maxMessage, closeTimeout, pingInterval as for connect.
---@param req http.IncomingMessage
---@param socket net.Socket
---@param head string|nil what came behind the request
---@param opts table|nil
---@return WebSocket|nil ws
---@return Error|nil err
function websocket.accept(req, socket, head, opts) end

--- Makes a server. The listener gets each connection and runs in a coroutine, so that it
--- may be written in straight lines: `for data in ws:messages() do ws:send(data) end`.
---
--- Options: server (an http or https server to share), path (others are refused, or left to
--- other listeners on a shared server), those of websocket.accept, and without `server`
--- those of http.createServer, or with key and cert of https.createServer.
---@param opts table|nil
---@param listener nil|fun(ws: WebSocket, req: http.IncomingMessage) a listener of `connection`
---@return WebSocketServer server
---@overload fun(listener: fun(ws: WebSocket, req: http.IncomingMessage)): WebSocketServer
function websocket.createServer(opts, listener) end

return websocket
