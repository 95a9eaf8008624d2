-- HTTP's server side. Connections, limits and time-outs are the native half's; here a
-- request becomes a call of the handler.

local uv = require('uv')
local core = require('core')
local task = require('task')
local listenOptions = require('net/listen_options')
local errors = require('net/errors')
local IncomingMessage = require('http/incoming')
local ServerResponse = require('http/server_response')
local soon = require('internal/turn').soon
local native = require('native.http_server')

local Error = core.Error
local run = task.run
local requestMeta, responseMeta = IncomingMessage.meta, ServerResponse.meta
local band = require('bit').band

local COMPLETE, UPGRADE = 1, 4

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
local Server = core.Emitter:extend()
Server.listening = false

--- See createServer.
---@param options table|nil
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse)
function Server:initialize(options, handler)
  self._options = options or {}
  self._handler = handler
end

--------------------------------------------------------------------------------
-- Requests

local function dispatch(server, req, res)
  local handlers = server.handlers
  if handlers and handlers.request then
    server:emit('request', req, res)
  end
  local handler = server._handler
  if handler then
    return handler(req, res)
  elseif not (handlers and handlers.request) then
    res.statusCode = 404
    res:finish()
  end
end

local function noTunnel(res)
  res.statusCode = 405
  res:setHeader('Connection', 'close')
  res:finish()
end

local callbacks = {}

function callbacks.request(server, connection, number, method, target, minor, raw, flags, body)
  local complete = band(flags, COMPLETE) ~= 0
  -- Few fields each, as what is usual is the class's. They are named with constants first,
  -- since bytecode keeps no room in a table for fields whose value is not known.
  local req = { method = false, url = false, res = false, _connection = false, _number = false,
    _raw = false, _flags = false, _body = false }
  req.method, req.url, req._raw, req._flags, req._body = method, target, raw, flags, body
  req._connection, req._number = connection, number
  setmetatable(req, requestMeta)
  if minor == 0 then
    req.httpVersion = '1.0'
  end
  if not complete then
    req.complete = false
  end
  if complete and band(flags, UPGRADE) ~= 0 and server.handlers then
    local event = method == 'CONNECT' and 'connect' or 'upgrade'
    if server.handlers[event] and native.upgrade(connection, number) then
      req._server, req._event = server, event
      return req
    end
  end
  local res = { statusCode = 200, headersSent = false, finished = false, req = false,
    _connection = false, _number = false, _fields = false, _begun = false }
  res.req, res._connection, res._number = req, connection, number
  setmetatable(res, responseMeta)
  req.res = res
  local handler = server._handler
  if method == 'CONNECT' then
    -- A handler of requests would answer 200, which promises a tunnel.
    run(noTunnel, res)
  elseif handler and not server.handlers then
    run(handler, req, res)
  else
    run(dispatch, server, req, res)
  end
  if not res.finished or not req.complete or req._upgraded then
    return req
  end
end

function callbacks.body(req, chunk)
  req:_received(chunk)
end

function callbacks.body_end(req, trailers)
  req:_receivedEnd(trailers)
end

function callbacks.drain(req)
  req.res:_drain()
end

function callbacks.closed(req, message, code)
  if req.res and not req.res.finished then
    req:_closed(message, code)
    req.res:_closed(message)
  elseif not req.complete then
    req:_closed(message, code)
  end
end

function callbacks.socket_closed(socket)
  socket:_closed()
end

function callbacks.upgrade(req, handle, rest)
  local socket
  if type(handle) == 'table' then -- a Transport
    socket, rest = handle.socket, rest .. table.concat(handle.held)
    handle.connection = nil
    handle.letGo()
    socket:pause()
  else
    socket = require('net/socket'):new({ handle = handle, pauseOnCreate = true })
  end
  req.is_upgraded = true
  req.socket = socket
  local callback = req._upgraded
  if callback then
    req._upgraded = nil
    callback(nil, socket, rest)
  else
    run(req._server.emit, req._server, req._event, req, socket, rest)
  end
end

