--- The system the program runs on.

local los = {}

local TYPES = { Windows = 'win32', Linux = 'linux', OSX = 'darwin', BSD = 'bsd', POSIX = 'posix',
  Other = 'other' }

--- The kind of the operating system.
---@return string type "linux", "darwin", "bsd", "win32", "posix" or "other"
function los.type()
  return TYPES[require('jit').os] or 'other'
end

return los
