--- The class of sockets; net.lua is the module for programs.

local uv = require('uv')
local core = require('core')
local stream = require('stream')
local timer = require('timer')
local addresses = require('net/address')
local errors = require('net/errors')
local race = require('net/race')
local soon = require('internal/turn').soon

local Duplex = stream.Duplex

-- Up to this size a write is tried at once, without a request; what is left of it is
-- copied, so it is not worth it for much.
local TRY_WRITE_MAX = 64 * 1024

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
local Socket = Duplex:extend()
Socket.allowHalfOpen = false
Socket.destroyed = false
Socket._noDelay = true

--- Options: handle (a connected luv stream, or an object with its methods), fd (a
--- connected descriptor instead), allowHalfOpen, highWaterMark, noDelay (true), pauseOnCreate.
---@param options table|integer|nil a number is a fd
function Socket:initialize(options)
  if type(options) == 'number' then
    options = { fd = options }
  elseif not options then
    return
  end
  if options.allowHalfOpen ~= nil then
    self.allowHalfOpen = options.allowHalfOpen and true or false
  end
  if options.noDelay == false then
    self._noDelay = false
  end
  if options.highWaterMark then
    self._readableOptions = { highWaterMark = options.highWaterMark }
    self._writableOptions = self._readableOptions
  end
  local handle = options.handle
  if options.fd then
    handle = uv.guess_handle(options.fd) == 'pipe' and uv.new_pipe(false) or uv.new_tcp()
    assert(handle:open(options.fd))
  end
  if handle then
    self:_attach(handle, options.pauseOnCreate)
  end
end

--------------------------------------------------------------------------------
-- Reading

local function maybeClose(self)
  local readable, writable = self._readableState, self._writableState
  if readable and readable.endEmitted and writable and writable.finished then
    self:destroy()
  end
end

local function arrived(self, err, data)
  if self.destroyed then
    return
  elseif err then
    return self:destroy(errors.make('read', err, self._host, self._port))
  elseif data then
    if self._timeout then
      timer.active(self)
    end
    -- A listener may have paused it and even resumed it meanwhile.
    if not self:push(data) and self._reading and self._readableState.length > 0 then
      self._reading = false
      self._handle:read_stop()
    end
    return
  end
  self._reading = false
  self._handle:read_stop()
  self:once('end', function()
    if not self.allowHalfOpen then
      self:_end()
    end
    maybeClose(self)
  end)
  if self.handlers._socketEnd then
    self:emit('_socketEnd')
  end
  self:push(nil)
  self:read(0) -- lets `end` follow also when nobody listens
end

local function startReading(self)
  local handle = self._handle
  if self._reading or self.destroyed or self._connecting or not handle then
    return
  end
  local state = self._readableState
  if state and state.ended then
    return
  end
  self._reading = true
  local onRead = self._onRead
  if not onRead then
    onRead = function(err, data)
      return arrived(self, err, data)
    end
    self._onRead = onRead
  end
  local ok, why = handle:read_start(onRead)
  if ok == nil then
    self._reading = false
    self:destroy(errors.make('read', why, self._host, self._port))
  end
end

-- Reading stops at the handle; the state forgets the read that is under way.
local function stopReading(self)
  if self._reading then
    self._reading = false
    self._handle:read_stop()
  end
  local state = self._readableState
  if state then
    state.reading = false
  end
end

function Socket:_read()
  return startReading(self)
end

--- Stops `data`, and reading from the system at once: the peer gets to feel it.
---@return net.Socket self
function Socket:pause()
  Duplex.pause(self)
  stopReading(self)
  return self
end

--- Lets `data` flow again.
---@return net.Socket self
function Socket:resume()
  Duplex.resume(self)
  startReading(self)
  return self
end

--------------------------------------------------------------------------------
-- Writing

local function writeFailed(self, err, done)
  if self.destroyed then
    return -- the callbacks hear of it when the handle is closed
  end
  err = errors.make('write', err, self._host, self._port)
  self:destroy()
  self._hadError, self._failure = true, err
  done(err)
end

