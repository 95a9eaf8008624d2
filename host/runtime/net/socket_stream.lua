--- The class of sockets: reading, writing, closing. net/socket.lua adds the rest; net.lua
--- is the module for programs.

local uv = require('uv')
local core = require('core')
local stream = require('stream')
local timer = require('timer')
local errors = require('net/errors')
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

return Socket
