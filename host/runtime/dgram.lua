--- UDP sockets.

local uv = require('uv')
local core = require('core')
local timer = require('timer')
local errors = require('net/errors')
local addresses = require('net/address')
local soon = require('internal/turn').soon

local dgram = {}

--- A UDP socket. It keeps the loop alive while it receives: from `bind`, `recvStart`
--- or the first `send` of a socket that somebody listens to, until `recvStop` or `close`.
--- event message(data string, from table): a datagram; `from` has the fields ip (also called address), port, family and size
--- event listening(): bound
--- event connect(): connected to one peer
--- event error(err Error): the socket could not be bound or connected, a send without a callback failed, or the peer refused a datagram
--- event timeout(): nothing was sent or received for as long as `setTimeout` says
--- event close(): closed; the last event
---@class dgram.Socket: Emitter
local Socket = core.Emitter:extend()
dgram.Socket = Socket

local WILDCARD = { inet = '0.0.0.0', inet6 = '::' }
local LOOPBACK = { inet = '127.0.0.1', inet6 = '::1' }

--- See createSocket.
---@param type string "udp4" or "udp6"
---@param onMessage nil|fun(data: string, from: table)
function Socket:initialize(type, onMessage)
  if type == nil or type == 'udp' or type == 'udp4' then
    self.family = 'inet'
  elseif type == 'udp6' then
    self.family = 'inet6'
  else
    error('a socket type is "udp4" or "udp6", not ' .. tostring(type), 3)
  end
  self.type = self.family == 'inet' and 'udp4' or 'udp6'
  self._handle = uv.new_udp()
  if onMessage then
    self:on('message', onMessage)
  end
end

local function fail(self, err)
  if not self._closed then
    self:emit('error', err)
  end
end

-- The error of a call on a closed socket, which fail would drop.
local function emitError(self, err)
  self:emit('error', err)
end

local function closedError(operation)
  return errors.make(operation, 'EBADF', nil, nil, 'the socket is closed')
end

local function checkPort(port, zeroToo)
  local number = tonumber(port)
  if not number or number % 1 ~= 0 or number < (zeroToo and 0 or 1) or number > 65535 then
    error('a port is a number up to 65535, not ' .. tostring(port), 3)
  end
  return number
end

-- Calls done(err, address): at once for an address, after a look-up for a name.
local function resolve(self, host, operation, port, done)
  if addresses.family(host) == self.family then
    return done(nil, host)
  end
  local request, why = uv.getaddrinfo(host, nil, { family = self.family, socktype = 'dgram' },
    function(err, list)
      local first = list and list[1]
      if err or not first then
        return done(errors.make(operation, err or 'EAI_NODATA', host, port))
      end
      done(nil, first.addr)
    end)
  if not request then
    soon(done, errors.make(operation, why, host, port))
  end
end

-- Only a socket somebody listens to receives, so that one which only sends does not
-- keep the loop alive.
local function receiveIfListened(self)
  if self._bound and not self._receiving and not self._stopped and self.handlers
    and self:listenerCount('message') > 0 then
    self:recvStart()
  end
end

function Socket:on(name, callback)
  core.Emitter.on(self, name, callback)
  if name == 'message' then
    receiveIfListened(self)
  end
  return self
end

function Socket:once(name, callback)
  core.Emitter.once(self, name, callback)
  if name == 'message' then
    receiveIfListened(self)
  end
  return self
end
Socket.addListener = Socket.on

local function onListening(self, callback)
  if self._closed then
    return
  end
  if callback then
    callback()
  end
  if self.handlers and self.handlers.listening then
    self:emit('listening')
  end
end

local function bindTo(self, err, address, port, flags, callback)
  if self._closed then
    return
  elseif not err then
    local ok, why = self._handle:bind(address, port, flags)
    err = not ok and errors.make('bind', why, address, port)
  end
  if err then
    soon(fail, self, err)
    return
  end
  self._bound = true
  self:recvStart()
  soon(onListening, self, callback)
end

