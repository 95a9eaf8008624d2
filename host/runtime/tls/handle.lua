-- TLS as a handle: it has the methods of luv's streams that net.Socket uses, and
-- carries what is said through the codec (native.tls) to a handle below, a luv stream
-- or a StreamHandle.
--
--   below:read_start --> codec:feed() --> reader(nil, plaintext)
--   below:write     <-- codec:write() <-- write(plaintext)
--
-- Its owner is a TLSSocket; it is told by _secured() and _tlsFailed(err, code).

local native = require('native.tls')
local turn = require('internal/turn')

local soon = turn.soon

local Handle = {}
Handle.__index = Handle

function Handle.new(owner, below)
  return setmetatable({
    owner = owner, below = below,
    codec = nil,       -- from start() to close()
    secure = false,    -- the handshake is over
    reading = false,   -- from below
    reader = nil,      -- the callback of read_start
    held = nil,        -- plaintext that came while there was no reader
    ended = false,     -- the peer has said all
    endTold = false,
    queued = 0,        -- writes below that are not done
  }, Handle)
end

--------------------------------------------------------------------------------
-- Reading

-- Hands over what came while nobody read.
local function deliver(self)
  local held = self.held
  while held and held[1] and self.reader do
    self.reader(nil, table.remove(held, 1))
  end
  if held and not held[1] then
    self.held = nil
  end
  if self.ended and not self.held and self.reader and not self.endTold then
    self.endTold = true
    self.reader(nil, nil)
  end
end

local function endReached(self)
  self.ended = true
  deliver(self)
end

