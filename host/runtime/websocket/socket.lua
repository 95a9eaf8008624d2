-- One WebSocket, of either side; websocket.lua is the module for programs.

local core = require('core')
local uv = require('uv')
local turn = require('internal/turn')
local native = require('native.web_socket')

local Error, assertResume = core.Error, core.assertResume
local soon = turn.soon

local CLOSE_TIMEOUT = 5000 -- ms
local HELD_MESSAGES, HELD_BYTES = 16, 65536

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
local WebSocket = core.Emitter:extend()
WebSocket.isOpen = false
WebSocket.over = false

function WebSocket:initialize(role, opts)
  self.role, self.options = role, opts
  self.codec = native.codec(role, opts.maxMessage)
  self.held, self.heldFirst, self.heldBytes = {}, 1, 0
  self.events = {}
end

--------------------------------------------------------------------------------
-- Its beginning

-- The handshake is over, and the socket ours. Internal to websocket.
function WebSocket:opened(socket, head, protocol, message)
  self.socket, self.protocol, self.isOpen = socket, protocol, true
  if self.role == 'client' then
    self.response = message
  else
    self.request = message
  end
  socket:on('error', function(err)
    self.failure = self.failure or err
  end)
  socket:on('data', function(chunk)
    self.active = uv.now()
    self:feed(chunk)
  end)
  socket:on('end', function()
    self:ended()
  end)
  socket:on('close', function()
    self:ended()
    self:finished()
  end)
  socket:on('drain', function()
    if self.choked then
      self.choked = false
      self:readOn()
    end
    if self:listenerCount('drain') > 0 then
      self:emit('drain')
    end
    self:wakeSender()
  end)
  self:startPings()
  self:flush()
  if head ~= '' then
    soon(self.feed, self, head)
  end
  socket:resume()
  if self.role == 'client' then
    self:emit('open')
  end
end

-- It does not come to be.
function WebSocket:failed(err)
  if self.over then return end
  self.over, self.failure = true, err
  self.closeCode, self.closeReason = 1006, tostring(err)
  self.codec:abort()
  self:wakeReceiver()
  self:wakeSender()
  if not self.gaveUp then
    self:emit('error', err)
  end
  self:emit('close', 1006, self.closeReason)
end

--------------------------------------------------------------------------------
-- The way in

function WebSocket:feed(chunk)
  if self.over then return end
  local events = self.events or {}
  self.events = nil -- a listener may turn the loop, and more may come meanwhile
  local count = self.codec:feed(chunk, events)
  self:flush(true)
  self:dispatch(events, count)
  self.events = events
end

function WebSocket:ended()
  if self.closeCode or not self.isOpen then return end
  local events = {}
  self:dispatch(events, self.codec:end_of_stream(events))
end

function WebSocket:dispatch(events, count)
  local i = 1
  while i <= count do
    local kind, first, second = events[i], events[i + 1], events[i + 2]
    if kind == 'message' then
      events[i + 1] = false
      self:gotMessage(first, second)
      i = i + 3
    elseif kind == 'close' then
      return self:gotClose(first, second)
    else
      if self:listenerCount(kind) > 0 then
        self:emit(kind, first)
      end
      i = i + 2
    end
  end
end