--- Binds the socket and begins to receive. An address is bound before `bind` returns, a
--- name after it was looked up; failure is an `error` event, later in any case.
---@param port integer|nil 0 or left out: any free one; see `address`
---@param host string|nil left out: all addresses
---@param options table|nil reuseaddr (several sockets may bind the port), ipv6only
---@param callback nil|fun() when it is bound
---@return dgram.Socket self
function Socket:bind(port, host, options, callback)
  if type(port) == 'table' then
    port, host, options, callback = port.port, port.host or port.address, port, host
  end
  if type(port) == 'function' then
    port, callback = nil, port
  elseif type(host) == 'function' then
    host, callback = nil, host
  elseif type(options) == 'function' then
    options, callback = nil, options
  end
  port = checkPort(port or 0, true)
  if self._closed then
    soon(emitError, self, closedError('bind'))
    return self
  end
  local flags
  if options then
    flags = {
      reuseaddr = (options.reuseaddr or options.reuseAddr) and true or false,
      ipv6only = (options.ipv6only or options.ipv6Only) and true or false,
    }
  end
  resolve(self, host or WILDCARD[self.family], 'bind', port, function(err, address)
    bindTo(self, err, address, port, flags, callback)
  end)
  return self
end

local function receive(self, err, data, from)
  if err then
    return fail(self, errors.make('recv', err, self._peer, self._peerPort))
  elseif not data or not from then
    return -- luv: nothing left to read
  end
  if self._timeout then
    timer.active(self)
  end
  from.address, from.size = from.ip, #data
  local handlers = self.handlers
  if handlers and handlers.message then
    self:emit('message', data, from)
  end
end

--- Begins to receive; `bind` does it already.
---@return boolean|nil ok nil and the error if it cannot
---@return Error|nil err
function Socket:recvStart()
  if self._receiving then
    return true
  elseif self._closed then
    return nil, closedError('recv')
  end
  local ok, why = self._handle:recv_start(function(err, data, from)
    receive(self, err, data, from)
  end)
  if not ok then
    return nil, errors.make('recv', why)
  end
  self._receiving, self._bound, self._stopped = true, true, nil
  return true
end

--- Stops receiving. Datagrams then wait in the system's buffer, as many as fit.
---@return boolean|nil ok nil and the error if the socket is closed
---@return Error|nil err
function Socket:recvStop()
  if self._closed then
    return nil, closedError('recv')
  end
  self._handle:recv_stop()
  self._receiving, self._stopped = nil, true
  return true
end

-- The result of a send goes to its callback; a failure nobody waits for is an event.
local function sent(self, err, callback)
  if callback then
    callback(err)
  elseif err then
    fail(self, err)
  end
end

local function sendFailed(self, err, callback)
  if callback then
    soon(callback, err)
  else
    soon(fail, self, err)
  end
end

local function sendTo(self, data, address, port, callback)
  local request, why = self._handle:send(data, address, port, function(err)
    if err then
      err = errors.make('send', err, address or self._peer, port or self._peerPort)
    end
    if not err and self._timeout and not self._closed then
      timer.active(self)
    end
    sent(self, err, callback)
  end)
  if not request then
    local err = errors.make('send', why, address or self._peer, port or self._peerPort)
    sendFailed(self, err, callback)
    return
  end
  self._bound = true -- by the system, if not before
  receiveIfListened(self)
end

