-- What fs makes of several calls. Each function is straight-line code over `io`,
-- which is waiting or blocking: io(operation, path for messages, arguments of uv...)
-- gives a result, or nil and an Error. Not for programs.

local uv = require('uv')
local core = require('core')
local call = require('internal/fs_call')

local files = {}

function files.waiting(operation, path, ...)
  return call.async(nil, operation, path, uv['fs_' .. operation], ...)
end

function files.blocking(operation, path, ...)
  return call.sync(operation, path, uv['fs_' .. operation](...))
end

local CHUNK, MAX_CHUNK = 64 * 1024, 1024 * 1024

-- Until the end: neither is a size known of what lies in /proc, nor is the size the
-- whole story of a file that grows.
local function readAll(io, fd, path)
  local stat, err = io('fstat', path, fd)
  if not stat then return nil, err end
  local size = math.min(math.max(stat.size + 1, CHUNK), MAX_CHUNK)
  local parts, chunk = {}, nil
  repeat
    chunk, err = io('read', path, fd, size, -1)
    if not chunk then return nil, err end
    parts[#parts + 1] = chunk
  until chunk == ''
  return table.concat(parts)
end

-- Runs use(fd) with a file that is closed afterwards, whatever happened.
local function withFile(io, path, flags, mode, use)
  local fd, err = io('open', path, path, flags, mode)
  if not fd then return nil, err end
  local result, useErr = use(fd)
  local closed, closeErr = io('close', path, fd)
  if result == nil then return nil, useErr end
  if not closed then return nil, closeErr end
  return result
end

function files.read(io, path, flags)
  return withFile(io, path, flags or 'r', 438, function(fd)
    return readAll(io, fd, path)
  end)
end

-- One text of what may be written: a string, a list of them, a buffer.
function files.text(data)
  local kind = type(data)
  if kind == 'string' then
    return data
  elseif kind == 'table' and getmetatable(data) == nil then
    return table.concat(data)
  elseif kind == 'number' or kind == 'table' or kind == 'userdata' then
    return tostring(data)
  end
  error('what is written must be a string, not a ' .. kind, 3)
end

-- All of it, however many calls that takes; the number of bytes.
function files.writeAll(io, fd, data, offset, path)
  local written, size = 0, #data
  offset = offset or -1
  while written < size do
    local rest = written == 0 and data or data:sub(written + 1)
    local n, err = io('write', path, fd, rest, offset < 0 and -1 or offset + written)
    if not n then
      return nil, err
    elseif n == 0 then
      return nil, core.Error.fromUv('EIO: nothing could be written', 'write', path)
    end
    written = written + n
  end
  return written
end

function files.write(io, path, data, flags, mode)
  return withFile(io, path, flags, mode, function(fd)
    local n, err = files.writeAll(io, fd, data, -1, path)
    return n and true, err
  end)
end

function files.truncate(io, path, length)
  return withFile(io, path, 'r+', 438, function(fd)
    return io('ftruncate', path, fd, length)
  end)
end

function files.exists(io, path)
  local stat, err = io('stat', path, path)
  if stat then return true end
  if err.code == 'ENOENT' or err.code == 'ENOTDIR' then return false end
  return nil, err
end

-- Makes the folders above first when they are missing.
function files.mkdirp(io, path, mode)
  local made, err = io('mkdir', path, path, mode)
  if made then return true end
  if err.code == 'ENOENT' then
    local above = path:match('^(.*[^/])/+[^/]+/*$')
    if not above then return nil, err end
    local ok, aboveErr = files.mkdirp(io, above, mode)
    if not ok then return nil, aboveErr end
    made, err = io('mkdir', path, path, mode)
    if made then return true end
  end
  local stat = io('stat', path, path)
  if stat and stat.type == 'directory' then return true end
  return nil, err
end

function files.sendfile(io, outFd, inFd, offset, length)
  local sent = 0
  while sent < length do
    local n, err = io('sendfile', nil, outFd, inFd, offset + sent, length - sent)
    if not n then return nil, err end
    if n == 0 then break end
    sent = sent + n
  end
  return sent
end

function files.scandir(io, path)
  local request, err = io('scandir', path, path)
  if not request then return nil, err end
  return function()
    return uv.fs_scandir_next(request)
  end
end

function files.readdir(io, path)
  local entries, err = files.scandir(io, path)
  if not entries then return nil, err end
  local names = {}
  for name in entries do
    names[#names + 1] = name
  end
  return names
end

return files
