-- Functions of fs: what is in files, by their descriptor and whole.

local uv = require('uv')
local call = require('internal/fs_call')
local files = require('internal/fs_files')

local async, sync, routine, coded = call.async, call.sync, call.routine, call.coded
local isCallback, fileMode = call.isCallback, call.mode
local waiting, blocking = files.waiting, files.blocking

local contents = {}

local DEFAULT_READ = 64 * 1024

local function readSize(size)
  if size == nil then
    return DEFAULT_READ
  elseif type(size) ~= 'number' or size < 0 or size ~= size then
    error('fs.read: the size must be a number of bytes, not ' .. tostring(size), 3)
  end
  return size
end

--- Reads up to `size` bytes of an open file. "" is its end.
---@param fd integer
---@param size integer|nil 65536
---@param offset integer|nil where to read; -1 or nil: where the last read ended
---@param callback fun(err: Error|nil, data: string)|nil
---@return string|nil data
---@return Error|nil err
function contents.read(fd, size, offset, callback)
  if isCallback(size) then
    size, callback = nil, size
  elseif isCallback(offset) then
    offset, callback = nil, offset
  end
  return async(callback, 'read', nil, uv.fs_read, fd, readSize(size), offset or -1)
end

---@see fs.read
---@param fd integer
---@param size integer|nil
---@param offset integer|nil
---@return string|nil data
---@return Error|nil err
function contents.readSync(fd, size, offset)
  return sync('read', nil, uv.fs_read(fd, readSize(size), offset or -1))
end

-- The offset may stand before or after the data, or be left out.
local function writeArguments(offset, data)
  if type(offset) ~= 'number' and offset ~= nil then
    offset, data = data, offset
  end
  return offset or -1, files.text(data)
end

--- Writes all of `data` to an open file, in as many steps as that takes.
---@param fd integer
---@param offset integer|nil where to write; -1 or nil: where the last write ended
---@param data string|string[]
---@param callback fun(err: Error|nil, bytes: integer)|nil
---@return integer|nil bytes
---@return Error|nil err
---@overload fun(fd: integer, data: string, callback: fun(err: Error|nil, bytes: integer))
function contents.write(fd, offset, data, callback)
  if isCallback(data) then
    data, callback = nil, data
  end
  offset, data = writeArguments(offset, data)
  return routine(callback, 'write', files.writeAll, waiting, fd, data, offset)
end

---@see fs.write
---@param fd integer
---@param offset integer|nil
---@param data string|string[]
---@return integer|nil bytes
---@return Error|nil err
function contents.writeSync(fd, offset, data)
  offset, data = writeArguments(offset, data)
  return coded(files.writeAll(blocking, fd, data, offset))
end

--- Copies `length` bytes from one open file to another inside the kernel.
---@param outFd integer
---@param inFd integer
---@param offset integer where to read
---@param length integer
---@param callback fun(err: Error|nil, bytes: integer)|nil
---@return integer|nil bytes less than `length` at the end of the file
---@return Error|nil err
function contents.sendfile(outFd, inFd, offset, length, callback)
  return routine(callback, 'sendfile', files.sendfile, waiting, outFd, inFd, offset, length)
end

---@see fs.sendfile
---@param outFd integer
---@param inFd integer
---@param offset integer
---@param length integer
---@return integer|nil bytes
---@return Error|nil err
function contents.sendfileSync(outFd, inFd, offset, length)
  return coded(files.sendfile(blocking, outFd, inFd, offset, length))
end

-- Options are a table, or flags.
local function readOptions(options)
  return type(options) == 'table' and options.flags or nil
end

local function writeOptions(options, flags)
  if type(options) ~= 'table' then
    return flags, 438
  end
  return options.flags or options.flag or flags, fileMode(options.mode, 438)
end

--- The whole content of a file, also of those in /proc, which have no size.
---@param path string
---@param options table|nil {flags}
---@param callback fun(err: Error|nil, data: string)|nil
---@return string|nil data
---@return Error|nil err
---@overload fun(path: string, callback: fun(err: Error|nil, data: string))
function contents.readFile(path, options, callback)
  if isCallback(options) then
    options, callback = nil, options
  end
  return routine(callback, 'readFile', files.read, waiting, path, readOptions(options))
end

---@see fs.readFile
---@param path string
---@param options table|nil
---@return string|nil data
---@return Error|nil err
function contents.readFileSync(path, options)
  return coded(files.read(blocking, path, readOptions(options)))
end

--- Makes or replaces a file with this content.
---@param path string
---@param data string|string[]
---@param options table|nil {flags, mode}
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
---@overload fun(path: string, data: string, callback: fun(err: Error|nil))
function contents.writeFile(path, data, options, callback)
  if isCallback(options) then
    options, callback = nil, options
  end
  return routine(callback, 'writeFile', files.write, waiting, path, files.text(data),
    writeOptions(options, 'w'))
end

---@see fs.writeFile
---@param path string
---@param data string|string[]
---@param options table|nil
---@return boolean|nil ok
---@return Error|nil err
function contents.writeFileSync(path, data, options)
  return coded(files.write(blocking, path, files.text(data), writeOptions(options, 'w')))
end

--- Appends to a file; makes it if it is missing.
---@param path string
---@param data string|string[]
---@param options table|nil {flags, mode}
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
---@overload fun(path: string, data: string, callback: fun(err: Error|nil))
function contents.appendFile(path, data, options, callback)
  if isCallback(options) then
    options, callback = nil, options
  end
  return routine(callback, 'appendFile', files.write, waiting, path, files.text(data),
    writeOptions(options, 'a'))
end

---@see fs.appendFile
---@param path string
---@param data string|string[]
---@param options table|nil
---@return boolean|nil ok
---@return Error|nil err
function contents.appendFileSync(path, data, options)
  return coded(files.write(blocking, path, files.text(data), writeOptions(options, 'a')))
end

--- Cuts or grows a file.
---@param path string
---@param length integer|nil bytes; 0
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function contents.truncate(path, length, callback)
  if isCallback(length) then
    length, callback = nil, length
  end
  return routine(callback, 'truncate', files.truncate, waiting, path, length or 0)
end

---@see fs.truncate
---@param path string
---@param length integer|nil
---@return boolean|nil ok
---@return Error|nil err
function contents.truncateSync(path, length)
  return coded(files.truncate(blocking, path, length or 0))
end

return contents
