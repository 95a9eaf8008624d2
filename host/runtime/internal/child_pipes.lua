--- The parent's ends of a child's pipes, as streams. Not for programs under this name.
---
--- They are pipes, not the socket pairs uv would make: a shell can open /dev/stderr only
--- when it is no socket.

local uv = require('uv')
local core = require('core')
local stream = require('stream')
local soon = require('internal/turn').soon

local fromUv = core.Error.fromUv

local pipes = {}

-- What the child left in a pipe that nobody has read yet is kept up to this size.
local MAX_LEFT = 1024 * 1024

local function finish(self, err)
  self.handleClosed = true
  if err ~= nil then
    self:emit('error', err)
  end
  self:_maybeClose(err ~= nil or self.destroyed)
end

local function closeHandle(self, err)
  local handle = self._handle
  self._handle = nil
  if handle then
    handle:close(function()
      finish(self, err)
    end)
  elseif err ~= nil then
    soon(function()
      self:emit('error', err)
    end)
  end
end

local function destroy(self, err)
  if not self.destroyed then
    self.destroyed = true
    if self.handleClosed then
      soon(finish, self, err)
    else
      closeHandle(self, err)
    end
  end
  return self
end

local function emitClose(self)
  if not self.closed then
    self.closed = true
    self:emit('close')
  end
end

--------------------------------------------------------------------------------

--- What a child writes: its stdout or stderr.
--- event close(): the pipe is closed, and everything was read.
---@class ChildOutput: Readable
---@field destroyed boolean|nil
local Output = stream.Readable:extend()
pipes.Output = Output

function Output:initialize(handle, name)
  self._handle, self._name = handle, name
  self:on('end', function()
    self:_maybeClose()
  end)
end

-- Whether somebody reads, or is going to.
local function hasReader(self)
  local state = self:state()
  return state.flowing or self:listenerCount('data') > 0 or self:listenerCount('readable') > 0
    or (self._waiting and self._waiting.reader)
end

function Output:_maybeClose(at_once)
  if not self.handleClosed then
    return
  elseif at_once or self:state().endEmitted then
    emitClose(self)
  end
  if self.onSettled and (self.closed or not hasReader(self)) then
    local onSettled = self.onSettled
    self.onSettled = nil
    onSettled(self)
  end
end

local function stop(self)
  if self._reading then
    self._reading = false
    self._handle:read_stop()
  end
end

local function start(self)
  if self._reading or not self._handle then
    return
  end
  self._reading = true
  self._handle:read_start(function(err, chunk)
    if self.destroyed then
      return
    elseif err then
      return destroy(self, fromUv(err, 'read', self._name))
    elseif not chunk then
      stop(self)
      closeHandle(self)
      self:push(nil)
      self:read(0) -- lets `end` follow also when nobody listens
      return
    end
    local more = self:push(chunk)
    if not more and self._handle and not (self._left and self:state().length < MAX_LEFT) then
      stop(self)
    end
  end)
end

function Output:_read()
  start(self)
end

-- The child is gone: takes what it left, so that the pipe can be closed.
function Output:takeRest()
  self._left = true
  start(self)
end

--- Stops reading and closes the pipe; `error` with the error, if one is given, and
--- `close` follow.
---@param err Error|nil
---@return ChildOutput self
function Output:destroy(err)
  stop(self)
  return destroy(self, err)
end

Output.close = Output.destroy

--------------------------------------------------------------------------------

--- What a child reads: its stdin. To end it, call `_end` (or `shutdown`).
--- event error(err Error): code "EPIPE" when the child does not read any more; `close` follows.
--- event close(): the pipe is closed.
---@class ChildInput: Writable
---@field destroyed boolean|nil
local Input = stream.Writable:extend()
pipes.Input = Input

function Input:initialize(handle, name)
  self._handle, self._name = handle, name
end

function Input:_maybeClose()
  if self.handleClosed then
    emitClose(self)
    local onSettled = self.onSettled
    self.onSettled = nil
    if onSettled then
      onSettled(self)
    end
  end
end

local function gone(self)
  return fromUv('EPIPE: the pipe is closed', 'write', self._name)
end

--- As of every `Writable`; after `destroy` it only calls back with an error.
---@param chunk any
---@param callback fun(err: Error|nil)|nil
---@return boolean more
function Input:write(chunk, callback)
  if self.destroyed then
    if callback then
      soon(callback, gone(self))
    end
    return false
  end
  return stream.Writable.write(self, chunk, callback)
end

local function send(self, data, done)
  if not self._handle then
    return done(gone(self))
  end
  self._pending = done
  self._handle:write(data, function(err)
    self._pending = nil
    if not err then
      return done()
    elseif not self.destroyed then
      self.destroyed = true
      closeHandle(self)
      return done(fromUv(err, 'write', self._name))
    end
  end)
end

function Input:_write(chunk, done)
  if chunk == '' then
    return done()
  end
  return send(self, chunk, done)
end

Input._writeMany = send

function Input:_final(done)
  local handle = self._handle
  self._handle = nil
  if not handle then
    return done()
  end
  handle:close(function()
    self.handleClosed = true
    done()
    self:_maybeClose()
  end)
end

--- The same as `_end`.
---@param callback fun()|nil
---@return ChildInput self
function Input:shutdown(callback)
  self:_end(callback)
  return self
end

--- Closes the pipe at once; what is not written yet is lost. `error` with the error, if
--- one is given, and `close` follow.
---@param err Error|nil
---@return ChildInput self
function Input:destroy(err)
  return destroy(self, err)
end

Input.close = Input.destroy

return pipes
