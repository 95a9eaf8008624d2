-- Standard input, output and error as streams.
--
-- Writing is synchronous, whatever is behind it, so that nothing is lost when the
-- program ends. What io.write has buffered goes first.

local uv = require('uv')
local core = require('core')
local ffi = require('ffi')
local turn = require('internal/turn')
local Readable = require('stream').Readable
local Writable = require('stream').Writable

ffi.cdef [[
struct virgo_pollfd { int fd; short events; short revents; };
int virgo_poll(struct virgo_pollfd*, unsigned long, int) __asm__("poll");
]]
local POLLOUT = 4

-- Somebody made the descriptor non-blocking and its reader is slow.
local function waitForRoom(fd)
  local poll = ffi.new('struct virgo_pollfd[1]')
  poll[0].fd, poll[0].events = fd, POLLOUT
  ffi.C.virgo_poll(poll, 1, 1000)
end

local function writeSync(fd, data)
  io.stdout:flush()
  local at = 0
  while at < #data do
    local written, err, code = uv.fs_write(fd, at == 0 and data or data:sub(at + 1), -1)
    if written then
      at = at + written
    elseif code == 'EAGAIN' then
      waitForRoom(fd)
    elseif code ~= 'EINTR' then
      return core.Error.fromUv(err, 'write', fd == 2 and 'stderr' or 'stdout')
    end
  end
end

-- The handle of a terminal: opened when somebody asks for it.
local function withHandle(class, open)
  local members = class.meta.__index
  class.meta.__index = function(self, key)
    if key == 'handle' then
      local handle = open(self)
      rawset(self, 'handle', handle)
      return handle
    end
    return members[key]
  end
end

--------------------------------------------------------------------------------

--- Standard output or error. Ending it ends nothing.
--- event error(err Error): it cannot be written to. When the reader of a pipe has gone (code "EPIPE") and nobody
--- listens, the program ends with code 141, as by SIGPIPE.
---@class StandardOutput: Writable
---@field fd integer
---@field isTTY boolean
---@field handle uv_tty_t|nil of a terminal
local StandardOutput = Writable:extend()
StandardOutput._isStdio = true

withHandle(StandardOutput, function(self)
  if not self.isTTY then
    return nil
  end
  local handle = uv.new_tty(self.fd, false)
  return handle and turn.hide(handle)
end)

function StandardOutput:initialize(fd)
  self.fd = fd
  self.isTTY = uv.guess_handle(fd) == 'tty'
  if self.isTTY then
    function self.get_winsize()
      return self.handle:get_winsize()
    end
  end
end

function StandardOutput:_write(chunk, callback)
  local err = writeSync(self.fd, chunk)
  if err and err.code == 'EPIPE' and self:listenerCount('error') == 0 then
    err = nil
    if self.fd == 1 then
      require('process').globalProcess():exit(141)
    end
  end
  callback(err)
end

function StandardOutput:_end(chunk, callback)
  if type(chunk) == 'function' then
    chunk, callback = nil, chunk
  end
  if chunk ~= nil then
    self:write(chunk)
  end
  if callback then
    turn.soon(callback)
  end
end

--------------------------------------------------------------------------------

--- Standard input. It keeps the program alive only while it is being read.
---@class StandardInput: Readable
---@field fd integer
---@field isTTY boolean
---@field handle uv_stream_t|nil
local StandardInput = Readable:extend()

local function openInput(self)
  local handle
  if self.kind == 'tty' then
    handle = uv.new_tty(self.fd, true)
  elseif self.kind == 'pipe' then
    handle = uv.new_pipe(false)
    handle:open(self.fd)
  elseif self.kind == 'tcp' then
    handle = uv.new_tcp()
    handle:open(self.fd)
  end
  return handle and turn.hide(handle)
end

withHandle(StandardInput, openInput)

function StandardInput:initialize(fd)
  self.fd = fd
  self.kind = uv.guess_handle(fd)
  self.isTTY = self.kind == 'tty'
  self.running = false
  if self.isTTY then
    for _, name in ipairs { 'set_mode', 'read_start', 'read_stop' } do
      self[name] = function(_, ...)
        return self.handle[name](self.handle, ...)
      end
    end
  end
end

local function ended(self)
  local handle = self.kind ~= 'file' and rawget(self, 'handle')
  self.running = false
  if handle and not handle:is_closing() then
    handle:close()
  end
end

local function failed(self, err)
  ended(self)
  self:emit('error', core.Error.fromUv(err, 'read', 'stdin'))
end

local function readFile(self)
  uv.fs_read(self.fd, 65536, -1, function(err, chunk)
    self.running = false
    if err then
      return failed(self, err)
    end
    self:push(chunk ~= '' and chunk or nil)
  end)
end

function StandardInput:_read()
  if self.running then
    return
  end
  self.running = true
  local handle = self.handle
  if not handle then
    return readFile(self)
  end
  handle:read_start(function(err, chunk)
    if err then
      return failed(self, err)
    elseif chunk == nil then
      ended(self)
      self:push(nil)
    elseif not self:push(chunk) and self.running then
      self.running = false
      handle:read_stop()
    end
  end)
end

function StandardInput:pause()
  Readable.pause(self)
  local handle = self.running and rawget(self, 'handle')
  if handle and not handle:is_closing() then
    self.running = false
    self:state().reading = false
    handle:read_stop()
  end
  return self
end

return { Output = StandardOutput, Input = StandardInput }