-- The handle's callback, one for all writes: there is one at a time.
local function onWritten(self)
  local function callback(err)
    if err then
      return writeFailed(self, err, self._writableState.done)
    elseif not self.destroyed then
      if self._timeout then
        timer.active(self)
      end
      self._writableState.done()
    end
  end
  self._onWritten = callback
  return callback
end

local function notConnected(done)
  done(core.Error:new('write EPIPE: the socket is not connected', 'EPIPE'))
end

local function closedError(self, operation)
  return errors.make(operation, 'ECANCELED', self._host, self._port, 'the socket was closed')
end

function Socket:write(chunk, callback)
  if self.destroyed then
    if callback then
      soon(callback, closedError(self, 'write'))
    end
    return false
  end
  return Duplex.write(self, chunk, callback)
end

function Socket:_write(chunk, done)
  if self._connecting then
    self._held, self._heldDone = chunk, done
    return
  end
  local handle = self._handle
  if self.destroyed then
    return -- while it was corked; closed() calls back
  elseif not handle then
    return soon(notConnected, done)
  end
  if self._timeout then
    timer.active(self)
  end
  if #chunk <= TRY_WRITE_MAX then
    local try = handle.try_write
    local count = try and try(handle, chunk)
    if count == #chunk then
      return done()
    elseif count and count > 0 then
      chunk = chunk:sub(count + 1)
    end
  end
  local ok, why = handle:write(chunk, self._onWritten or onWritten(self))
  if ok == nil then
    soon(function()
      writeFailed(self, why, done)
    end)
  end
end

function Socket:_writeMany(chunks, done)
  local size = 0
  for i = 1, #chunks do
    size = size + #chunks[i]
  end
  if size <= TRY_WRITE_MAX or self._connecting or self.destroyed or not self._handle then
    return self:_write(table.concat(chunks), done)
  end
  local ok, why = self._handle:write(chunks, self._onWritten or onWritten(self))
  if ok == nil then
    soon(function()
      writeFailed(self, why, done)
    end)
  end
end

function Socket:writeAll(data)
  if self.destroyed then
    return nil, closedError(self, 'write')
  end
  return Duplex.writeAll(self, data)
end

local function finished(self, callback)
  if self.destroyed then
    return
  end
  callback()
  if self._writableState.finished then
    maybeClose(self)
  else -- callbacks of writes come first
    self:once('finish', function()
      maybeClose(self)
    end)
  end
end

function Socket:_final(callback)
  if self._connecting then
    self._heldFinal = callback
    return
  end
  local handle = self._handle
  if not handle or self.destroyed then
    return soon(finished, self, callback)
  end
  local ok, why = handle:shutdown(function(err)
    if err and err ~= 'ENOTCONN' and not self.destroyed then
      return self:destroy(errors.make('shutdown', err, self._host, self._port))
    end
    finished(self, callback)
  end)
  if ok == nil then
    if tostring(why):find('^ENOTCONN') then
      return soon(finished, self, callback)
    end
    self:destroy(errors.make('shutdown', why, self._host, self._port))
  end
end

--- Ends this side when everything is written: the same as `_end`.
---@param callback nil|fun() when it is done, as for `finish`
---@return net.Socket self
function Socket:shutdown(callback)
  self:_end(callback)
  return self
end

--------------------------------------------------------------------------------
-- Closing

