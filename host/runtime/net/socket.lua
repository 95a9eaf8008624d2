-- net.Socket, whole: what socket_stream.lua has, and connecting, and the properties of
-- the handle.

local uv = require('uv')
local timer = require('timer')
local addresses = require('net/address')
local errors = require('net/errors')
local race = require('net/race')
local Socket = require('net/socket_stream')
local soon = require('internal/turn').soon

--------------------------------------------------------------------------------
-- Connecting

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
