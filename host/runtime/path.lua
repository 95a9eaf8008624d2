--- File paths as texts; the disk is not looked at. The functions follow the system the
--- program runs on; `path.posix` and `path.win` follow one or the other wherever it runs.

local uv = require('uv')

--- The functions for one kind of system.
---@class Path
local Path = {}
Path.__index = Path

-- An absolute path's beginning: device ("C:", "\\server\share"), whether a separator
-- follows, and the rest. Devices are Windows' only.
local function splitPosix(path)
  local rest = path:match('^/+(.*)$')
  return '', rest ~= nil, rest or path
end

local function splitWindows(path)
  local device, rest = path:match('^(%a:)(.*)$')
  if not device then
    local server, share, after = path:match('^[\\/][\\/]([^\\/]+)[\\/]+([^\\/]+)(.*)$')
    if server then
      return '\\\\' .. server .. '\\' .. share, true, (after:gsub('^[\\/]+', ''))
    end
    device, rest = '', path
  end
  local after = rest:match('^[\\/]+(.*)$')
  return device, after ~= nil, after or rest
end

local function new(separator, separators, split)
  return setmetatable({ separator = separator, separators = separators, split = split }, Path)
end

local posix = new('/', '/', splitPosix)
local win = new('\\', '\\/', splitWindows)

-- The functions may be called with a dot on the objects of this module: `self` is
-- bound below. Inside they are methods.

local function check(value, what)
  if type(value) ~= 'string' then
    error(('%s wants a path, got %s'):format(what, type(value)), 3)
  end
  return value
end

