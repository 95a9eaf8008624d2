--- The class of servers; net.lua is the module for programs.

local uv = require('uv')
local core = require('core')
local task = require('task')
local addresses = require('net/address')
local listenOptions = require('net/listen_options')
local errors = require('net/errors')
local Socket = require('net/socket')
local soon = require('internal/turn').soon

local BACKLOG = 511

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
local Server = core.Emitter:extend()
Server.listening = false

--- See createServer.
---@param options table|nil
---@param listener nil|fun(socket: net.Socket)
function Server:initialize(options, listener)
  self._connections, self._count = {}, 0
  if options or listener then
    self:init(options, listener)
  end
end

-- The traceback of an error is that of where it was raised.
local function explain(err)
  if type(err) ~= 'table' then
    return debug.traceback(tostring(err), 2)
  elseif rawget(err, 'traceback') == nil then
    err.traceback = debug.traceback(tostring(err), 2)
  end
  return err
end

-- A listener that has returned and has ended its side leaves what the client still
-- sends to nobody; unread, it would keep the connection open for ever.
local function discard(socket)
  local readable, writable = socket._readableState, socket._writableState
  if not writable or not writable.ending or socket.destroyed
    or readable and readable.flowing ~= nil or socket._waiting and socket._waiting.reader then
    return
  end
  socket:resume()
end

-- Runs a listener. A connection that fails in its hands ends the listener, not the
-- program: anybody could make it fail.
local function serve(self, listener, socket)
  local ok, err = xpcall(listener, explain, socket)
  if ok then
    return discard(socket)
  elseif socket.destroyed and type(err) == 'table'
    and (err == socket._failure or err.code == 'ECONNABORTED') then
    self:emit('connectionError', err, socket)
    return
  end
  error(err, 0)
end

--- Takes the options and the listener of createServer.
---@param options table|nil
---@param listener nil|fun(socket: net.Socket)
function Server:init(options, listener)
  if type(options) == 'function' then
    options, listener = nil, options
  end
  self._options = options or {}
  self.maxConnections = self._options.maxConnections
  if self._options.highWaterMark then
    self._streamOptions = { highWaterMark = self._options.highWaterMark }
  end
  if listener then
    self._listener = listener
    self._wrapped = function(socket)
      return task.run(serve, self, listener, socket)
    end
    self:on('connection', self._wrapped)
  end
end

function Server:removeListener(name, callback)
  if name == 'connection' and callback == self._listener then
    callback = self._wrapped
  end
  return core.Emitter.removeListener(self, name, callback)
end

--------------------------------------------------------------------------------
-- Connections

-- Makes the socket of an accepted handle; to be overridden by servers with a class of
-- sockets of their own.
function Server:_socket(handle)
  local options = self._options or {}
  local socket = Socket:create()
  if options.allowHalfOpen then
    socket.allowHalfOpen = true
  end
  if self._streamOptions then
    socket._readableOptions, socket._writableOptions = self._streamOptions, self._streamOptions
  end
  if options.noDelay == false then
    socket._noDelay = false
  end
  if options.keepAlive then
    socket._keepAliveDelay = options.keepAliveDelay or 60
  end
  socket:_attach(handle, options.pauseOnConnect)
  return socket
end

local function refuse(self, handle)
  local peer
  if self.handlers and self.handlers.drop then
    peer = handle.getpeername and handle:getpeername()
    if type(peer) == 'table' then
      peer.address = peer.ip
    else
      peer = { path = peer }
    end
  end
  handle:close()
  if peer then
    self:emit('drop', peer)
  end
end

local function accept(self, err)
  if err then
    return self:emit('error', errors.make('accept', err, self._host, self._port))
  end
  local handle = self._path and uv.new_pipe(false) or uv.new_tcp()
  local ok, why = self._handle:accept(handle)
  if not ok then
    handle:close()
    return self:emit('error', errors.make('accept', why, self._host, self._port))
  end
  local max = self.maxConnections
  if max and self._count >= max then
    return refuse(self, handle)
  end
  local socket = self:_socket(handle)
  if socket.destroyed then
    return
  end
  self._connections[socket], self._count = true, self._count + 1
  socket._server = self
  if self.handlers then
    self:emit('connection', socket)
  end
end

local function maybeClosed(self)
  if self._closing and not self._handle and self._count == 0 then
    self._closing = false
    self:emit('close')
  end
end

-- A connection has closed; called by its socket.
function Server:_gone(socket)
  if self._connections[socket] then
    self._connections[socket], self._count = nil, self._count - 1
    if self._closing then
      soon(maybeClosed, self) -- after the socket's own `close`
    end
  end
end

--- How many connections there are.
---@param callback nil|fun(err: nil, count: integer)
---@return integer count
function Server:getConnections(callback)
  if callback then
    soon(callback, nil, self._count)
  end
  return self._count
end

--------------------------------------------------------------------------------
-- Listening

local function fail(self, err)
  local handle = self._handle
  self._handle, self.listening, self._pending = nil, false, nil
  if handle and not handle:is_closing() then
    handle:close()
  end
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

