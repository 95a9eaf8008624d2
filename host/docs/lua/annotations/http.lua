---@meta http
-- Generated from host/runtime by ./dev docs.

--- HTTP/1.1: servers and clients.
---@class http.module
local http = {}

-- of http/agent.lua, Agent
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
local class_Agent = {}

---@param options table|nil
function class_Agent:initialize(options) end

--- A connection for one exchange: callback(err) or callback(nil, connection, reused),
--- perhaps at once. `fresh`: none that was used before. The result's cancel() stops it.
--- Internal to http, as is release().
function class_Agent:acquire(spec, callback, fresh) end

--- Gives a connection back after its exchange. `patience`: ms the server said it waits
--- for the next request, or nil.
function class_Agent:release(connection, patience) end

--- How many connections there are: open (the idle among them), idle, and requests that
--- wait for one.
---@return integer open
---@return integer idle
---@return integer waiting
function class_Agent:counts() end

--- Closes the connections that are not used. The others are closed after their request.
--- A request made afterwards opens a connection of its own.
function class_Agent:destroy() end

--- Closes the connections that are not used; the agent goes on.
function class_Agent:closeFree() end

http.Agent = class_Agent

-- of http/client_request.lua, ClientRequest
--- A request. It is sent when it is ended with `done`: then with its length, in one
--- piece with the head. A body of several writes is sent in chunks, from the first turn
--- of the loop after a write on, unless it is over by then; with a Content-Length header
--- it is sent as it is. `write` gives false when it goes faster than the server reads.
---
--- Without an agent the connection is used for this request only. With one, a request that
--- may be repeated is repeated once, on a new connection, when a used connection turns out
--- to be closed before a byte of the answer has come.
--- event response(res ClientResponse): the head of the answer has come.
--- event socket(socket Socket): it has a connection.
--- event connect(res ClientResponse, socket Socket, head string): a tunnel stands (method CONNECT); head: what came already.
--- event upgrade(res ClientResponse, socket Socket, head string): the server changed the protocol (101).
--- event continue(): the server wants the body (Expect: 100-continue).
--- event information(info {statusCode: integer, statusMessage: string, headers: table}): an interim answer (1xx).
--- event timeout(): nothing went either way for as long as setTimeout said; the request goes on.
--- event error(err Error): no answer, or not all of it.
--- event drain(): there is room again after write() gave false.
--- event finish(): the request was sent.
--- event close(): nothing follows.
---@class ClientRequest: Writable
---@field method string
---@field path string
---@field host string
---@field port integer
---@field protocol string "http:" or "https:"
---@field reusedSocket boolean the connection had been used before
---@field response ClientResponse|nil
local class_ClientRequest = {}

---@param opts table|string options or a URL; see http.request
---@param onResponse fun(res: ClientResponse)|nil
function class_ClientRequest:initialize(opts, onResponse) end

--- Sets a header of the request, in place of those of that name.
---@param name string
---@param value any a table of values: one header each
function class_ClientRequest:setHeader(name, value) end

---@param name string
---@return string|string[]|nil value a table if there are several
function class_ClientRequest:getHeader(name) end

---@param name string
---@return boolean
function class_ClientRequest:hasHeader(name) end

---@param name string
function class_ClientRequest:removeHeader(name) end

--- The names of the headers set so far.
---@return string[]
function class_ClientRequest:getHeaderNames() end

--- Sends a piece of the body.
---@param chunk string
---@param callback fun(err: Error|nil)|nil
---@return boolean more whether more is welcome
function class_ClientRequest:write(chunk, callback) end

--- Ends the request, after a last piece of the body if one is given.
---@param chunk string|nil
---@param callback fun()|nil called at `finish`
function class_ClientRequest:done(chunk, callback) end

--- Sends the head without waiting for the body.
function class_ClientRequest:flushHeaders() end

--- Ends the request with an error.
---@param err Error
function class_ClientRequest:fail(err) end

--- Gives the request up and closes its connection. Before the answer that is an `error`
--- (code "ECANCELED") for those who listen.
---@param err Error|nil emitted as `error` if given
---@return ClientRequest self
function class_ClientRequest:destroy(err) end

--- Emits `timeout` whenever nothing went either way for that long. The request goes on
--- unless a listener destroys it.
---@param ms integer 0: never
---@param callback fun()|nil added as a listener of `timeout`
---@return ClientRequest self
function class_ClientRequest:setTimeout(ms, callback) end

--- Ends the request if that was not done, and waits in a coroutine for the head of the
--- answer. Read the body with `res:readAll()` or `res:chunks()`.
---@return ClientResponse|nil res
---@return Error|nil err
function class_ClientRequest:getResponse() end