--- Sends one datagram; `host` may be a name. A failure goes to the callback, or without
--- one is an `error` event. A connected socket takes neither port nor host.
---@param data string|string[]
---@param offset integer how many bytes at the start of `data` to leave out; may be left out together with length
---@param length integer how many bytes to send
---@param port integer
---@param host string|nil left out: this machine
---@param callback nil|fun(err: Error|nil)
---@return dgram.Socket self
---@overload fun(self: dgram.Socket, data: string, port: integer, host: string|nil, callback: nil|fun(err: Error|nil)): dgram.Socket
---@overload fun(self: dgram.Socket, data: string, callback: nil|fun(err: Error|nil)): dgram.Socket
function Socket:send(data, offset, length, port, host, callback)
  if type(data) == 'table' then
    data = table.concat(data)
  elseif type(data) ~= 'string' then
    error('a datagram is a string, not ' .. type(data), 2)
  end
  if type(length) == 'number' then
    if offset < 0 or length < 0 or offset + length > #data then
      error(('offset %d and length %d do not lie within %d bytes'):format(offset, length, #data), 2)
    end
    data = data:sub(offset + 1, offset + length)
  else
    port, host, callback = offset, length, port
  end
  if type(port) == 'function' then
    port, host, callback = nil, nil, port
  elseif type(host) == 'function' then
    host, callback = nil, host
  end
  if self._closed then
    soon(callback or emitError, callback and closedError('send') or self, closedError('send'))
    return self
  end
  if self._peer and not port then
    sendTo(self, data, nil, nil, callback)
    return self
  end
  port = checkPort(port)
  resolve(self, host or LOOPBACK[self.family], 'send', port, function(err, address)
    if not err and self._closed then
      err = closedError('send')
    end
    if err then
      return sent(self, err, callback)
    end
    sendTo(self, data, address, port, callback)
  end)
  return self
end

--- Connects the socket to one peer: it receives from there only, `send` needs no
--- address, and a peer that refuses is an `error` event.
---@param port integer
---@param host string|nil left out: this machine
---@param callback nil|fun() when it is connected, as for `connect`
---@return dgram.Socket self
function Socket:connect(port, host, callback)
  if type(host) == 'function' then
    host, callback = nil, host
  end
  port = checkPort(port)
  if self._closed then
    soon(emitError, self, closedError('connect'))
    return self
  end
  host = host or LOOPBACK[self.family]
  resolve(self, host, 'connect', port, function(err, address)
    if self._closed then
      return
    elseif not err then
      local ok, why = self._handle:connect(address, port)
      err = not ok and errors.make('connect', why, address, port)
    end
    if err then
      soon(fail, self, err)
      return
    end
    self._peer, self._peerPort, self._bound = address, port, true
    if not self._stopped then
      self:recvStart()
    end
    soon(function()
      if self._closed then
        return
      end
      if callback then
        callback()
      end
      self:emit('connect')
    end)
  end)
  return self
end

--- Takes the connection to the one peer back.
---@return boolean|nil ok nil and the error if there is none
---@return Error|nil err
function Socket:disconnect()
  if self._closed or not self._peer then
    return nil, errors.make('disconnect', 'ENOTCONN')
  end
  local ok, why = self._handle:connect(nil, nil)
  if not ok then
    return nil, errors.make('disconnect', why)
  end
  self._peer, self._peerPort = nil, nil
  return true
end

local function address(self, operation, name)
  if self._closed then
    return nil, closedError(operation)
  end
  local found, why = self._handle[name](self._handle)
  if not found then
    return nil, errors.make(operation, why)
  end
  found.address = found.ip
  return found
end

--- Where the socket is bound.
---@return table|nil address the fields ip (also called address), port and family; nil and the error if it is not bound
---@return Error|nil err
function Socket:address()
  return address(self, 'getsockname', 'getsockname')
end

--- Whom the socket is connected to.
---@return table|nil address as for `address`; nil and the error if it is not connected
---@return Error|nil err
function Socket:remoteAddress()
  return address(self, 'getpeername', 'getpeername')
end

--- Closes the socket; datagrams still to be sent are dropped, their callbacks get
--- "ECANCELED". Closing twice does nothing more.
---@param callback nil|fun() as a listener for `close`
---@return dgram.Socket self
function Socket:close(callback)
  if callback and not self._closeEmitted then
    self:once('close', callback)
  end
  if self._closed then
    return self
  end
  self._closed, self._receiving, self._timeout = true, nil, nil
  timer.unenroll(self)
  self._handle:close(function()
    self._closeEmitted = true
    self:emit('close')
  end)
  return self
end

--- Emits `timeout` when nothing was sent or received for that long, each time anew.
---@param ms number 0: never
---@param callback nil|fun() as a listener for the next `timeout`
---@return dgram.Socket self
function Socket:setTimeout(ms, callback)
  if callback then
    self:once('timeout', callback)
  end
  if self._closed or not ms or ms <= 0 then
    self._timeout = nil
    timer.unenroll(self)
    return self
  end
  self._timeout = ms
  timer.enroll(self, ms)
  timer.active(self)
  return self
end

-- Calls the handle's method: true, or nil and the error. What luv raises for, such as
-- an address that is none, is an error of the same kind.
local function set(self, operation, method, ...)
  if self._closed then
    return nil, closedError(operation)
  end
  local ok, result, why = pcall(self._handle[method], self._handle, ...)
  if not ok then
    return nil, errors.make(operation, 'EINVAL', nil, nil, (tostring(result):gsub('^bad argument #%d+ to .- %((.*)%)$', '%1')))
  elseif not result then
    return nil, errors.make(operation, why, (...) and tostring((...)))
  end
  return true
end

--- Allows sending to broadcast addresses.
---@param on boolean
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setBroadcast(on)
  return set(self, 'setBroadcast', 'set_broadcast', on and true or false)
end

--- Joins or leaves a multicast group.
---@param group string the group's address
---@param interface string|nil the address of the interface; left out: the system chooses
---@param operation string "join" or "leave"
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setMembership(group, interface, operation)
  if operation ~= 'join' and operation ~= 'leave' then
    error('setMembership: "join" or "leave", not ' .. tostring(operation), 2)
  end
  local name = operation == 'join' and 'addMembership' or 'dropMembership'
  -- luv wants an interface; the wildcard address means that the system chooses
  return set(self, name, 'set_membership', group, interface or WILDCARD[self.family], operation)
end

--- Joins a multicast group.
---@param group string
---@param interface string|nil
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:addMembership(group, interface)
  return self:setMembership(group, interface, 'join')
end

--- Leaves a multicast group.
---@param group string
---@param interface string|nil
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:dropMembership(group, interface)
  return self:setMembership(group, interface, 'leave')
end

--- How many routers a datagram may pass.
---@param ttl integer 1 to 255
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setTTL(ttl)
  return set(self, 'setTTL', 'set_ttl', ttl)
end

--- How many routers a multicast datagram may pass.
---@param ttl integer 1 to 255; 1 is the local network
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setMulticastTTL(ttl)
  return set(self, 'setMulticastTTL', 'set_multicast_ttl', ttl)
end

--- Whether multicast datagrams that this socket sends come back to this machine.
---@param on boolean
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setMulticastLoopback(on)
  return set(self, 'setMulticastLoopback', 'set_multicast_loop', on and true or false)
end
Socket.setMulticastLoop = Socket.setMulticastLoopback

--- The interface that multicast datagrams leave by.
---@param interface string its address
---@return boolean|nil ok nil and the error if the system refuses
---@return Error|nil err
function Socket:setMulticastInterface(interface)
  return set(self, 'setMulticastInterface', 'set_multicast_interface', interface)
end

-- The size of one of the system's two buffers, set if a size is given.
local function bufferSize(self, operation, method, size)
  if self._closed then
    return nil, closedError(operation)
  end
  local result, why = self._handle[method](self._handle, size)
  if not result then
    return nil, errors.make(operation, why)
  end
  return size and true or result
end

--- The system's send buffer in bytes.
---@return integer|nil size nil and the error if the socket has none yet
---@return Error|nil err
function Socket:getSendBufferSize()
  return bufferSize(self, 'getSendBufferSize', 'send_buffer_size')
end

--- Sets the system's send buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function Socket:setSendBufferSize(size)
  return bufferSize(self, 'setSendBufferSize', 'send_buffer_size', size)
end

--- The system's receive buffer in bytes.
---@return integer|nil size nil and the error if the socket has none yet
---@return Error|nil err
function Socket:getRecvBufferSize()
  return bufferSize(self, 'getRecvBufferSize', 'recv_buffer_size')
end

--- Sets the system's receive buffer.
---@param size integer bytes
---@return boolean|nil ok
---@return Error|nil err
function Socket:setRecvBufferSize(size)
  return bufferSize(self, 'setRecvBufferSize', 'recv_buffer_size', size)
end

--- The loop waits for this socket again; undoes `unref`.
---@return dgram.Socket self
function Socket:ref()
  self._handle:ref()
  return self
end

--- The loop does not wait for this socket any more.
---@return dgram.Socket self
function Socket:unref()
  self._handle:unref()
  return self
end

--- Makes a UDP socket.
---@param type string|nil "udp4" (also when left out) or "udp6"
---@param onMessage nil|fun(data: string, from: table) a listener for `message`
---@return dgram.Socket socket
function dgram.createSocket(type, onMessage)
  if _G.type(type) == 'table' then
    type = type.type
  end
  return Socket:new(type, onMessage)
end

return dgram
