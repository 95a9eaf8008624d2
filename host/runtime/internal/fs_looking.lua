-- Functions of fs: what there is, and who may use it.

local uv = require('uv')
local call = require('internal/fs_call')
local files = require('internal/fs_files')

local async, sync, routine, coded = call.async, call.sync, call.routine, call.coded
local isCallback = call.isCallback
local waiting, blocking = files.waiting, files.blocking

local looking = {}

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
function looking.access(path, flags, callback)
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
function looking.accessSync(path, flags)
  return sync('access', path, uv.fs_access(path, accessFlags(flags)))
end

--- Whether there is a file of any kind at a path.
---@param path string
---@param callback fun(err: Error|nil, exists: boolean)|nil
---@return boolean|nil exists
---@return Error|nil err when that cannot be told
function looking.exists(path, callback)
  return routine(callback, 'exists', files.exists, waiting, path)
end

---@see fs.exists
---@param path string
---@return boolean|nil exists
---@return Error|nil err
function looking.existsSync(path)
  return coded(files.exists(blocking, path))
end

--- The names in a folder, sorted.
---@param path string
---@param callback fun(err: Error|nil, names: string[])|nil
---@return string[]|nil names
---@return Error|nil err
function looking.readdir(path, callback)
  return routine(callback, 'readdir', files.readdir, waiting, path)
end

---@see fs.readdir
---@param path string
---@return string[]|nil names
---@return Error|nil err
function looking.readdirSync(path)
  return coded(files.readdir(blocking, path))
end

--- An iterator over a folder's entries: name, and type as in `FsStat`.
---@param path string
---@param callback fun(err: Error|nil, entries: fun(): string|nil, string|nil)|nil
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function looking.scandir(path, callback)
  return routine(callback, 'scandir', files.scandir, waiting, path)
end

---@see fs.scandir
---@param path string
---@return (fun(): string|nil, string|nil)|nil entries
---@return Error|nil err
function looking.scandirSync(path)
  return coded(files.scandir(blocking, path))
end

return looking
