--- Files and folders. Every operation comes three times over: with a callback as last
--- argument, which gets the error or nil and the result; without one in a coroutine,
--- where it yields and returns the result, or nil and the error; and as `...Sync`, which
--- blocks and returns the same. Errors are `core.Error` with `code` ("ENOENT"),
--- `syscall` and `path`.

local uv = require('uv')
local call = require('internal/fs_call')
local files = require('internal/fs_files')
local streams = require('internal/fs_streams')

local async, sync, routine = call.async, call.sync, call.routine
local isCallback, fileMode = call.isCallback, call.mode
local waiting, blocking = files.waiting, files.blocking

local fs = {}

-- What a blocking function of several steps returns: with the code as third value,
-- as those of one step do.
local function coded(result, err)
  if result == nil and err then
    return nil, err, err.code
  end
  return result
end

---@class FsStat what uv reports of a file
---@field type string "file", "directory", "link", "fifo", "socket", "char", "block"
---@field size integer bytes
---@field mode integer
---@field uid integer
---@field gid integer
---@field ino integer
---@field dev integer
---@field nlink integer
---@field atime table {sec, nsec}
---@field mtime table {sec, nsec}
---@field ctime table {sec, nsec}
---@field birthtime table {sec, nsec}

--- Opens a file. Whoever opened it closes it.
---@param path string
---@param flags string|integer|nil "r", "r+", "w", "wx", "w+", "a", "ax", "a+" ...; "r"
---@param mode integer|string|nil of a file it creates, a number or octal digits; "666"
---@param callback fun(err: Error|nil, fd: integer)|nil
---@return integer|nil fd
---@return Error|nil err
function fs.open(path, flags, mode, callback)
  if isCallback(flags) then
    flags, callback = nil, flags
  elseif isCallback(mode) then
    mode, callback = nil, mode
  end
  return async(callback, 'open', path, uv.fs_open, path, flags or 'r', fileMode(mode, 438))
end

---@see fs.open
---@param path string
---@param flags string|integer|nil
---@param mode integer|string|nil
---@return integer|nil fd
---@return Error|nil err
function fs.openSync(path, flags, mode)
  return sync('open', path, uv.fs_open(path, flags or 'r', fileMode(mode, 438)))
end

--- Closes a file.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.close(fd, callback)
  return async(callback, 'close', nil, uv.fs_close, fd)
end

---@see fs.close
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.closeSync(fd)
  return sync('close', nil, uv.fs_close(fd))
end

--- Removes a file.
---@param path string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.unlink(path, callback)
  return async(callback, 'unlink', path, uv.fs_unlink, path)
end

---@see fs.unlink
---@param path string
---@return boolean|nil ok
---@return Error|nil err
function fs.unlinkSync(path)
  return sync('unlink', path, uv.fs_unlink(path))
end

--- Makes a folder.
---@param path string
---@param mode integer|string|nil "777"
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdir(path, mode, callback)
  if isCallback(mode) then
    mode, callback = nil, mode
  end
  return async(callback, 'mkdir', path, uv.fs_mkdir, path, fileMode(mode, 511))
end

---@see fs.mkdir
---@param path string
---@param mode integer|string|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirSync(path, mode)
  return sync('mkdir', path, uv.fs_mkdir(path, fileMode(mode, 511)))
end

--- Makes a folder of a new name.
---@param template string ends with "XXXXXX"
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.mkdtemp(template, callback)
  return async(callback, 'mkdtemp', template, uv.fs_mkdtemp, template)
end

---@see fs.mkdtemp
---@param template string
---@return string|nil path
---@return Error|nil err
function fs.mkdtempSync(template)
  return sync('mkdtemp', template, uv.fs_mkdtemp(template))
end

--- Removes an empty folder.
---@param path string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.rmdir(path, callback)
  return async(callback, 'rmdir', path, uv.fs_rmdir, path)
end

---@see fs.rmdir
---@param path string
---@return boolean|nil ok
---@return Error|nil err
function fs.rmdirSync(path)
  return sync('rmdir', path, uv.fs_rmdir(path))
end

