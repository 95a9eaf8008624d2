--- Files and folders. Every operation comes three times over: with a callback as last
--- argument, which gets the error or nil and the result; without one in a coroutine,
--- where it yields and returns the result, or nil and the error; and as `...Sync`, which
--- blocks and returns the same. Errors are `core.Error` with `code` ("ENOENT"),
--- `syscall` and `path`.

local uv = require('uv')
local call = require('internal/fs_call')
local files = require('internal/fs_files')
local streams = require('internal/fs_streams')

local async, sync, routine, coded = call.async, call.sync, call.routine, call.coded
local isCallback, fileMode = call.isCallback, call.mode
local waiting, blocking = files.waiting, files.blocking

local fs = {}

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
-- Kept elsewhere

for _, part in ipairs({ 'internal/fs_contents', 'internal/fs_looking' }) do
  for name, fn in pairs(require(part)) do
    fs[name] = fn
  end
end

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