--------------------------------------------------------------------------------
-- Listening

local function fail(self, err)
  self.listening = false
  self:emit('error', err)
end

local function onListening(self, callback)
  if not self.listening then
    return
  end
  if callback then
    callback()
  end
  if self.handlers and self.handlers.listening then
    self:emit('listening')
  end
end

-- The native server; made when it is needed, as it keeps this object alive until closed.
local function nativeOf(self)
  local server = self._native
  if not server then
    server = native.new_server(self._options, self)
    self._native = server
  end
  return server
end

local function listenOn(self, options, callback)
  local server = nativeOf(self)
  local ok, message, code = server:listen(options)
  if not ok then
    self._native = nil
    server:release()
    local err = Error:new(('listen %s %s: %s'):format(code, errors.where(options.path or options.host,
      not options.path and options.port or nil), errors.sentence(code)), code)
    err.syscall, err.address, err.port = 'listen', options.path or options.host, options.port
    if code == 'EINVAL' then
      err.message = 'listen EINVAL: ' .. message
    end
    soon(fail, self, err)
    return
  end
  self.listening = true
  soon(onListening, self, callback)
end

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
function Server:listen(port, host, callback, more)
  local given
  given, callback = listenOptions.of(port, host, callback, more)
  if self.listening or self._pending or self._closing then
    -- Not fail(): it goes on listening.
    soon(function()
      self:emit('error', Error:new('listen EALREADY: the server listens already', 'EALREADY'))
    end)
    return self
  end
  local options = { tls = self._tls, path = given.path, mode = given.mode, backlog = given.backlog,
    ipv6Only = given.ipv6Only, reusePort = given.reusePort }
  if given.path then
    listenOn(self, options, callback)
    return self
  end
  options.port, options.host = listenOptions.place(given)
  if options.host:find('^[%d.]+$') or options.host:find(':', 1, true) then
    listenOn(self, options, callback)
    return self
  end
  local pending = {}
  self._pending = pending
  uv.getaddrinfo(options.host, nil, { socktype = 'stream' }, function(err, list)
    if self._pending ~= pending then
      return
    end
    self._pending = nil
    if err or not list[1] then
      return fail(self, errors.make('listen', err or 'EAI_NODATA', options.host, number))
    end
    options.host = list[1].addr
    listenOn(self, options, callback)
  end)
  return self
end

--- Where the server listens.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if it does not listen
---@return Error|nil err
function Server:address()
  local found = self.listening and self._native:address()
  if not found then
    return nil, errors.make('getsockname', 'ENOTCONN', nil, nil, 'the server does not listen')
  elseif type(found) == 'string' then
    return { path = found }
  end
  found.address = found.ip
  return found
end

--- How many connections there are.
---@param callback nil|fun(err: nil, count: integer)
---@return integer count
function Server:getConnections(callback)
  local count = self._native and self._native:connections() or 0
  if callback then
    soon(callback, nil, count)
  end
  return count
end

local function closed(self, server)
  server:release()
  if self._native == server then
    self._native, self._closing = nil, false
  end
  if self.handlers and self.handlers.close then
    self:emit('close')
  end
end

--- Accepts no more connections, closes those that are idle, and answers the requests that
--- are there; when the last connection is gone, `close` is emitted.
---@param callback nil|fun(err: Error|nil) at `close`; with an error (code "ENOTCONN") if it does not listen
---@return http.Server self
function Server:close(callback)
  if not self.listening and not self._pending and not self._closing then
    if callback then
      soon(callback, errors.make('close', 'ENOTCONN', nil, nil, 'the server does not listen'))
    end
    return self
  end
  if callback then
    self:once('close', function()
      callback()
    end)
  end
  if self._closing then
    return self
  end
  self.listening, self._closing, self._pending = false, true, nil
  local server = nativeOf(self)
  server:close(function()
    closed(self, server)
  end)
  return self
end