--- What kind of file it is, its size, times and owner; a symbolic link is followed.
---@param path string
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.stat(path, callback)
  return async(callback, 'stat', path, uv.fs_stat, path)
end

---@see fs.stat
---@param path string
---@return FsStat|nil stat
---@return Error|nil err
function fs.statSync(path)
  return sync('stat', path, uv.fs_stat(path))
end

--- As `stat`, of a symbolic link itself.
---@param path string
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.lstat(path, callback)
  return async(callback, 'lstat', path, uv.fs_lstat, path)
end

---@see fs.lstat
---@param path string
---@return FsStat|nil stat
---@return Error|nil err
function fs.lstatSync(path)
  return sync('lstat', path, uv.fs_lstat(path))
end

--- As `stat`, of an open file.
---@param fd integer
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.fstat(fd, callback)
  return async(callback, 'fstat', nil, uv.fs_fstat, fd)
end

---@see fs.fstat
---@param fd integer
---@return FsStat|nil stat
---@return Error|nil err
function fs.fstatSync(fd)
  return sync('fstat', nil, uv.fs_fstat(fd))
end

--- Gives a file another name, replacing what has that name.
---@param path string
---@param newPath string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.rename(path, newPath, callback)
  return async(callback, 'rename', { path, newPath }, uv.fs_rename, path, newPath)
end

---@see fs.rename
---@param path string
---@param newPath string
---@return boolean|nil ok
---@return Error|nil err
function fs.renameSync(path, newPath)
  return sync('rename', { path, newPath }, uv.fs_rename(path, newPath))
end

--- Waits until a file is on disk.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fsync(fd, callback)
  return async(callback, 'fsync', nil, uv.fs_fsync, fd)
end

---@see fs.fsync
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fsyncSync(fd)
  return sync('fsync', nil, uv.fs_fsync(fd))
end

--- Waits until a file's content is on disk.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fdatasync(fd, callback)
  return async(callback, 'fdatasync', nil, uv.fs_fdatasync, fd)
end

---@see fs.fdatasync
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fdatasyncSync(fd)
  return sync('fdatasync', nil, uv.fs_fdatasync(fd))
end

--- Cuts or grows an open file.
---@param fd integer
---@param length integer|nil bytes; 0
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.ftruncate(fd, length, callback)
  if isCallback(length) then
    length, callback = nil, length
  end
  return async(callback, 'ftruncate', nil, uv.fs_ftruncate, fd, length or 0)
end

---@see fs.ftruncate
---@param fd integer
---@param length integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.ftruncateSync(fd, length)
  return sync('ftruncate', nil, uv.fs_ftruncate(fd, length or 0))
end

--- Sets a file's mode.
---@param path string
---@param mode integer|string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.chmod(path, mode, callback)
  return async(callback, 'chmod', path, uv.fs_chmod, path, fileMode(mode))
end

---@see fs.chmod
---@param path string
---@param mode integer|string
---@return boolean|nil ok
---@return Error|nil err
function fs.chmodSync(path, mode)
  return sync('chmod', path, uv.fs_chmod(path, fileMode(mode)))
end

--- Sets an open file's mode.
---@param fd integer
---@param mode integer|string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fchmod(fd, mode, callback)
  return async(callback, 'fchmod', nil, uv.fs_fchmod, fd, fileMode(mode))
end

---@see fs.fchmod
---@param fd integer
---@param mode integer|string
---@return boolean|nil ok
---@return Error|nil err
function fs.fchmodSync(fd, mode)
  return sync('fchmod', nil, uv.fs_fchmod(fd, fileMode(mode)))
end

--- Sets when a file was read and changed.
---@param path string
---@param atime number seconds since 1970
---@param mtime number
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.utime(path, atime, mtime, callback)
  return async(callback, 'utime', path, uv.fs_utime, path, atime, mtime)
end

---@see fs.utime
---@param path string
---@param atime number
---@param mtime number
---@return boolean|nil ok
---@return Error|nil err
function fs.utimeSync(path, atime, mtime)
  return sync('utime', path, uv.fs_utime(path, atime, mtime))
end

--- As `utime`, of an open file.
---@param fd integer
---@param atime number
---@param mtime number
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.futime(fd, atime, mtime, callback)
  return async(callback, 'futime', nil, uv.fs_futime, fd, atime, mtime)