local function listenOn(self, options, callback)
  local handle = self._handle
  local ok, why = handle:listen(options.backlog or BACKLOG, function(err)
    if self._handle == handle then
      accept(self, err)
    end
  end)
  if not ok then
    soon(fail, self, errors.make('listen', why, self._host, self._port))
    return
  end
  self.listening = true
  soon(onListening, self, callback)
end

local function bindAddress(self, address, options, callback)
  local handle = uv.new_tcp()
  self._handle, self._path = handle, nil
  local ok, why = handle:bind(address, self._port, { ipv6only = options.ipv6Only or options.ipv6only or false })
  if not ok then
    soon(fail, self, errors.make('listen', why, address, self._port))
    return
  end
  listenOn(self, options, callback)
end

local function bindPath(self, path, options, callback)
  local handle = uv.new_pipe(false)
  self._handle, self._path, self._host, self._port = handle, path, path, nil
  local ok, why
  if #path > 107 then -- uv would cut it
    why = 'ENAMETOOLONG'
  else
    ok, why = handle:bind(path)
    -- uv says EACCES when the folder is missing
    if not ok and errors.code(why) == 'EACCES' and not uv.fs_stat(path:match('^(.*)/') or '.') then
      why = 'ENOENT'
    end
  end
  if not ok then
    soon(fail, self, errors.make('listen', why, path))
    return
  end
  if options.mode then
    uv.fs_chmod(path, options.mode)
  end
  listenOn(self, options, callback)
end

local function bindDescriptor(self, options, callback)
  local pipe = uv.guess_handle(options.fd) == 'pipe'
  local handle = pipe and uv.new_pipe(false) or uv.new_tcp()
  self._handle, self._path = handle, pipe and 'fd' or nil
  local ok, why = handle:open(options.fd)
  if not ok then
    soon(fail, self, errors.make('listen', why, 'fd ' .. options.fd))
    return
  end
  listenOn(self, options, callback)
end

local function bindHost(self, host, options, callback)
  if addresses.family(host) then
    return bindAddress(self, host, options, callback)
  end
  local pending = {}
  self._pending = pending
  local request, why = uv.getaddrinfo(host, nil, { socktype = 'stream' }, function(err, list)
    if self._pending ~= pending then
      return -- closed meanwhile
    end
    self._pending = nil
    if err or not list[1] then
      return fail(self, errors.make('listen', err or 'EAI_NODATA', host, self._port))
    end
    bindAddress(self, list[1].addr, options, callback)
  end)
  if not request then
    soon(fail, self, errors.make('listen', why, host, self._port))
  end
end

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
function Server:listen(port, host, callback, more)
  local options
  options, callback = listenOptions.of(port, host, callback, more)
  if self._handle or self._pending then
    soon(function()
      self:emit('error', errors.make('listen', 'EALREADY', nil, nil, 'the server listens already'))
    end)
    return self
  end
  self._closing = false
  if options.path then
    bindPath(self, options.path, options, callback)
  elseif options.fd then
    bindDescriptor(self, options, callback)
  else
    self._port, self._host = listenOptions.place(options)
    bindHost(self, self._host, options, callback)
  end
  return self
end

--- Where the server listens.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if it does not listen
---@return Error|nil err
function Server:address()
  if not self._handle then
    return nil, errors.make('getsockname', 'ENOTCONN', nil, nil, 'the server does not listen')
  end
  local found, why = self._handle:getsockname()
  if not found then
    return nil, errors.make('getsockname', why)
  elseif type(found) == 'string' then
    return { path = found }
  end
  found.address = found.ip
  return found
end

--------------------------------------------------------------------------------
-- Closing

--- Accepts no more connections; those there are stay. When the last is gone, `close` is
--- emitted.
---@param callback nil|fun(err: Error|nil) at `close`; with an error (code "ENOTCONN") if it does not listen
---@return net.Server self
function Server:close(callback)
  local handle = self._handle
  if not handle and not self._pending and not self._closing then
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
  self._closing, self.listening, self._pending = true, false, nil
  if not handle then
    soon(maybeClosed, self)
    return self
  end
  handle:close(function()
    if self._handle == handle then
      self._handle = nil
    end
    maybeClosed(self)
  end)
  return self
end

--- Closes the server and all its connections.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(err: Error|nil) as for `close`
---@return net.Server self
function Server:destroy(err, callback)
  if type(err) == 'function' and callback == nil then
    err, callback = nil, err
  end
  self:close(callback)
  for socket in pairs(self._connections) do
    socket:destroy()
  end
  if err ~= nil then
    soon(function()
      self:emit('error', err)
    end)
  end
  return self
end

--- The loop waits for this server again; undoes `unref`.
---@return net.Server self
function Server:ref()
  if self._handle then
    uv.ref(self._handle)
  end
  return self
end

--- The loop does not wait for this server any more.
---@return net.Server self
function Server:unref()
  if self._handle then
    uv.unref(self._handle)
  end
  return self
end

return Server
