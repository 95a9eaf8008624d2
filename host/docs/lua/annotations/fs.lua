---@meta fs
-- Generated from host/runtime by ./dev docs.

--- Files and folders. Every operation comes three times over: with a callback as last
--- argument, which gets the error or nil and the result; without one in a coroutine,
--- where it yields and returns the result, or nil and the error; and as `...Sync`, which
--- blocks and returns the same. Errors are `core.Error` with `code` ("ENOENT"),
--- `syscall` and `path`.
---@class fs.module
local fs = {}

-- of fs.lua, nil
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
local class_FsStat = {}

-- of internal/fs_streams.lua, ReadStream
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
local class_ReadStream = {}

---@param path string|nil
---@param options table|nil
function class_ReadStream:initialize(path, options) end

--- Opens the file; a new stream does that itself.
function class_ReadStream:open() end

--- Closes the file at once; `error` with the error, if one is given, and `close` follow.
---@param err Error|nil
---@return ReadStream self
function class_ReadStream:destroy(err) end

--- Closes the file at once.
---@param callback fun()|nil called when it is closed
function class_ReadStream:close(callback) end

fs.ReadStream = class_ReadStream

-- of internal/fs_streams.lua, WriteStream
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
local class_WriteStream = {}

---@param path string|nil
---@param options table|nil
function class_WriteStream:initialize(path, options) end

--- Opens the file; a new stream does that itself.
function class_WriteStream:open() end

--- As of every `Writable`; to a stream that was destroyed it is an `error` event.
---@param chunk any
---@param callback fun(err: Error|nil)|nil
---@return boolean more
function class_WriteStream:write(chunk, callback) end

--- Closes the file at once; what is not written yet is lost. `error` with the error, if
--- one is given, and `close` follow.
---@param err Error|nil
---@return WriteStream self
function class_WriteStream:destroy(err) end

--- Ends the stream: writes what is held and closes the file.
---@param callback fun()|nil called when it is closed
function class_WriteStream:close(callback) end

fs.WriteStream = class_WriteStream

-- of internal/fs_streams.lua, WriteStreamSync
--- As `WriteStream`, but opens, writes and closes in the calls themselves, which block.
---@class WriteStreamSync: WriteStream
local class_WriteStreamSync = {}

fs.WriteStreamSync = class_WriteStreamSync

--- Opens a file. Whoever opened it closes it.
---@param path string
---@param flags string|integer|nil "r", "r+", "w", "wx", "w+", "a", "ax", "a+" ...; "r"
---@param mode integer|string|nil of a file it creates, a number or octal digits; "666"
---@param callback fun(err: Error|nil, fd: integer)|nil
---@return integer|nil fd
---@return Error|nil err
function fs.open(path, flags, mode, callback) end

---@see fs.open
---@param path string
---@param flags string|integer|nil
---@param mode integer|string|nil
---@return integer|nil fd
---@return Error|nil err
function fs.openSync(path, flags, mode) end

--- Closes a file.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.close(fd, callback) end

---@see fs.close
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.closeSync(fd) end

--- Removes a file.
---@param path string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.unlink(path, callback) end

---@see fs.unlink
---@param path string
---@return boolean|nil ok
---@return Error|nil err
function fs.unlinkSync(path) end

--- Makes a folder.
---@param path string
---@param mode integer|string|nil "777"
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdir(path, mode, callback) end

---@see fs.mkdir
---@param path string
---@param mode integer|string|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirSync(path, mode) end

--- Makes a folder and all that are missing above it; one that exists is fine.
---@param path string
---@param mode integer|string|nil "777"
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirp(path, mode, callback) end

---@see fs.mkdirp
---@param path string
---@param mode integer|string|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.mkdirpSync(path, mode) end

--- Makes a folder of a new name.
---@param template string ends with "XXXXXX"
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.mkdtemp(template, callback) end

---@see fs.mkdtemp
---@param template string
---@return string|nil path
---@return Error|nil err
function fs.mkdtempSync(template) end

--- Removes an empty folder.
---@param path string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.rmdir(path, callback) end

---@see fs.rmdir
---@param path string
---@return boolean|nil ok
---@return Error|nil err
function fs.rmdirSync(path) end

--- What kind of file it is, its size, times and owner; a symbolic link is followed.
---@param path string
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.stat(path, callback) end

---@see fs.stat
---@param path string
---@return FsStat|nil stat
---@return Error|nil err
function fs.statSync(path) end

--- As `stat`, of a symbolic link itself.
---@param path string
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.lstat(path, callback) end

---@see fs.lstat
---@param path string
---@return FsStat|nil stat
---@return Error|nil err
function fs.lstatSync(path) end

--- As `stat`, of an open file.
---@param fd integer
---@param callback fun(err: Error|nil, stat: FsStat)|nil
---@return FsStat|nil stat
---@return Error|nil err
function fs.fstat(fd, callback) end