function WebSocket:gotMessage(data, isText)
  if self.handlers and self.handlers.message and self.heldFirst > #self.held then
    self:emit('message', data, isText)
    return
  end
  local held = self.held
  if self.closing and self.heldBytes >= HELD_BYTES and not self.receiver then
    return -- we are about to go, and nobody reads
  end
  held[#held + 1] = { data, isText }
  self.heldBytes = self.heldBytes + #data
  if self.receiver then
    self:wakeReceiver()
  elseif #held - self.heldFirst + 1 >= HELD_MESSAGES or self.heldBytes >= HELD_BYTES then
    self.full = true
    self.socket:pause()
  end
end

local function takeHeld(self)
  local held, first = self.held, self.heldFirst
  local entry = held[first]
  if not entry then
    return nil
  end
  held[first] = false
  self.heldBytes = self.heldBytes - #entry[1]
  if first == #held then
    self.held, self.heldFirst = {}, 1
  else
    self.heldFirst = first + 1
  end
  return entry
end

-- Reads on, if neither we nor the peer are behind.
function WebSocket:readOn()
  if not self.full and not self.choked and self.socket and not self.socket.destroyed then
    self.socket:resume()
  end
end

local function handOut(self)
  while self.handlers and self.handlers.message do
    local entry = takeHeld(self)
    if not entry then
      break
    end
    self:emit('message', entry[1], entry[2])
  end
  if self.full and self.heldFirst > #self.held then
    self.full = false
    self:readOn()
  end
end

--- Adds a listener; the first of `message` gets what came before.
---@param name string
---@param callback fun(...)
---@return WebSocket self
function WebSocket:on(name, callback)
  core.Emitter.on(self, name, callback)
  if name == 'message' and (self.full or self.heldFirst <= #self.held) then
    soon(handOut, self)
  end
  return self
end

--------------------------------------------------------------------------------
-- The way out

-- Sends what the codec has to say. `own`: nobody asked for it; then the peer is not
-- read from until it has taken it.
function WebSocket:flush(own, callback)
  local socket = self.socket
  if not socket then
    return true
  end
  local bytes = self.codec:output()
  if not bytes then
    if callback then soon(callback) end
    return true
  end
  local more = socket:write(bytes, callback)
  if own and not more and not socket.destroyed then
    self.choked = true
    socket:pause()
  end
  return more
end

local CODES = { invalid = 'EINVAL', closed = 'EPIPE', failed = 'EINVAL' }

local function sending(self, operation, callback, ok, why, code)
  if self.over or self.closeCode then
    ok, why, code = nil, 'the WebSocket is closed', 'closed'
  end
  if not ok then
    local err = Error:new(('%s: %s, %s'):format(CODES[code] or 'EINVAL', why, operation))
    if callback then soon(callback, err) end
    return nil, err
  end
  return self:flush(false, callback)
end

--- Sends a message.
---@param data string
---@param kind string|nil "text" (the default; must be UTF-8) or "binary"
---@param callback nil|fun(err: Error|nil) when it was handed to the system
---@return boolean|nil more false: wait for `drain` before the next; nil: it was not sent
---@return Error|nil err code "EPIPE" after the end, "EINVAL" for text that is none
function WebSocket:send(data, kind, callback)
  if type(kind) == 'function' then
    kind, callback = nil, kind
  end
  return sending(self, 'send', callback, self.codec:send(data, kind ~= 'binary'))
end

--- Sends a message in pieces. Text may be cut anywhere.
---@param data string
---@param last boolean whether the message ends here
---@param kind string|nil of the first piece: "text" or "binary"
---@return boolean|nil more as for send
---@return Error|nil err
function WebSocket:sendPart(data, last, kind)
  return sending(self, 'sendPart', nil, self.codec:send_fragment(data, kind ~= 'binary', last))
end

--- Sends a message, and waits in a coroutine until there is room for the next.
---@param data string
---@param kind string|nil "text" or "binary"
---@return boolean|nil ok
---@return Error|nil err
function WebSocket:sendAll(data, kind)
  local thread, main = coroutine.running()
  if not thread or main == true then
    error('sendAll waits: call it in a coroutine', 2)
  end
  local more, err = self:send(data, kind)
  if more == nil then
    return nil, err
  end
  if not more and not self.closeCode then
    self.senders = self.senders or {}
    table.insert(self.senders, thread)
    coroutine.yield()
  end
  return true
end

function WebSocket:wakeSender()
  local senders = self.senders
  self.senders = nil
  for _, thread in ipairs(senders or {}) do
    assertResume(thread)
  end
end

--- Sends a ping; the answer is the event `pong`.
---@param payload string|nil at most 125 bytes
---@return boolean|nil more as for send
---@return Error|nil err
function WebSocket:ping(payload)
  return sending(self, 'ping', nil, self.codec:ping(payload or ''))
end

--- Sends a pong that answers nothing. Pings are answered by themselves.
---@param payload string|nil at most 125 bytes
---@return boolean|nil more as for send
---@return Error|nil err
function WebSocket:pong(payload)
  return sending(self, 'pong', nil, self.codec:pong(payload or ''))
end

--------------------------------------------------------------------------------
-- Straight-line

function WebSocket:wakeReceiver()
  local thread = self.receiver
  if thread then
    self.receiver = nil
    assertResume(thread)
  end
end

--- Waits in a coroutine until the connection stands.
---@return WebSocket|nil self
---@return Error|nil err
function WebSocket:waitOpen()
  if self.isOpen then
    return self
  elseif self.over then
    return nil, self.failure
  end
  local ok, err = self:waitFor('open')
  return ok and self or nil, err
end

function WebSocket:waitFor(name)
  local opened = true
  local first, err = self:wait(name)
  if first == nil and err ~= nil then
    opened = false
  end
  return opened, err
end

--- Waits in a coroutine for the next message.
---@return string|nil data nil when the WebSocket was closed (see closeCode)
---@return boolean|Error|nil isText or why it broke off; nil after a closing handshake
function WebSocket:receive()
  local thread, main = coroutine.running()
  if not thread or main == true then
    error('receive waits: call it in a coroutine', 2)
  elseif self.receiver then
    error('receive: another coroutine is waiting for this WebSocket', 2)
  elseif not self.isOpen and not self.watchesError then
    self.watchesError = true
    self:on('error', function() end) -- receive tells
  end
  while true do
    local entry = takeHeld(self)
    if entry then
      if self.full and self.heldFirst > #self.held then
        self.full = false
        self:readOn()
      end
      return entry[1], entry[2]
    elseif self.closeCode then
      return nil, self.failure
    end
    self.receiver = thread
    coroutine.yield()
  end
end

--- Goes over the messages as they come, for a `for` loop in a coroutine; it ends when
--- the WebSocket is closed.
---@return fun(): string|nil, boolean|nil next
function WebSocket:messages()
  return function()
    local data, isText = self:receive()
    if data == nil then
      return nil
    end
    return data, isText
  end
end

--------------------------------------------------------------------------------
-- Its end

local FAILURES = { [1002] = 'EPROTO', [1007] = 'EPROTO', [1009] = 'EMSGSIZE' }

-- The peer's close, or what it was answered with, or the end of the connection.
function WebSocket:gotClose(code, reason)
  self.closeCode, self.closeReason = code, reason
  local socket = self.socket
  if code == 1006 and not self.terminated then
    self.failure = self.failure or Error:new('ECONNRESET: the connection ended without a closing handshake')
  elseif FAILURES[code] and reason ~= '' and not self.closing then
    self.failure = self.failure or Error:new(('%s: %s'):format(FAILURES[code], reason))
  end
  self:flush()
  if self.role == 'server' or code == 1006 then
    socket:_end()
  end
  self.full, self.choked = false, false
  socket:resume() -- what still comes is ignored; its end is of interest
  self:startPatience()
  self:wakeReceiver()
  self:wakeSender()
end

-- The connection is gone.
function WebSocket:finished()
  if self.over then return end
  self.over, self.isOpen = true, false
  self:stopTimers()
  self.closeCode, self.closeReason = self.closeCode or 1006, self.closeReason or ''
  self.codec:abort()
  self:wakeReceiver()
  self:wakeSender()
  if self.failure and self:listenerCount('error') > 0 then
    self:emit('error', self.failure)
  end
  self:emit('close', self.closeCode, self.closeReason)
end

function WebSocket:stopTimers()
  for _, name in ipairs { 'patience', 'pinger' } do
    if self[name] then
      self[name]:close()
      self[name] = nil
    end
  end
end

-- The peer has so long to do its part of the end.
function WebSocket:startPatience()
  if self.patience or self.over then return end
  self.patience = uv.new_timer()
  local limit = self.options.closeTimeout or CLOSE_TIMEOUT
  self.patience:start(limit, 0, function()
    if not self.closeCode then
      self.failure = self.failure or Error:new(('ETIMEDOUT: the peer has not closed within %d ms'):format(limit))
    end
    self.socket:destroy()
  end)
end

--- Begins the closing handshake. Messages of the peer still come until it has answered;
--- if it does not within closeTimeout, the connection is cut.
---@param code integer|nil 1000 to 1003, 1007 to 1014, 3000 to 4999; 1000 if left out
---@param reason string|nil at most 123 bytes
---@return boolean|nil ok nil: it was closed already, or the code is none
---@return Error|nil err
function WebSocket:close(code, reason)
  if not self.socket then
    if self.over then
      return nil, Error:new('EPIPE: the WebSocket is closed, close')
    end
    self.gaveUp = true
    local req = self.request
    self:failed(Error:new('ECANCELED: given up before the connection stood'))
    if req then
      req:removeAllListeners('error')
      req:destroy()
    end
    return true
  end
  local ok, err = sending(self, 'close', nil, self.codec:close(code or 1000, reason or ''))
  if ok == nil then
    return nil, err
  end
  self.closing = true
  self:startPatience()
  self.full = false -- its close frame is behind what was not read
  self:readOn()
  return true
end

--- Cuts the connection, without a closing handshake.
function WebSocket:terminate()
  self.terminated = true
  if self.socket then
    self.socket:destroy()
  else
    self:close()
  end
end

-- A peer that says nothing to two pings is gone.
function WebSocket:startPings()
  local interval = self.options.pingInterval or 0
  if interval <= 0 then return end
  self.active = uv.now()
  self.pinger = uv.new_timer()
  self.pinger:unref()
  self.pinger:start(interval, interval, function()
    if self.full or self.closing or self.closeCode then
      self.active = uv.now() -- we do not read it
    elseif uv.now() - self.active >= 2 * interval then
      self.failure = Error:new(('ETIMEDOUT: the peer has answered no ping for %d ms'):format(2 * interval))
      return self.socket:destroy()
    elseif not self.choked then
      self:ping()
    end
  end)
end

return WebSocket
