--- Files as streams: the classes that fs exports. Not for programs under this name.

local uv = require('uv')
local stream = require('stream')
local turn = require('internal/turn')
local call = require('internal/fs_call')
local files = require('internal/fs_files')

local failure, soon = call.failure, turn.soon
local Readable, Writable = stream.Readable, stream.Writable

local CHUNK = 64 * 1024

local streams = {}

-- Both kinds of stream have: path, flags, mode; fd while it is open; opening and busy
-- while uv has the file; destroyed, closed. The file is closed once, when uv has come
-- back.

local function number(options, name, other)
  local value = options[name]
  if value == nil then value = options[other] end
  if value ~= nil and (type(value) ~= 'number' or value < 0) then
    error(('the option %s must be a number that is not negative, not %s'):format(name, tostring(value)), 4)
  end
  return value
end

local function setUp(self, path, options, flags)
  if options.fd == nil and type(path) ~= 'string' then
    error('the path of a file must be a string, not a ' .. type(path), 4)
  end
  self.path, self.fd = path, options.fd
  self.flags = options.flags or flags
  self.mode = call.mode(options.mode, 438)
  self.autoClose = options.autoClose ~= false
  self.position = number(options, 'start', 'offset')
  return { highWaterMark = number(options, 'highWaterMark', 'chunk_size') or CHUNK }
end

local function closed(self, err)
  self.closed = true
  if err then
    self:emit('error', err)
  end
  self:emit('close')
end

-- Closes the file as soon as uv is not at it, then reports err, if any, and 'close'.
local function shut(self, err)
  if self.opening or self.busy then
    self.closeWith = err or false
    return
  end
  local fd = self.fd
  self.fd = nil
  if not fd then
    soon(closed, self, err)
    return
  end
  uv.fs_close(fd, function(why)
    closed(self, err or (why and failure(why, 'close', self.path)) or nil)
  end)
end

-- uv has come back; whether the stream still wants to know.
local function back(self)
  self.busy, self.opening = false, false
  if self.closeWith == nil then
    return not self.destroyed
  end
  local err = self.closeWith or nil
  self.closeWith = nil
  shut(self, err)
  return false
end

local function open(self, opened)
  self.opening = true
  uv.fs_open(self.path, self.flags, self.mode, function(err, fd)
    self.fd = fd
    if not back(self) then
      return
    end
    if not err then
      self:emit('open', fd)
    end
    opened(err and failure(err, 'open', self.path) or nil)
  end)
end

local function destroy(self, err)
  if self.destroyed then
    return self
  end
  self.destroyed = true
  shut(self, err)
  return self
end

local function whenClosed(self, callback)
  if callback then
    if self.closed then
      soon(callback)
    else
      self:once('close', callback)
    end
  end
end

--------------------------------------------------------------------------------

--- A file as a stream to read. Options: `flags` ("r"), `mode`, `fd` (of an open file, in
--- place of the path), `start` and `end` (first and last byte, from 0) or `offset` and
--- `length`, `highWaterMark` or `chunk_size` (bytes read at once, 65536), `autoClose`
--- (true: the file is closed at the end and after an error).
--- event open(fd integer): the file is open.
--- event error(err Error): it could not be opened or read; `close` follows.
--- event close(): the file is closed.
---@class ReadStream: Readable
---@field path string|nil
---@field fd integer|nil while it is open
---@field bytesRead integer
---@field closed boolean|nil
local ReadStream = Readable:extend()
streams.ReadStream = ReadStream

---@param path string|nil
---@param options table|nil
function ReadStream:initialize(path, options)
  options = options or {}
  local settings = setUp(self, path, options, 'r')
  Readable.initialize(self, settings)
  self.chunkSize = settings.highWaterMark > 0 and settings.highWaterMark or CHUNK
  self.bytesRead = 0
  self.left = number(options, 'length') or math.huge
  local last = number(options, 'end')
  if last then
    self.left = math.max(0, last - (self.position or 0) + 1)
  end
  self:once('end', function()
    if self.autoClose then
      destroy(self)
    end
  end)
  if not self.fd then
    self:open()
  end