-- The parts of a relative path without "." and "..", as far as they resolve.
local function resolveDots(self, rest, absolute)
  local parts = {}
  for part in rest:gmatch('[^' .. self.separators .. ']+') do
    if part == '..' then
      if parts[1] and parts[#parts] ~= '..' then
        parts[#parts] = nil
      elseif not absolute then
        parts[#parts + 1] = '..'
      end
    elseif part ~= '.' then
      parts[#parts + 1] = part
    end
  end
  return parts
end

local function endsInSeparator(self, path)
  return path:find('[' .. self.separators .. ']$') ~= nil
end

local methods = {}

--- The root of the file system; on Windows that of a path, or of the current folder.
---@param path string|nil
---@return string root
function methods:getRoot(path)
  if self.separator == '/' then
    return '/'
  end
  local device = self.split(path or '')
  if device == '' then
    device = (uv.cwd()):match('^%a:') or 'C:'
  end
  return device .. '\\'
end

--- The separator of the parts of a path.
---@return string
function methods:getSep()
  return self.separator
end

--- Replaces the separators by the system's own.
---@param path string
---@return string
function methods:normalizeSeparators(path)
  return (check(path, 'normalizeSeparators'):gsub('[' .. self.separators .. ']', self.separator))
end

--- Resolves "." and ".." and repeated separators. A separator at the end stays.
---@param path string
---@return string path "." if nothing is left
function methods:normalize(path)
  local device, absolute, rest = self.split(check(path, 'normalize'))
  local text = table.concat(resolveDots(self, rest, absolute), self.separator)
  if text == '' and not absolute then
    text = '.'
  end
  if endsInSeparator(self, rest) and text ~= '' then
    text = text .. self.separator
  end
  if self.separator == '\\' and device == '' and not absolute and text:find('^%a:') then
    text = '.\\' .. text -- must not become a drive
  end
  return device .. (absolute and self.separator or '') .. text
end

--- Joins parts and normalizes the result. Empty ones are left out.
---@param ... string
---@return string
function methods:join(...)
  local parts = {}
  for i = 1, select('#', ...) do
    local part = check((select(i, ...)), 'join')
    if part ~= '' then
      parts[#parts + 1] = part
    end
  end
  if #parts == 0 then
    return '.'
  end
  local joined = table.concat(parts, self.separator)
  if self.separator == '\\' and not parts[1]:find('^[\\/][\\/][^\\/]') then
    joined = joined:gsub('^[\\/]+', '\\') -- only the first part may name a server
  end
  return methods.normalize(self, joined)
end

--- Whether a path does not depend on the current folder.
---@param path string
---@return boolean
function methods:isAbsolute(path)
  local _, absolute = self.split(check(path, 'isAbsolute'))
  return absolute
end

--- Joins paths from the last back to an absolute one, which the current folder is in
--- the end.
---@param ... string
---@return string path absolute and normalized, without a separator at the end
function methods:resolve(...)
  local device, absolute, rest = '', false, ''
  for i = select('#', ...), 0, -1 do
    local path = i > 0 and check((select(i, ...)), 'resolve') or methods.normalizeSeparators(self, (uv.cwd()))
    local itsDevice, itsAbsolute, itsRest = self.split(path)
    local same = device == '' or itsDevice == '' or itsDevice:lower() == device:lower()
    if path ~= '' and same and not (absolute and device ~= '') then
      device = device ~= '' and device or itsDevice
      if not absolute then
        rest = itsRest .. self.separator .. rest
        absolute = itsAbsolute
      end
    end
    if absolute and (device ~= '' or self.separator == '/') then
      break
    end
  end
  return device .. self.separator .. table.concat(resolveDots(self, rest, true), self.separator)
end

--- The path that leads from one to the other.
---@param from string
---@param to string
---@return string path empty if they are the same; `to` itself if they have no root in common
function methods:relative(from, to)
  from = methods.resolve(self, check(from, 'relative'))
  to = methods.resolve(self, check(to, 'relative'))
  local fold = self.separator == '\\' and string.lower or function(text) return text end
  local fromDevice, _, fromRest = self.split(from)
  local toDevice, _, toRest = self.split(to)
  if fold(fromDevice) ~= fold(toDevice) then
    return to
  end
  local a, b = resolveDots(self, fromRest, true), resolveDots(self, toRest, true)
  local common = 0
  while a[common + 1] and b[common + 1] and fold(a[common + 1]) == fold(b[common + 1]) do
    common = common + 1
  end
  local parts = {}
  for _ = common + 1, #a do
    parts[#parts + 1] = '..'
  end
  for i = common + 1, #b do
    parts[#parts + 1] = b[i]
  end
  return table.concat(parts, self.separator)
end

-- What is before the last part, the last part, and the root before both.
local function splitLast(self, path)
  local device, absolute, rest = self.split(path)
  local root = device .. (absolute and self.separator or '')
  rest = rest:gsub('[' .. self.separators .. ']+$', '')
  local before, last = rest:match('^(.*)[' .. self.separators .. ']([^' .. self.separators .. ']*)$')
  if before then
    before = before:gsub('[' .. self.separators .. ']+$', '')
  end
  return root, before, last or rest
end

--- The folder a path is in.
---@param path string
---@return string
function methods:dirname(path)
  local root, before = splitLast(self, check(path, 'dirname'))
  if before and before ~= '' then
    return root .. before
  end
  return root ~= '' and root or '.'
end

--- The last part of a path.
---@param path string
---@param extension string|nil left out when the name ends in it
---@return string
function methods:basename(path, extension)
  local _, _, last = splitLast(self, check(path, 'basename'))
  if extension and extension ~= '' and #last > #extension and last:sub(-#extension) == extension then
    return last:sub(1, -#extension - 1)
  end
  return last
end

--- The last part's extension.
---@param path string
---@return string extension with its dot; empty if there is none
function methods:extname(path)
  local _, _, last = splitLast(self, check(path, 'extname'))
  if last == '..' then
    return ''
  end
  return last:match('^.+(%.[^.]*)$') or ''
end

--- Whether two paths are the same, letter by letter; on Windows without regard to case
--- and to the kind of separator.
---@param a string
---@param b string
---@return boolean
function methods:pathsEqual(a, b)
  if self.separator == '/' then
    return a == b
  end
  return methods.normalizeSeparators(self, a):lower() == methods.normalizeSeparators(self, b):lower()
end

--- The same as `pathsEqual`.
---@param a string
---@param b string
---@return boolean
methods.pathEquals = methods.pathsEqual

--- Whether a path is a share of a server ("\\server\share"); never outside of Windows.
---@param path string
---@return boolean
function methods:isUNC(path)
  return self.separator == '\\' and self.split(check(path, 'isUNC')):sub(1, 2) == '\\\\'
end

--- Whether a path is relative to a drive's current folder ("C:name"); never outside of
--- Windows.
---@param path string
---@return boolean
function methods:isDriveRelative(path)
  local device, absolute = self.split(check(path, 'isDriveRelative'))
  return device ~= '' and not absolute
end

--- The form of a path that may be longer than 260 characters on Windows; elsewhere the
--- path itself.
---@param path string
---@return string
function methods:_makeLong(path)
  if self.separator == '/' or type(path) ~= 'string' or path == '' then
    return path
  end
  local full = methods.resolve(self, path)
  if full:find('^%a:\\') then
    return '\\\\?\\' .. full
  elseif full:find('^\\\\[^?.]') then
    return '\\\\?\\UNC\\' .. full:sub(3)
  end
  return path
end

-- path.join(...) and path:join(...) are the same.
local function bind(object)
  for name, method in pairs(methods) do
    object[name] = function(first, ...)
      if first == posix or first == win then
        return method(first, ...)
      elseif first == nil and select('#', ...) == 0 then
        return method(object)
      end
      return method(object, first, ...)
    end
  end
  object.sep = object.separator
  object.delimiter = object.separator == '/' and ':' or ';'
  object.posix, object.win, object.win32 = posix, win, win
  return object
end

bind(posix)
bind(win)

return require('pathjoin').isWindows and win or posix