end

---@see fs.futime
---@param fd integer
---@param atime number
---@param mtime number
---@return boolean|nil ok
---@return Error|nil err
function fs.futimeSync(fd, atime, mtime)
  return sync('futime', nil, uv.fs_futime(fd, atime, mtime))
end

--- Gives a file a second name.
---@param path string
---@param newPath string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.link(path, newPath, callback)
  return async(callback, 'link', { path, newPath }, uv.fs_link, path, newPath)
end

---@see fs.link
---@param path string
---@param newPath string
---@return boolean|nil ok
---@return Error|nil err
function fs.linkSync(path, newPath)
  return sync('link', { path, newPath }, uv.fs_link(path, newPath))
end

--- Makes the symbolic link `newPath`, which leads to `path`.
---@param path string
---@param newPath string
---@param options table|integer|nil only looked at on Windows
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.symlink(path, newPath, options, callback)
  if isCallback(options) then
    options, callback = nil, options
  end
  return async(callback, 'symlink', { path, newPath }, uv.fs_symlink, path, newPath, options or 0)
end

---@see fs.symlink
---@param path string
---@param newPath string
---@param options table|integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.symlinkSync(path, newPath, options)
  return sync('symlink', { path, newPath }, uv.fs_symlink(path, newPath, options or 0))
end

--- Where a symbolic link leads.
---@param path string
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.readlink(path, callback)
  return async(callback, 'readlink', path, uv.fs_readlink, path)
end

---@see fs.readlink
---@param path string
---@return string|nil path
---@return Error|nil err
function fs.readlinkSync(path)
  return sync('readlink', path, uv.fs_readlink(path))
end

--- The absolute path without symbolic links.
---@param path string
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.realpath(path, callback)
  return async(callback, 'realpath', path, uv.fs_realpath, path)
end

---@see fs.realpath
---@param path string
---@return string|nil path
---@return Error|nil err
function fs.realpathSync(path)
  return sync('realpath', path, uv.fs_realpath(path))
end

--- Sets a file's owner and group.
---@param path string
---@param uid integer
---@param gid integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.chown(path, uid, gid, callback)
  return async(callback, 'chown', path, uv.fs_chown, path, uid, gid)
end

---@see fs.chown
---@param path string
---@param uid integer
---@param gid integer
---@return boolean|nil ok
---@return Error|nil err
function fs.chownSync(path, uid, gid)
  return sync('chown', path, uv.fs_chown(path, uid, gid))
end

--- Sets an open file's owner and group.
---@param fd integer
---@param uid integer
---@param gid integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fchown(fd, uid, gid, callback)
  return async(callback, 'fchown', nil, uv.fs_fchown, fd, uid, gid)
end

---@see fs.fchown
---@param fd integer
---@param uid integer
---@param gid integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fchownSync(fd, uid, gid)
  return sync('fchown', nil, uv.fs_fchown(fd, uid, gid))
end

--- Copies a file, with its mode.
---@param path string
---@param newPath string
---@param flags table|integer|nil `{excl = true}`: not over a file that exists
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.copyfile(path, newPath, flags, callback)
  if isCallback(flags) then
    flags, callback = nil, flags
  end
  return async(callback, 'copyfile', { path, newPath }, uv.fs_copyfile, path, newPath, flags or 0)
end

---@see fs.copyfile
---@param path string
---@param newPath string
---@param flags table|integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.copyfileSync(path, newPath, flags)
  return sync('copyfile', { path, newPath }, uv.fs_copyfile(path, newPath, flags or 0))
end
--------------------------------------------------------------------------------
-- Reading and writing

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
function fs.read(fd, size, offset, callback)
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
function fs.readSync(fd, size, offset)
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
function fs.write(fd, offset, data, callback)
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
function fs.writeSync(fd, offset, data)
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
function fs.sendfile(outFd, inFd, offset, length, callback)
  return routine(callback, 'sendfile', files.sendfile, waiting, outFd, inFd, offset, length)
end