http.ClientRequest = class_ClientRequest

-- of http/fetch.lua, FetchResponse
--- What fetch gives.
---@class FetchResponse
---@field status integer
---@field reason string
---@field ok boolean the status is 200 to 299
---@field headers table by name in any case; as a list {name, value} in the order of the message
---@field trailers table|nil
---@field body string|nil all of it; nil when it went elsewhere (option `to`)
---@field url string where it came from, after redirects
---@field redirects integer how many were followed
---@field version string "1.1"
local class_FetchResponse = {}

--- The body decoded as JSON.
---@return any|nil value
---@return Error|nil err
function class_FetchResponse:json() end

-- of http/https_server.lua, Server
--- An http.Server in TLS; made by https.createServer. Options are those of http.Server and
--- of tls.createServer: key and cert, or secureContext, hosts, requestCert and ca, ...
--- Clients that speak several protocols get "http/1.1" unless ALPNProtocols says otherwise.
---@class https.Server: http.Server
local class_https_Server = {}

---@param options table
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse)
function class_https_Server:initialize(options, handler) end

--- Takes another certificate, and the rest; counts for a later `listen`. Raises an Error
--- if the options are of no use.
---@param options table as for tls.createCredentials, or secureContext
---@return https.Server self
function class_https_Server:setSecureContext(options) end

--- Certificates by the name a client asks for, from now on; see TLSServer:sni.
---@param hosts table<string, table> by host name, or "*.example.com": a Credential, or options of tls.createCredentials
---@return https.Server self
function class_https_Server:sni(hosts) end

-- of http/incoming.lua, IncomingMessage
--- A message that was received; in a server the request. Its body is read like any
--- Readable; one that is never looked at costs nothing and is dropped with the response.
--- event data(chunk string): the next piece of the body
--- event end(): the body is complete; `trailers` is set
--- event aborted(): the connection ended before the request was answered
--- event error(err Error): the body breaks off (code "ECONNRESET", "ETIMEDOUT", "EPROTO"); emitted to listeners only
--- event close(): the connection ended before the request was answered
---@class http.IncomingMessage: Readable
---@field method string "GET", as the client wrote it
---@field url string the request's target, path and query: "/a?b=c"
---@field headers table<string, string> by name in any case (of several the last); also a list of {name, value} pairs in their order
---@field trailers table|nil of a chunked body, like headers; after `end`
---@field httpVersion string "1.1" or "1.0"
---@field socket http.ServerSocket the connection: its addresses
---@field is_upgraded boolean the connection has become another protocol's (event `upgrade`)
---@field complete boolean the whole body has arrived
local class_http_IncomingMessage = {}

--- Breaks the connection off.
function class_http_IncomingMessage:destroy() end

http.IncomingMessage = class_http_IncomingMessage

-- of http/response.lua, Response
--- A response, given to the `response` event of a request before its body has come. The
--- body is a stream: nothing more is read from the server than the program takes. A
--- response that nobody listens to is read and dropped.
---
--- A body that ends too early is an `error`, here if anybody listens, else of the
--- request; `end` does not follow.
--- event data(chunk string): the next piece of the body.
--- event end(): the body is complete, and `trailers` filled.
--- event error(err Error): the connection failed before the end.
--- event close(): nothing follows.
---@class ClientResponse: Readable
---@field statusCode integer
---@field statusMessage string as the server sent it
---@field httpVersion string "1.1" or "1.0"
---@field httpVersionMajor integer
---@field httpVersionMinor integer
---@field headers table by name in any case; as a list {name, value} in the order of the message
---@field trailers table the same of what came behind a chunked body
---@field socket Socket
---@field req ClientRequest
local class_ClientResponse = {}

--- As the request's.
---@param ms integer
---@param callback fun()|nil
---@return ClientResponse self
function class_ClientResponse:setTimeout(ms, callback) end

--- Gives the response up and closes the connection.
---@param err Error|nil emitted as `error` if given
function class_ClientResponse:destroy(err) end

http.ClientResponse = class_ClientResponse