---@see fs.fstat
---@param fd integer
---@return FsStat|nil stat
---@return Error|nil err
function fs.fstatSync(fd) end

--- Gives a file another name, replacing what has that name.
---@param path string
---@param newPath string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.rename(path, newPath, callback) end

---@see fs.rename
---@param path string
---@param newPath string
---@return boolean|nil ok
---@return Error|nil err
function fs.renameSync(path, newPath) end

--- Waits until a file is on disk.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fsync(fd, callback) end

---@see fs.fsync
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fsyncSync(fd) end

--- Waits until a file's content is on disk.
---@param fd integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fdatasync(fd, callback) end

---@see fs.fdatasync
---@param fd integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fdatasyncSync(fd) end

--- Cuts or grows an open file.
---@param fd integer
---@param length integer|nil bytes; 0
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.ftruncate(fd, length, callback) end

---@see fs.ftruncate
---@param fd integer
---@param length integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.ftruncateSync(fd, length) end

--- Sets a file's mode.
---@param path string
---@param mode integer|string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.chmod(path, mode, callback) end

---@see fs.chmod
---@param path string
---@param mode integer|string
---@return boolean|nil ok
---@return Error|nil err
function fs.chmodSync(path, mode) end

--- Sets an open file's mode.
---@param fd integer
---@param mode integer|string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fchmod(fd, mode, callback) end

---@see fs.fchmod
---@param fd integer
---@param mode integer|string
---@return boolean|nil ok
---@return Error|nil err
function fs.fchmodSync(fd, mode) end

--- Sets when a file was read and changed.
---@param path string
---@param atime number seconds since 1970
---@param mtime number
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.utime(path, atime, mtime, callback) end

---@see fs.utime
---@param path string
---@param atime number
---@param mtime number
---@return boolean|nil ok
---@return Error|nil err
function fs.utimeSync(path, atime, mtime) end

--- As `utime`, of an open file.
---@param fd integer
---@param atime number
---@param mtime number
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.futime(fd, atime, mtime, callback) end

---@see fs.futime
---@param fd integer
---@param atime number
---@param mtime number
---@return boolean|nil ok
---@return Error|nil err
function fs.futimeSync(fd, atime, mtime) end

--- Gives a file a second name.
---@param path string
---@param newPath string
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.link(path, newPath, callback) end

---@see fs.link
---@param path string
---@param newPath string
---@return boolean|nil ok
---@return Error|nil err
function fs.linkSync(path, newPath) end

--- Makes the symbolic link `newPath`, which leads to `path`.
---@param path string
---@param newPath string
---@param options table|integer|nil only looked at on Windows
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.symlink(path, newPath, options, callback) end

---@see fs.symlink
---@param path string
---@param newPath string
---@param options table|integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.symlinkSync(path, newPath, options) end

--- Where a symbolic link leads.
---@param path string
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.readlink(path, callback) end

---@see fs.readlink
---@param path string
---@return string|nil path
---@return Error|nil err
function fs.readlinkSync(path) end

--- The absolute path without symbolic links.
---@param path string
---@param callback fun(err: Error|nil, path: string)|nil
---@return string|nil path
---@return Error|nil err
function fs.realpath(path, callback) end

---@see fs.realpath
---@param path string
---@return string|nil path
---@return Error|nil err
function fs.realpathSync(path) end

--- Sets a file's owner and group.
---@param path string
---@param uid integer
---@param gid integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.chown(path, uid, gid, callback) end

---@see fs.chown
---@param path string
---@param uid integer
---@param gid integer
---@return boolean|nil ok
---@return Error|nil err
function fs.chownSync(path, uid, gid) end

--- Sets an open file's owner and group.
---@param fd integer
---@param uid integer
---@param gid integer
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.fchown(fd, uid, gid, callback) end

---@see fs.fchown
---@param fd integer
---@param uid integer
---@param gid integer
---@return boolean|nil ok
---@return Error|nil err
function fs.fchownSync(fd, uid, gid) end

--- Copies a file, with its mode.
---@param path string
---@param newPath string
---@param flags table|integer|nil `{excl = true}`: not over a file that exists
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.copyfile(path, newPath, flags, callback) end

---@see fs.copyfile
---@param path string
---@param newPath string
---@param flags table|integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.copyfileSync(path, newPath, flags) end

--- A file as a readable stream; see `ReadStream` for the options.
---@param path string
---@param options table|nil
---@return ReadStream stream
function fs.createReadStream(path, options) end

--- A file as a writable stream; see `WriteStream` for the options.
---@param path string
---@param options table|nil
---@return WriteStream stream
function fs.createWriteStream(path, options) end