local function feed(self, bytes)
  local codec = self.codec
  local plain, out, message, code = codec:feed(bytes)
  if out then
    self:_send(out)
  end
  if plain then
    if self.reader and not self.held then
      self.reader(nil, plain)
    else
      self.held = self.held or {}
      self.held[#self.held + 1] = plain
    end
  end
  if not self.secure and self.codec and codec:handshakeDone() then
    self.secure = true
    self.owner:_secured()
  end
  if not self.codec then
    return -- closed meanwhile
  end
  if self.secure and not self.reader then
    self:_stopBelow() -- until somebody reads
  end
  if message then
    return self.owner:_tlsFailed(message, code)
  elseif codec:peerClosed() then
    return endReached(self)
  end
end

local function belowRead(self, err, bytes)
  if not self.codec then
    return
  elseif err then
    if self.reader then
      return self.reader(err)
    end
    return self.owner:_readFailed(err)
  elseif bytes then
    return feed(self, bytes)
  end
  -- The end, with or without TLS's own.
  self:_stopBelow()
  local fine, message, code = self.codec:ended()
  if not fine and not self.secure then
    return self.owner:_tlsFailed(message, code)
  end
  if not fine then
    self.owner.truncated = true
  end
  return endReached(self)
end

function Handle:_readBelow()
  if self.reading then
    return 0
  end
  self.reading = true
  local onRead = self.onRead
  if not onRead then
    onRead = function(err, bytes)
      return belowRead(self, err, bytes)
    end
    self.onRead = onRead
  end
  return self.below:read_start(onRead)
end

function Handle:_stopBelow()
  if self.reading then
    self.reading = false
    self.below:read_stop()
  end
end

-- Begins the handshake. Gives nil, message and code when the arguments are of no use.
function Handle:start(context, name, port)
  local codec, message, code = native.codec(context, name, port)
  if not codec then
    return nil, message, code
  end
  self.codec = codec
  self:_send(codec:take())
  return self:_readBelow()
end

function Handle:read_start(reader)
  self.reader = reader
  if self.held or self.ended then
    soon(deliver, self)
  end
  if self.ended then
    return 0
  end
  return self:_readBelow()
end

function Handle:read_stop()
  self.reader = nil
  if self.secure and not self.ended then
    self:_stopBelow()
  end
  return 0
end

--------------------------------------------------------------------------------
-- Writing

local function onSent(self)
  local function callback()
    self.queued = self.queued - 1
  end
  self.sent = callback
  return callback
end

-- Sends ciphertext; what the system does not take at once is queued below. An error
-- is one of reading as well, and told there.
function Handle:_send(bytes)
  if not bytes then
    return
  end
  local below = self.below
  local count = below.try_write and below:try_write(bytes)
  if count == #bytes then
    return
  elseif count and count > 0 then
    bytes = bytes:sub(count + 1)
  end
  self.queued = self.queued + 1
  if not below:write(bytes, self.sent or onSent(self)) then
    self.queued = self.queued - 1
  end
end

-- All or nothing: a record cannot go out in part. While something is queued, nothing,
-- so that the writer waits.
function Handle:try_write(chunk)
  if self.queued > 0 or not self.codec then
    return nil
  end
  local out, message = self.codec:write(chunk)
  if message then
    return nil
  end
  self:_send(out)
  return #chunk
end

function Handle:write(chunk, callback)
  if type(chunk) == 'table' then
    chunk = table.concat(chunk)
  end
  if not self.codec then
    return nil, 'EPIPE'
  end
  local out, message, code = self.codec:write(chunk)
  if message then
    self:_send(out)
    return nil, code
  elseif not out then
    soon(callback)
    return true
  end
  return self.below:write(out, callback)
end

-- TLS's goodbye, then the end of the stream below.
function Handle:shutdown(callback)
  if not self.codec then
    return nil, 'ENOTCONN'
  end
  self:_send(self.codec:close())
  self.owner:emit('shutdown')
  if not self.codec then
    return nil, 'ENOTCONN'
  end
  return self.below:shutdown(callback)
end

function Handle:close(callback)
  local codec = self.codec
  self.reader, self.held, self.codec = nil, nil, nil
  if codec then
    self.owner:_forget(codec)
    if not self.below:is_closing() then
      self:_send(codec:take()) -- the alert
    end
    codec:free()
  end
  if self.below:is_closing() then
    soon(callback)
  else
    self.below:close(callback)
  end
end

function Handle:is_closing()
  return self.below:is_closing()
end

--------------------------------------------------------------------------------
-- What the handle below is asked for.

for _, name in ipairs { 'nodelay', 'keepalive', 'getpeername', 'getsockname', 'send_buffer_size',
  'recv_buffer_size', 'ref', 'unref' } do
  Handle[name] = function(self, ...)
    local method = self.below[name]
    if not method then
      return nil, 'ENOTSUP'
    end
    return method(self.below, ...)
  end
end

--------------------------------------------------------------------------------

-- A stream as a handle, for TLS over whatever carries bytes both ways.
local StreamHandle = {}
StreamHandle.__index = StreamHandle

function StreamHandle.new(source)
  local self = setmetatable({ source = source, reader = nil, closed = false }, StreamHandle)
  -- Who listened so far would take ciphertext for data.
  source:removeAllListeners('data')
  source:on('data', function(chunk)
    if self.reader then
      self.reader(nil, chunk)
    else
      source:unshift(chunk)
    end
  end)
  source:on('end', function()
    self:_ended()
  end)
  source:on('error', function(err)
    if self.reader then
      self.reader(type(err) == 'table' and err.code or tostring(err))
    end
  end)
  source:on('close', function()
    self.closed = true
    self:_ended()
  end)
  return self
end

function StreamHandle:_ended()
  self.ended = true
  local reader = self.reader
  if reader and not self.endTold then
    self.endTold = true
    reader(nil, nil)
  end
end

function StreamHandle:read_start(reader)
  self.reader = reader
  if self.ended then
    soon(self._ended, self)
  else
    self.source:resume()
  end
  return 0
end

function StreamHandle:read_stop()
  self.reader = nil
  self.source:pause()
  return 0
end

function StreamHandle:write(bytes, callback)
  if self:is_closing() then
    return nil, 'EPIPE'
  end
  self.source:write(bytes, callback)
  return true
end

function StreamHandle:shutdown(callback)
  if self:is_closing() then
    return nil, 'ENOTCONN'
  end
  self.source:_end(callback)
  return true
end

function StreamHandle:close(callback)
  self.reader = nil
  local source = self.source
  if self.closed or not source.destroy then
    self.closed = true
    return soon(callback)
  end
  source:once('close', function()
    callback()
  end)
  source:destroy()
end

function StreamHandle:is_closing()
  return self.closed or self.source.destroyed or false
end

for name, method in pairs { nodelay = 'nodelay', keepalive = 'keepalive', getpeername = 'address',
  getsockname = 'getsockname', ref = 'ref', unref = 'unref' } do
  StreamHandle[name] = function(self, ...)
    local call = self.source[method]
    if not call then
      return nil, 'ENOTSUP'
    end
    local result, err = call(self.source, ...)
    return result, err and err.code
  end
end

return { Handle = Handle, StreamHandle = StreamHandle }