-- of http/server.lua, Server
--- A server for HTTP/1.1. Its handler runs in a coroutine for each request, so it may wait.
---
--- Times in milliseconds, 0 = for ever; sizes in bytes:
--- headersTimeout (10 s) for a request's head to arrive, else 408;
--- keepAliveTimeout (5 s) between two requests; bodyTimeout (60 s) without a byte of the
--- body, else 408; writeTimeout (60 s) without a byte of ours taken by the client;
--- responseTimeout (5 min) until the response begins, else 503; maxHeaderSize (16 KiB),
--- maxHeadersCount (128), maxTargetSize (8 KiB), maxBodySize (none), maxConnections (none),
--- maxRequestsPerSocket (none), highWaterMark (64 KiB).
--- event listening(): connections are accepted
--- event request(req http.IncomingMessage, res http.ServerResponse): in place of, or beside, the handler
--- event upgrade(req http.IncomingMessage, socket net.Socket, head string): the client offers another protocol; with a listener the connection becomes his, `head` are bytes that came already
--- event connect(req http.IncomingMessage, socket net.Socket, head string): the same for CONNECT; without a listener it is answered with 405
--- event error(err Error): listen failed
--- event close(): it accepts no more, and the last connection is gone
---@class http.Server: Emitter
---@field listening boolean
local class_http_Server = {}

--- See createServer.
---@param options table|nil
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse)
function class_http_Server:initialize(options, handler) end

--- Begins to accept connections. An address or path is bound before `listen` returns, a
--- name after it was looked up. Failure is an `error` event, later in any case, and the
--- callback is not called then.
---
--- Options: port, host ("0.0.0.0"), path (a unix socket instead) and its mode, backlog
--- (511), ipv6Only, reusePort.
---@param port integer|string|table a port (0: any free one; see `address`), a path, or options
---@param host string|nil
---@param callback nil|fun() as for `listening`
---@return http.Server self
---@overload fun(self: http.Server, port: integer, host: string|nil, backlog: integer, callback: nil|fun()): http.Server
function class_http_Server:listen(port, host, callback, more) end

--- Where the server listens.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if it does not listen
---@return Error|nil err
function class_http_Server:address() end

--- How many connections there are.
---@param callback nil|fun(err: nil, count: integer)
---@return integer count
function class_http_Server:getConnections(callback) end

--- Accepts no more connections, closes those that are idle, and answers the requests that
--- are there; when the last connection is gone, `close` is emitted.
---@param callback nil|fun(err: Error|nil) at `close`; with an error (code "ENOTCONN") if it does not listen
---@return http.Server self
function class_http_Server:close(callback) end

--- Closes the server and breaks off all its connections.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(err: Error|nil) as for `close`
---@return http.Server self
function class_http_Server:destroy(err, callback) end

--- Sets responseTimeout for servers that do not listen yet: the time a handler has to
--- begin its response.
---@param ms number 0: for ever
---@return http.Server self
function class_http_Server:setTimeout(ms) end

http.Server = class_http_Server

-- of http/server_response.lua, ServerResponse
--- The answer to a request, a Writable. Unless told otherwise it has a Date, a
--- Content-Length (when `finish` has all of the body) or else chunked coding, and keeps the
--- connection. A response that is not begun in time (responseTimeout) becomes 503.
--- event finish(): all of it is handed over
--- event drain(): there is room again after write() gave false
--- event close(): the connection ended, or after `finish`
--- event error(err Error): it could not be sent: a status or header that may not be (code "EINVAL"; the client gets a 500), a write after the end ("EPIPE")
---@class http.ServerResponse: Writable
---@field statusCode integer 200
---@field statusMessage string|nil instead of the code's own
---@field sendDate boolean true
---@field keepAlive boolean true; false: the connection closes after this response
---@field headersSent boolean
---@field finished boolean finish was called
---@field headers table what setHeader has set, as of http-header
---@field req http.IncomingMessage
---@field socket http.ServerSocket
local class_http_ServerResponse = {}

--- Sets a field of the head, instead of one of that name.
---@param name string
---@param value string|number|string[]|nil a list: a field each; nil: as removeHeader
---@return http.ServerResponse self
function class_http_ServerResponse:setHeader(name, value) end

--- What setHeader has set.
---@param name string in any case
---@return string|number|string[]|nil value
function class_http_ServerResponse:getHeader(name) end

--- Takes back what setHeader has set.
---@param name string in any case
---@return http.ServerResponse self
function class_http_ServerResponse:removeHeader(name) end

--- Sets the status and further fields. The head leaves with the first of the body, or by
--- flushHeaders; it cannot be changed any more.
---@param status integer
---@param reason string|table|nil may be left out
---@param headers table|nil by name, or a list of {name, value} pairs
---@return http.ServerResponse self
function class_http_ServerResponse:writeHead(status, reason, headers) end

--- Sends the head now.
function class_http_ServerResponse:flushHeaders() end

--- Sends an interim response such as 103 (Early Hints) before the response.
---@param status integer 102 to 199
---@param headers table|nil
---@return boolean ok
function class_http_ServerResponse:writeInformational(status, headers) end

