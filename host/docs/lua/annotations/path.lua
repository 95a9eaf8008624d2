---@meta path
-- Generated from host/runtime by ./dev docs.

--- File paths as texts; the disk is not looked at. The functions follow the system the
--- program runs on; `path.posix` and `path.win` follow one or the other wherever it runs.
---@class path.module
local path = {}

-- of path.lua, Path
--- The functions for one kind of system.
---@class Path
local class_Path = {}

--- The root of the file system; on Windows that of a path, or of the current folder.
---@param path string|nil
---@return string root
function path.getRoot(path) end

--- The separator of the parts of a path.
---@return string
function path.getSep() end

--- Replaces the separators by the system's own.
---@param path string
---@return string
function path.normalizeSeparators(path) end

--- Resolves "." and ".." and repeated separators. A separator at the end stays.
---@param path string
---@return string path "." if nothing is left
function path.normalize(path) end

--- Joins parts and normalizes the result. Empty ones are left out.
---@param ... string
---@return string
function path.join(...) end

--- Whether a path does not depend on the current folder.
---@param path string
---@return boolean
function path.isAbsolute(path) end

--- Joins paths from the last back to an absolute one, which the current folder is in
--- the end.
---@param ... string
---@return string path absolute and normalized, without a separator at the end
function path.resolve(...) end

--- The path that leads from one to the other.
---@param from string
---@param to string
---@return string path empty if they are the same; `to` itself if they have no root in common
function path.relative(from, to) end

--- The folder a path is in.
---@param path string
---@return string
function path.dirname(path) end

--- The last part of a path.
---@param path string
---@param extension string|nil left out when the name ends in it
---@return string
function path.basename(path, extension) end

--- The last part's extension.
---@param path string
---@return string extension with its dot; empty if there is none
function path.extname(path) end

--- Whether two paths are the same, letter by letter; on Windows without regard to case
--- and to the kind of separator.
---@param a string
---@param b string
---@return boolean
function path.pathsEqual(a, b) end

--- The same as `pathsEqual`.
---@param a string
---@param b string
---@return boolean
function path.pathEquals(a, b) end

--- Whether a path is a share of a server ("\\server\share"); never outside of Windows.
---@param path string
---@return boolean
function path.isUNC(path) end

--- Whether a path is relative to a drive's current folder ("C:name"); never outside of
--- Windows.
---@param path string
---@return boolean
function path.isDriveRelative(path) end

---@type string
path.delimiter = nil

---@type table
path.posix = nil

---@type string
path.sep = nil

---@type string
path.separator = nil

---@type table
path.win = nil

---@type table
path.win32 = nil

return path