-- Calls back for the writes that never came to pass, soon. Whether there are any.
local function dropWrites(self)
  local state = self._writableState
  if not state then
    return false
  end
  local dropped = {}
  if type(state.callback) == 'table' then
    for i = 1, state.callback.n do
      dropped[#dropped + 1] = state.callback[i]
    end
  else
    dropped[1] = state.callback
  end
  for i = state.first, state.last do
    dropped[#dropped + 1] = state.callbacks and state.callbacks[i] or nil
    state[i] = nil
  end
  state.callback, state.callbacks, state.first, state.last = nil, false, 1, 0
  for _, callback in ipairs(dropped) do
    soon(callback, closedError(self, 'write'))
  end
  return dropped[1] ~= nil
end

-- What straight-line methods find instead of their state on a closed socket.
local CLOSED = { reader = false, writer = false, closed = true }

local function emitClose(self)
  if self._closeEmitted then
    return
  end
  self._closeEmitted = true
  self._waiting = self._waiting or CLOSED
  if self.handlers then
    self:emit('close', self._hadError or false)
  end
end

local function report(self)
  local err = self._error
  if err ~= nil then
    self._error = nil
    soon(emitClose, self) -- also when nobody listens for the error
    return self:emit('error', err)
  end
  emitClose(self)
end

local function closed(self)
  local server, dropped = self._server, dropWrites(self)
  if dropped then
    soon(report, self) -- after them
  end
  if server then
    self._server = nil
    server:_gone(self)
  end
  if not dropped then
    report(self)
  end
end

--- Closes the connection at once; what is not written yet is dropped, and the callbacks
--- of such writes get "ECANCELED". Closing twice does nothing more.
---@param err any|nil emitted as `error` before `close`
---@param callback nil|fun(hadError: boolean) as a listener for `close`
---@return net.Socket self
function Socket:destroy(err, callback)
  if type(err) == 'function' and callback == nil then
    err, callback = nil, err
  end
  if callback then
    if self._closeEmitted then
      soon(callback, self._hadError or false)
    else
      self:once('close', callback)
    end
  end
  if self.destroyed then
    return self
  end
  self.destroyed, self._reading, self._connecting = true, false, false
  self._held, self._heldDone, self._heldFinal = nil, nil, nil
  if err ~= nil then
    self._error, self._failure, self._hadError = err, err, true
  end
  if self._timeout then
    self._timeout = nil
    timer.unenroll(self)
  end
  if self._race then
    self._race:cancel()
    self._race = nil
  end
  local handle = self._handle
  if handle and not (handle.is_closing and handle:is_closing()) then
    local closing = true
    handle:close(function()
      if closing then -- not a luv handle
        soon(closed, self)
      else
        closed(self)
      end
    end)
    closing = false
  else
    soon(closed, self)
  end
  return self
end

--------------------------------------------------------------------------------
-- Connecting

-- Takes a connected handle over and begins to read.
function Socket:_attach(handle, paused)
  self._handle = handle
  if self._noDelay and handle.nodelay then
    handle:nodelay(true)
  end
  if self._keepAliveDelay and handle.keepalive then
    handle:keepalive(true, self._keepAliveDelay)
  end
  if not paused then
    startReading(self)
  end
end

local function connected(self, handle)
  self._connecting, self._race = false, nil
  local paused = self:isPaused()
  self:_attach(handle, paused)
  if self.destroyed then
    return
  end
  if self._timeout then
    timer.active(self)
  end
  local chunk, done, final = self._held, self._heldDone, self._heldFinal
  self._held, self._heldDone, self._heldFinal = nil, nil, nil
  if self.handlers then
    self:emit('connect')
  end
  if self.destroyed then
    return
  end
  if chunk then
    self:_write(chunk, done)
  end
  if final then
    self:_final(final)
  end
end

local function connectFailed(self, err)
  self._race = nil
  if not self.destroyed then
    self:destroy(err)
  end
end

local function connectPath(self, path)
  local handle = uv.new_pipe(false)
  self._handle, self._host = handle, path
  -- uv would cut a path that is too long
  if #path > 107 then
    return soon(connectFailed, self, errors.make('connect', 'ENAMETOOLONG', path))
  end
  local ok, why = handle:connect(path, function(err)
    if self.destroyed then
      return
    elseif err then
      return connectFailed(self, errors.make('connect', err, path))
    end
    connected(self, handle)
  end)
  if ok == nil then
    soon(connectFailed, self, errors.make('connect', why, path))
  end
end

local function begin(self, list, options)
  local started
  local running = race.begin(self._host, self._port, list, options, function(err, handle)
    if self.destroyed then
      return handle and handle:close()
    elseif not started and err then -- before begin has returned
      return soon(connectFailed, self, err)
    elseif err then
      return connectFailed(self, err)
    end
    connected(self, handle)
  end)
  started = true
  self._race = running
end

local function connectHost(self, options)
  local host = options.host
  local family = addresses.family(host)
  if family then
    return begin(self, { { addr = host, family = family } }, options)
  end
  local wanted = options.family
  wanted = (wanted == 4 or wanted == 'inet') and 'inet' or (wanted == 6 or wanted == 'inet6') and 'inet6' or nil
  local request, why = uv.getaddrinfo(host, nil, { socktype = 'stream', family = wanted }, function(err, list)
    if self.destroyed then
      return
    elseif err or not list[1] then
      return connectFailed(self, errors.make('connect', err or 'EAI_NODATA', host, self._port))
    end
    begin(self, list, options)
  end)
  if not request then
    soon(connectFailed, self, errors.make('connect', why, host, self._port))
  end
end

local function checkPort(port)
  local number = tonumber(port)
  if not number or number < 0 or number > 65535 or number % 1 ~= 0 then
    error('a port is a number up to 65535, not ' .. tostring(port), 3)
  end
  return number
end

-- The arguments of connect as one table of options.
local function connectOptions(port, host, callback)
  if type(port) == 'table' then
    return port, type(host) == 'function' and host or callback
  end
  if type(host) == 'function' then
    host, callback = nil, host
  end
  if type(port) == 'string' and not tonumber(port) then
    return { path = port }, callback
  end
  return { port = port, host = host }, callback
end

--- Connects. All addresses of a name are tried, IPv6 and IPv4 in turn, the next one when
--- one has not answered for 250 ms; the error names each. Data written before is sent
--- when the connection is there.
---
--- Options: port, host ("127.0.0.1"), path (a unix socket instead), family (4 or 6),
--- localAddress, localPort, timeout (see setTimeout), noDelay (true), keepAlive, keepAliveDelay (s).
---@param port integer|string|table a port, the path of a unix socket, or options
---@param host string|nil
---@param callback nil|fun() as a listener for `connect`
---@return net.Socket self
function Socket:connect(port, host, callback)
  local options
  options, callback = connectOptions(port, host, callback)
  if self._handle or self._connecting then
    error('connect: the socket is connected already', 2)
  end
  if not options.path then
    checkPort(options.port)
  end
  if callback then
    self:once('connect', callback)
  end
  if self.destroyed then
    soon(function()
      self:emit('error', errors.make('connect', 'EBADF', nil, nil, 'the socket is closed'))
    end)
    return self
  end
  if options.noDelay == false then
    self._noDelay = false
  end
  if options.keepAlive then
    self._keepAliveDelay = options.keepAliveDelay or 60
  end
  if options.timeout then
    self:setTimeout(options.timeout)
  end
  self._connecting = true
  if options.path then
    connectPath(self, options.path)
    return self
  end
  self._port = tonumber(options.port)
  self._host = options.host or '127.0.0.1'
  local from = self._bound or options
  connectHost(self, { host = self._host, family = options.family,
    localAddress = from.localAddress, localPort = from.localPort })
  return self
end

--- The address to connect from; before `connect`.
---@param address string
---@param port integer|nil 0 or left out: any
---@return net.Socket self
function Socket:bind(address, port)
  if not addresses.family(address) then
    error('bind needs an address, not ' .. tostring(address), 2)
  end
  self._bound = { localAddress = address, localPort = port and checkPort(port) }
  return self
end

--- Accepts connections at the bound address, each a `connection` event with its socket.
--- createServer does more; this is for programs that have it from Luvit.
---@param backlog integer|nil
---@return net.Socket self
function Socket:listen(backlog)
  local bound = self._bound or {}
  local address, port = bound.localAddress or '0.0.0.0', bound.localPort or 0
  local handle = uv.new_tcp()
  self._handle = handle
  local ok, why = handle:bind(address, port)
  if ok then
    ok, why = handle:listen(backlog or 128, function(err)
      local client = uv.new_tcp()
      if not err and handle:accept(client) then
        return self:emit('connection', Socket:new({ handle = client }))
      end
      client:close()
    end)
  end
  if not ok then
    self:destroy(errors.make('listen', why, address, port))
  end
  return self
end

--------------------------------------------------------------------------------
-- The handle's properties

-- Calls a method of the handle: its result, or nil and the error.
local function ask(self, operation, method, ...)
  local handle = self._handle
  if not handle or self.destroyed then
    return nil, errors.make(operation, 'ENOTCONN', nil, nil, 'the socket is not connected')
  elseif not handle[method] then
    return nil, errors.make(operation, 'ENOTSUP')
  end
  local result, why = handle[method](handle, ...)
  if result == nil then
    return nil, errors.make(operation, why)
  end
  return result
end

local function name(self, method)
  local found, err = ask(self, method, method)
  if type(found) == 'table' then
    found.address = found.ip
  elseif found then
    found = { path = found }
  end
  return found, err
end

--- The peer's address, as `address`. Luvit's name for it.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if there is none
---@return Error|nil err
function Socket:address()
  return name(self, 'getpeername')
end

--- The peer's address.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if there is none
---@return Error|nil err
function Socket:getpeername()
  return name(self, 'getpeername')
end

--- This side's address.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if there is none
---@return Error|nil err
function Socket:getsockname()
  return name(self, 'getsockname')
end

--- Emits `timeout` when nothing arrived or left for that long, each time anew. Closing
--- the connection is left to the listener.
---@param ms number 0: never
---@param callback nil|fun() as a listener for the next `timeout`
---@return net.Socket self
function Socket:setTimeout(ms, callback)
  if self.destroyed or not ms or ms <= 0 then
    self._timeout = nil
    timer.unenroll(self)
    if callback then
      self:removeListener('timeout', callback)
    end
    return self
  end
  if callback then
    self:once('timeout', callback)
  end
  self._timeout = ms
  timer.enroll(self, ms)
  timer.active(self)
  return self
end

--- Whether small writes are sent at once (TCP_NODELAY), which they are from the start.
---@param on boolean|nil true if left out
---@return boolean|nil ok nil and the error if it cannot be set
---@return Error|nil err
function Socket:nodelay(on)
  self._noDelay = on ~= false
  if self._connecting then
    return true
  end
  local ok, err = ask(self, 'nodelay', 'nodelay', on ~= false)
  return ok and true, err
end

--- Whether the system asks an idle peer for a sign of life.
---@param on boolean|nil true if left out
---@param delay integer|nil seconds of silence before, 60 if left out
---@return boolean|nil ok nil and the error if it cannot be set
---@return Error|nil err
function Socket:keepalive(on, delay)
  self._keepAliveDelay = on ~= false and (delay or 60) or nil
  if self._connecting then
    return true
  end
  local ok, err = ask(self, 'keepalive', 'keepalive', on ~= false, delay or 60)
  return ok and true, err
end

--- The system's send buffer in bytes.
---@return integer|nil size
---@return Error|nil err
function Socket:getSendBufferSize()
  return ask(self, 'getSendBufferSize', 'send_buffer_size')
end

--- Sets the system's send buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function Socket:setSendBufferSize(size)
  local ok, err = ask(self, 'setSendBufferSize', 'send_buffer_size', size)
  return ok and true, err
end

--- The system's receive buffer in bytes.
---@return integer|nil size
---@return Error|nil err
function Socket:getRecvBufferSize()
  return ask(self, 'getRecvBufferSize', 'recv_buffer_size')
end

--- Sets the system's receive buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function Socket:setRecvBufferSize(size)
  local ok, err = ask(self, 'setRecvBufferSize', 'recv_buffer_size', size)
  return ok and true, err
end

--- The loop waits for this socket again; undoes `unref`.
---@return net.Socket self
function Socket:ref()
  if self._handle then
    uv.ref(self._handle)
  end
  return self
end

--- The loop does not wait for this socket any more.
---@return net.Socket self
function Socket:unref()
  if self._handle then
    uv.unref(self._handle)
  end
  return self
end

return Socket