end

--- Opens the file; a new stream does that itself.
function ReadStream:open()
  if self.fd or self.opening then
    return
  end
  open(self, function(err)
    if err then
      return destroy(self, err)
    end
    if self.wanted then
      self.wanted = false
      self:_read(CHUNK)
    end
  end)
end

function ReadStream:_read()
  if self.destroyed or self.busy then
    return
  elseif not self.fd then
    self.wanted = true
    return
  end
  local size = math.min(self.chunkSize, self.left)
  if size == 0 then
    self:push(nil)
    return
  end
  self.busy = true
  uv.fs_read(self.fd, size, self.position or -1, function(err, chunk)
    if not back(self) then
      return
    elseif err then
      err = failure(err, 'read', self.path)
      if self.autoClose then
        destroy(self, err)
      else
        self:emit('error', err)
      end
    elseif chunk == '' then
      self:push(nil)
    else
      local n = #chunk
      self.left, self.bytesRead = self.left - n, self.bytesRead + n
      if self.position then
        self.position = self.position + n
      end
      self:push(chunk)
    end
  end)
end

--- Closes the file at once; `error` with the error, if one is given, and `close` follow.
---@param err Error|nil
---@return ReadStream self
function ReadStream:destroy(err)
  return destroy(self, err)
end

--- Closes the file at once.
---@param callback fun()|nil called when it is closed
function ReadStream:close(callback)
  whenClosed(self, callback)
  destroy(self)
end

--------------------------------------------------------------------------------

--- A file as a stream to write. Options: `flags` ("w"), `mode` ("666"), `fd` (of an open
--- file, in place of the path), `start` or `offset` (where to write, with the flags
--- "r+"), `highWaterMark`, `autoClose` (true). At `finish` everything is written and,
--- with autoClose, the file closed.
--- event open(fd integer): the file is open.
--- event error(err Error): it could not be opened or written; `close` follows.
--- event close(): the file is closed.
---@class WriteStream: Writable
---@field path string|nil
---@field fd integer|nil while it is open
---@field bytesWritten integer
---@field closed boolean|nil
local WriteStream = Writable:extend()
streams.WriteStream = WriteStream

---@param path string|nil
---@param options table|nil
function WriteStream:initialize(path, options)
  options = options or {}
  Writable.initialize(self, setUp(self, path, options, 'w'))
  self.bytesWritten = 0
  self:once('finish', function()
    if self.autoClose then
      destroy(self)
    end
  end)
  if not self.fd then
    self:open()
  end
end

-- Takes the error that a write or the end reported, or reports it.
local function openFailed(self, err)
  self.destroyed = true
  local waiting = self.waitingForOpen
  self.waitingForOpen = nil
  if waiting then
    waiting(err)
    shut(self)
  else
    shut(self, err)
  end
end

--- Opens the file; a new stream does that itself.
function WriteStream:open()
  if self.fd or self.opening then
    return
  end
  open(self, function(err)
    if err then
      return openFailed(self, err)
    end
    local waiting = self.waitingForOpen
    self.waitingForOpen = nil
    if waiting then
      waiting()
    end
  end)
end

local function gone(self)
  return failure('EBADF: the file is closed', 'write', self.path)
end