---@see fs.sendfile
---@param outFd integer
---@param inFd integer
---@param offset integer
---@param length integer
---@return integer|nil bytes
---@return Error|nil err
function fs.sendfileSync(outFd, inFd, offset, length)
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
function fs.readFile(path, options, callback)
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
function fs.readFileSync(path, options)
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
function fs.writeFile(path, data, options, callback)
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
function fs.writeFileSync(path, data, options)
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
function fs.appendFile(path, data, options, callback)
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
function fs.appendFileSync(path, data, options)
  return coded(files.write(blocking, path, files.text(data), writeOptions(options, 'a')))
end

--- Cuts or grows a file.
---@param path string
---@param length integer|nil bytes; 0
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.truncate(path, length, callback)
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
function fs.truncateSync(path, length)
  return coded(files.truncate(blocking, path, length or 0))
end

--------------------------------------------------------------------------------
-- Looking around

-- Flags of access: a number, or letters of "rwx".
local function accessFlags(flags)
  return type(flags) == 'string' and flags:upper() or flags or 0
end

--- Whether this process may use a file so. No permission is no error.
---@param path string
---@param flags string|integer|nil letters of "rwx"; none: whether it exists
---@param callback fun(err: Error|nil, may: boolean)|nil
---@return boolean|nil may
---@return Error|nil err
function fs.access(path, flags, callback)
  if isCallback(flags) then
    flags, callback = nil, flags
  end
  return async(callback, 'access', path, uv.fs_access, path, accessFlags(flags))
end

---@see fs.access
---@param path string
---@param flags string|integer|nil
---@return boolean|nil may
---@return Error|nil err
function fs.accessSync(path, flags)
  return sync('access', path, uv.fs_access(path, accessFlags(flags)))
end

--- Whether there is a file of any kind at a path.
---@param path string
---@param callback fun(err: Error|nil, exists: boolean)|nil
---@return boolean|nil exists
---@return Error|nil err when that cannot be told
function fs.exists(path, callback)
  return routine(callback, 'exists', files.exists, waiting, path)
end

---@see fs.exists
---@param path string
---@return boolean|nil exists
---@return Error|nil err
function fs.existsSync(path)
  return coded(files.exists(blocking, path))
end

--- The names in a folder, sorted.
---@param path string
---@param callback fun(err: Error|nil, names: string[])|nil
---@return string[]|nil names
---@return Error|nil err
function fs.readdir(path, callback)
  return routine(callback, 'readdir', files.readdir, waiting, path)
end

---@see fs.readdir
---@param path string
---@return string[]|nil names
---@return Error|nil err
function fs.readdirSync(path)
  return coded(files.readdir(blocking, path))
end

--- An iterator over a folder's entries: name, and type as in `FsStat`.
---@param path string
---@param callback fun(err: Error|nil, entries: fun(): string|nil, string|nil)|nil
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function fs.scandir(path, callback)
  return routine(callback, 'scandir', files.scandir, waiting, path)
end

---@see fs.scandir
---@param path string
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function fs.scandirSync(path)
  return coded(files.scandir(blocking, path))
end

--- Makes a folder and all that are missing above it; one that exists is fine.
---@param path string
---@param mode integer|string|nil "777"
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirp(path, mode, callback)
  if isCallback(mode) then
    mode, callback = nil, mode
  end
  return routine(callback, 'mkdirp', files.mkdirp, waiting, path, fileMode(mode, 511))
end

---@see fs.mkdirp
---@param path string
---@param mode integer|string|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirpSync(path, mode)
  return coded(files.mkdirp(blocking, path, fileMode(mode, 511)))
end

--------------------------------------------------------------------------------

fs.ReadStream = streams.ReadStream
fs.WriteStream = streams.WriteStream
fs.WriteStreamSync = streams.WriteStreamSync

--- A file as a readable stream; see `ReadStream` for the options.
---@param path string
---@param options table|nil
---@return ReadStream stream
function fs.createReadStream(path, options)
  return streams.ReadStream:new(path, options)
end

--- A file as a writable stream; see `WriteStream` for the options.
---@param path string
---@param options table|nil
---@return WriteStream stream
function fs.createWriteStream(path, options)
  return streams.WriteStream:new(path, options)
end

return fs