--- Closes the server and breaks off all its connections.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(err: Error|nil) as for `close`
---@return http.Server self
function Server:destroy(err, callback)
  if type(err) == 'function' and callback == nil then
    err, callback = nil, err
  end
  if err ~= nil then
    soon(function()
      self:emit('error', err)
    end)
  end
  self:close(callback)
  if self._native then
    self._native:abort_all()
  end
  return self
end

--- Sets responseTimeout for servers that do not listen yet: the time a handler has to
--- begin its response.
---@param ms number 0: for ever
---@return http.Server self
function Server:setTimeout(ms)
  self._options.responseTimeout = ms
  return self
end

--------------------------------------------------------------------------------
-- Connections that came another way

local shared

local function ignored()
end

-- A socket that the native half reads from and writes to by what it is told here.
local Transport = {}
Transport.__index = Transport

function callbacks.transport(transport, what, data)
  return transport[what](transport, data)
end

function Transport:write(data)
  local size = #data
  self.socket:write(data, function()
    if self.connection then
      native.feed_written(self.connection, size)
    end
  end)
end

function Transport:pause()
  self.paused = true
end

function Transport:resume()
  self.paused = false
  soon(self.pump, self)
end

-- What the client still sends is dropped, and its end closes the socket.
local LINGER = 2000 -- ms

function Transport:finish()
  self.connection = nil
  self.letGo()
  local socket = self.socket
  socket:on('error', ignored)
  if socket.destroy then
    local timer = require('timer')
    local patience = timer.setTimeout(LINGER, socket.destroy, socket)
    socket:once('close', function()
      timer.clearTimeout(patience)
    end)
  end
  if socket._end then
    socket:_end()
  else
    socket:shutdown()
  end
  socket:resume()
end

function Transport:drop()
  self.connection = nil
  if not self.socket.destroyed then
    self.socket:destroy()
  end
end

-- Hands on what has come, unless that is not wanted now.
function Transport:pump()
  while not self.paused and self.connection and self.held[1] do
    native.feed(self.connection, table.remove(self.held, 1))
  end
  if self.paused then
    self.socket:pause()
  elseif self.connection and self.ended and not self.held[1] then
    native.feed_end(self.connection)
  elseif self.socket:isPaused() then
    self.socket:resume()
  end
end

--- Serves HTTP on a connection that came another way: a net.Socket, a TLSSocket, any
--- Duplex. It is the server's from then on.
---@param socket net.Socket
---@param handler fun(req: http.IncomingMessage, res: http.ServerResponse)
local function handleConnection(socket, handler)
  shared = shared or native.new_server({}, {})
  -- Stands for the server, too: the native half gives it to `request`.
  local transport = setmetatable({ socket = socket, _handler = handler, held = {}, paused = false },
    Transport)
  transport.connection = shared:adopt(transport)
  local function onData(chunk)
    transport.held[#transport.held + 1] = chunk
    transport:pump()
  end
  local function onEnd()
    transport.ended = true
    transport:pump()
  end
  local function onClose()
    local connection = transport.connection
    transport.connection = nil
    if connection then
      native.feed_end(connection, 'the connection was closed')
    end
  end
  function transport.letGo()
    socket:removeListener('data', onData)
    socket:removeListener('end', onEnd)
    socket:removeListener('close', onClose)
    socket:removeListener('error', ignored)
  end
  if socket.allowHalfOpen ~= nil then
    socket.allowHalfOpen = true
  end
  socket:on('data', onData)
  socket:on('end', onEnd)
  socket:on('close', onClose)
  socket:on('error', ignored) -- `close` follows
end

native.set_callbacks(callbacks)

--- Makes a server.
---@param options table|nil see http.Server
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse) runs in a coroutine, so it may wait
---@return http.Server
---@overload fun(handler: fun(req: http.IncomingMessage, res: http.ServerResponse)): http.Server
local function createServer(options, handler)
  if type(options) == 'function' then
    options, handler = nil, options
  end
  return Server:new(options, handler)
end

return {
  Server = Server,
  IncomingMessage = IncomingMessage,
  ServerResponse = ServerResponse,
  createServer = createServer,
  handleConnection = handleConnection,
}