-- Writes a string or a list of them, size bytes in all.
local function write(self, data, size, callback)
  self.busy = true
  uv.fs_write(self.fd, data, self.position or -1, function(err, n)
    if not back(self) then
      return
    end
    if not err and n == 0 then
      err = 'EIO: nothing could be written'
    end
    if err then
      self.destroyed = self.autoClose
      callback(failure(err, 'write', self.path))
      if self.autoClose then
        shut(self)
      end
      return
    end
    self.bytesWritten = self.bytesWritten + n
    if self.position then
      self.position = self.position + n
    end
    if n == size then
      return callback()
    end
    local rest = files.text(data):sub(n + 1)
    return write(self, rest, #rest, callback)
  end)
end

local function writeWhenOpen(self, data, size, callback)
  if self.destroyed then
    callback(gone(self))
  elseif size == 0 then
    callback()
  elseif self.fd then
    write(self, data, size, callback)
  else
    self.waitingForOpen = function(err)
      if err then
        return callback(err)
      elseif self.fd then -- else a listener of 'open' has destroyed it, and that was told
        return write(self, data, size, callback)
      end
    end
  end
end

--- As of every `Writable`; to a stream that was destroyed it is an `error` event.
---@param chunk any
---@param callback fun(err: Error|nil)|nil
---@return boolean more
function WriteStream:write(chunk, callback)
  if not self.destroyed or self._writableState and self._writableState.ending then
    return Writable.write(self, chunk, callback)
  end
  local err = gone(self)
  soon(function()
    self:emit('error', err)
  end)
  if callback then
    soon(callback, err)
  end
  return false
end

function WriteStream:_write(data, callback)
  writeWhenOpen(self, data, #data, callback)
end

function WriteStream:_writeMany(chunks, callback)
  local size = 0
  for i = 1, #chunks do
    size = size + #chunks[i]
  end
  writeWhenOpen(self, chunks, size, callback)
end

-- Everything is written. The file is closed before 'finish', so that whoever hears of
-- that finds the file complete, and hears of it when closing failed.
function WriteStream:_final(callback)
  if self.opening then
    self.waitingForOpen = function(err)
      if err then
        return callback(err)
      end
      return self:_final(callback)
    end
    return
  end
  local fd = self.fd
  if not fd or not self.autoClose then
    return callback()
  end
  self.fd = nil
  uv.fs_close(fd, function(err)
    callback(err and failure(err, 'close', self.path) or nil)
    if err then
      destroy(self)
    end
  end)
end

-- Nothing that waits will be written: its callbacks hear of it.
local function forget(self, err)
  local state = self._writableState
  if not state then
    return
  end
  local told = { state.callback or nil }
  for i = state.first, state.last do
    told[#told + 1] = state.callbacks and state.callbacks[i] or nil
  end
  err = err or gone(self)
  soon(function()
    for i = 1, #told do
      if type(told[i]) == 'function' then
        told[i](err)
      end
    end
  end)
end

--- Closes the file at once; what is not written yet is lost. `error` with the error, if
--- one is given, and `close` follow.
---@param err Error|nil
---@return WriteStream self
function WriteStream:destroy(err)
  if not self.destroyed then
    forget(self, err)
    destroy(self, err)
  end
  return self
end

--- Ends the stream: writes what is held and closes the file.
---@param callback fun()|nil called when it is closed
function WriteStream:close(callback)
  whenClosed(self, callback)
  local state = self._writableState
  if state and state.finished then
    destroy(self)
    return
  end
  self.autoClose = true
  self:_end()
end

--------------------------------------------------------------------------------

--- As `WriteStream`, but opens, writes and closes in the calls themselves, which block.
---@class WriteStreamSync: WriteStream
local WriteStreamSync = WriteStream:extend()
streams.WriteStreamSync = WriteStreamSync

function WriteStreamSync:open()
  if self.fd then
    return
  end
  local fd, err = uv.fs_open(self.path, self.flags, self.mode)
  if not fd then
    self.destroyed = true
    soon(closed, self, failure(err, 'open', self.path))
    return
  end
  self.fd = fd
  soon(function()
    self:emit('open', fd)
  end)
end

function WriteStreamSync:_write(data, callback)
  if not self.fd then
    return callback(gone(self))
  end
  local n, err = files.writeAll(files.blocking, self.fd, data, self.position, self.path)
  if not n then
    return callback(err)
  end
  self.bytesWritten = self.bytesWritten + n
  if self.position then
    self.position = self.position + n
  end
  return callback()
end

function WriteStreamSync:_writeMany(chunks, callback)
  return self:_write(table.concat(chunks), callback)
end

function WriteStreamSync:_final(callback)
  local fd = self.fd
  if not fd or not self.autoClose then
    return callback()
  end
  self.fd = nil
  local ok, err = uv.fs_close(fd)
  return callback(not ok and failure(err, 'close', self.path) or nil)
end

return streams