--- Asks the client to send the body it waits with ("100 Continue"). Done by itself when
--- the handler returns without a response.
function class_http_ServerResponse:writeContinue() end

--- Sends a piece of the body; it is chunked unless Content-Length was set.
---@param chunk string|number
---@param callback nil|fun(err: Error|nil) when it is handed over
---@return boolean more false: wait for `drain` before writing on
function class_http_ServerResponse:write(chunk, callback) end

--- Holds what is written until `uncork`.
function class_http_ServerResponse:cork() end

--- Sends what was held, in one piece.
function class_http_ServerResponse:uncork() end

--- Writes in a coroutine, and waits until there is room for more.
---@param data string|number
---@return boolean|nil ok
---@return Error|nil err
function class_http_ServerResponse:writeAll(data) end

--- Ends the response, after a last piece of the body if one is given.
---@param chunk string|number|nil
---@param callback nil|fun() as for `finish`
---@return http.ServerResponse self
function class_http_ServerResponse:finish(chunk, callback) end

--- Fields to send behind a chunked body, with `finish`.
---@param trailers table by name, or a list of {name, value} pairs
function class_http_ServerResponse:addTrailers(trailers) end

--- Accepts the protocol that the request offers, with status 101 (to CONNECT: 200), and
--- gives the connection away. Waits in a coroutine if there is no callback.
---@param headers table such as { Upgrade = 'echo' }
---@param callback nil|fun(err: Error|nil, socket: net.Socket, head: string) head: bytes that came already
---@return net.Socket|nil socket
---@return string|Error head
function class_http_ServerResponse:upgrade(headers, callback) end

--- Breaks the connection off.
function class_http_ServerResponse:destroy() end

http.ServerResponse = class_http_ServerResponse

-- of http/server_socket.lua, ServerSocket
--- What a handler may know of, and do to, the connection it serves. After an upgrade it
--- is the connection's net.Socket that is used.
--- event close(): the connection is over
---@class http.ServerSocket: Emitter
---@field destroyed boolean
---@field encrypted boolean whether it is TLS
local class_http_ServerSocket = {}

--- The client's address.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if there is none
---@return Error|nil err
function class_http_ServerSocket:address() end

--- The client's address.
---@return table|nil address as of `address`
---@return Error|nil err
function class_http_ServerSocket:getpeername() end

--- The address the client has connected to.
---@return table|nil address as of `address`
---@return Error|nil err
function class_http_ServerSocket:getsockname() end

--- "TLSv1.3", or nil when the connection is not encrypted.
---@return string|nil
function class_http_ServerSocket:version() end

--- Breaks the connection off.
---@return http.ServerSocket self
function class_http_ServerSocket:destroy() end

--- Small writes are sent at once in any case.
---@return boolean true
function class_http_ServerSocket:nodelay() end

--- Idle connections are ended by the server's keepAliveTimeout.
---@return boolean true
function class_http_ServerSocket:keepalive() end

--- Time-outs are the server's (see createServer).
---@return http.ServerSocket self
function class_http_ServerSocket:setTimeout() end

--- The agent of `fetch`, and of requests with `agent = true`.
---@type Agent
http.globalAgent = nil

--- Begins a request; it is sent with `done`. Redirects are not followed.
---
--- Options: url, or protocol, host (hostname), port, path; method, headers (by name, or a
--- list of {name, value}), auth ("user:password"), agent (an Agent; true: globalAgent;
--- none: a connection for this request only), socketPath (a unix socket), proxy (a URL;
--- true: by the environment), localAddress, family; timeout (as setTimeout),
--- connectTimeout (30000 ms), headersTimeout and bodyTimeout (300000 ms without a byte),
--- continueTimeout (1000 ms); maxHeaderSize (16 KiB), maxHeaders (128), maxBody; for https
--- those of tls.connect.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil added as a listener of `response`
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function http.request(opts, onResponse, third) end

--- The same for requests without a body: it is sent at once.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function http.get(opts, onResponse, third) end

--- What requests call themselves in the header User-Agent.
---@return string
function http.getDefaultUserAgent() end

--- See http/fetch.lua.
function http.fetch(...) end

--- Serves HTTP on a connection that came another way: a net.Socket, a TLSSocket, any
--- Duplex. It is the server's from then on.
---@param socket net.Socket
---@param handler fun(req: http.IncomingMessage, res: http.ServerResponse)
function http.handleConnection(socket, handler) end

--- Makes a server.
---@param options table|nil see http.Server
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse) runs in a coroutine, so it may wait
---@return http.Server
---@overload fun(handler: fun(req: http.IncomingMessage, res: http.ServerResponse)): http.Server
function http.createServer(options, handler) end

return http