--- Reads up to `size` bytes of an open file. "" is its end.
---@param fd integer
---@param size integer|nil 65536
---@param offset integer|nil where to read; -1 or nil: where the last read ended
---@param callback fun(err: Error|nil, data: string)|nil
---@return string|nil data
---@return Error|nil err
function fs.read(fd, size, offset, callback) end

---@see fs.read
---@param fd integer
---@param size integer|nil
---@param offset integer|nil
---@return string|nil data
---@return Error|nil err
function fs.readSync(fd, size, offset) end

--- Writes all of `data` to an open file, in as many steps as that takes.
---@param fd integer
---@param offset integer|nil where to write; -1 or nil: where the last write ended
---@param data string|string[]
---@param callback fun(err: Error|nil, bytes: integer)|nil
---@return integer|nil bytes
---@return Error|nil err
---@overload fun(fd: integer, data: string, callback: fun(err: Error|nil, bytes: integer))
function fs.write(fd, offset, data, callback) end

---@see fs.write
---@param fd integer
---@param offset integer|nil
---@param data string|string[]
---@return integer|nil bytes
---@return Error|nil err
function fs.writeSync(fd, offset, data) end

--- Copies `length` bytes from one open file to another inside the kernel.
---@param outFd integer
---@param inFd integer
---@param offset integer where to read
---@param length integer
---@param callback fun(err: Error|nil, bytes: integer)|nil
---@return integer|nil bytes less than `length` at the end of the file
---@return Error|nil err
function fs.sendfile(outFd, inFd, offset, length, callback) end

---@see fs.sendfile
---@param outFd integer
---@param inFd integer
---@param offset integer
---@param length integer
---@return integer|nil bytes
---@return Error|nil err
function fs.sendfileSync(outFd, inFd, offset, length) end

--- The whole content of a file, also of those in /proc, which have no size.
---@param path string
---@param options table|nil {flags}
---@param callback fun(err: Error|nil, data: string)|nil
---@return string|nil data
---@return Error|nil err
---@overload fun(path: string, callback: fun(err: Error|nil, data: string))
function fs.readFile(path, options, callback) end

---@see fs.readFile
---@param path string
---@param options table|nil
---@return string|nil data
---@return Error|nil err
function fs.readFileSync(path, options) end

--- Makes or replaces a file with this content.
---@param path string
---@param data string|string[]
---@param options table|nil {flags, mode}
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
---@overload fun(path: string, data: string, callback: fun(err: Error|nil))
function fs.writeFile(path, data, options, callback) end

---@see fs.writeFile
---@param path string
---@param data string|string[]
---@param options table|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.writeFileSync(path, data, options) end

--- Appends to a file; makes it if it is missing.
---@param path string
---@param data string|string[]
---@param options table|nil {flags, mode}
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
---@overload fun(path: string, data: string, callback: fun(err: Error|nil))
function fs.appendFile(path, data, options, callback) end

---@see fs.appendFile
---@param path string
---@param data string|string[]
---@param options table|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.appendFileSync(path, data, options) end

--- Cuts or grows a file.
---@param path string
---@param length integer|nil bytes; 0
---@param callback fun(err: Error|nil, ok: boolean)|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.truncate(path, length, callback) end

---@see fs.truncate
---@param path string
---@param length integer|nil
---@return boolean|nil ok
---@return Error|nil err
function fs.truncateSync(path, length) end

--- Whether this process may use a file so. No permission is no error.
---@param path string
---@param flags string|integer|nil letters of "rwx"; none: whether it exists
---@param callback fun(err: Error|nil, may: boolean)|nil
---@return boolean|nil may
---@return Error|nil err
function fs.access(path, flags, callback) end

---@see fs.access
---@param path string
---@param flags string|integer|nil
---@return boolean|nil may
---@return Error|nil err
function fs.accessSync(path, flags) end

--- Whether there is a file of any kind at a path.
---@param path string
---@param callback fun(err: Error|nil, exists: boolean)|nil
---@return boolean|nil exists
---@return Error|nil err when that cannot be told
function fs.exists(path, callback) end

---@see fs.exists
---@param path string
---@return boolean|nil exists
---@return Error|nil err
function fs.existsSync(path) end

--- The names in a folder, sorted.
---@param path string
---@param callback fun(err: Error|nil, names: string[])|nil
---@return string[]|nil names
---@return Error|nil err
function fs.readdir(path, callback) end

---@see fs.readdir
---@param path string
---@return string[]|nil names
---@return Error|nil err
function fs.readdirSync(path) end

--- An iterator over a folder's entries: name, and type as in `FsStat`.
---@param path string
---@param callback fun(err: Error|nil, entries: fun(): string|nil, string|nil)|nil
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function fs.scandir(path, callback) end

---@see fs.scandir
---@param path string
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function fs.scandirSync(path) end

return fs
