--- Texts as rows of UTF-8 characters: lengths, positions and parts count characters where
--- those of `string` count bytes.

local ustring = {}

--- A text. `text[i]` is the i-th character, `#text` their number. A byte that is not part
--- of a well-formed character counts as one character and stays as it is.
---@class UString
local UString = {}
local meta = { __index = UString }
ustring.UString = UString

local byte, char, sub = string.byte, string.char, string.sub

-- How many bytes the well-formed character at `at` has; nil if it is none. Follows the
-- table of Unicode 3.9: no surrogates, nothing overlong, nothing above 10FFFF.
local function length(text, at)
  local first, second = byte(text, at, at + 1)
  if first < 0x80 then
    return 1
  elseif first < 0xC2 or first > 0xF4 or not second then
    return nil
  end
  local low, high = 0x80, 0xBF
  if first == 0xE0 then low = 0xA0
  elseif first == 0xED then high = 0x9F
  elseif first == 0xF0 then low = 0x90
  elseif first == 0xF4 then high = 0x8F
  end
  if second < low or second > high then
    return nil
  end
  local size = first < 0xE0 and 2 or first < 0xF0 and 3 or 4
  for i = at + 2, at + size - 1 do
    local more = byte(text, i)
    if not more or more < 0x80 or more > 0xBF then
      return nil
    end
  end
  return size
end

local function isText(value)
  return getmetatable(value) == meta
end

--- Makes a text.
---@param text string|UString
---@return UString
function ustring.new(text)
  local made, n, at = {}, 0, 1
  text = tostring(text or '')
  while at <= #text do
    local size = length(text, at) or 1
    n = n + 1
    made[n] = sub(text, at, at + size - 1)
    at = at + size
  end
  return setmetatable(made, meta)
end

local new = ustring.new

--- Whether a string is well-formed UTF-8.
---@param text string
---@return boolean valid
---@return integer|nil at the first byte that is not
function ustring.isValid(text)
  local at = 1
  while at <= #text do
    local size = length(text, at)
    if not size then
      return false, at
    end
    at = at + size
  end
  return true
end

--- The character of a code point. One that has no character raises.
---@param code integer
---@return string
function ustring.char(code)
  if type(code) ~= 'number' or code % 1 ~= 0 or code < 0 or code > 0x10FFFF
    or (code >= 0xD800 and code <= 0xDFFF) then
    error('not a code point: ' .. tostring(code), 2)
  end
  if code < 0x80 then
    return char(code)
  end
  local tail = char(0x80 + code % 64)
  code = math.floor(code / 64)
  if code < 32 then
    return char(0xC0 + code) .. tail
  end
  tail = char(0x80 + code % 64) .. tail
  code = math.floor(code / 64)
  if code < 16 then
    return char(0xE0 + code) .. tail
  end
  return char(0xF0 + math.floor(code / 64), 0x80 + code % 64) .. tail
end

-- The range of string.sub for `n` characters.
local function range(first, last, n)
  first, last = first or 1, last or -1
  if first < 0 then first = n + first + 1 end
  if last < 0 then last = n + last + 1 end
  return math.max(first, 1), math.min(last, n)
end

--- The number of characters.
---@return integer
function UString:len()
  return #self
end

--- The characters from `first` to `last`, as string.sub counts.
---@param first integer|nil
---@param last integer|nil
---@return UString
function UString:sub(first, last)
  local part = {}
  first, last = range(first, last, #self)
  for i = first, last do
    part[#part + 1] = self[i]
  end
  return setmetatable(part, meta)
end

--- The code points of the characters from `first` to `last`.
---@param first integer|nil 1 when not given
---@param last integer|nil `first` when not given
---@return integer ... a byte that is no character gives itself
function UString:codepoint(first, last)
  first = first or 1
  first, last = range(first, last or first, #self)
  local codes = {}
  for i = first, last do
    local a, b, c, d = byte(self[i], 1, 4)
    local code = a
    if d then
      code = (a - 0xF0) * 0x40000 + (b - 0x80) * 0x1000 + (c - 0x80) * 0x40 + d - 0x80
    elseif c then
      code = (a - 0xE0) * 0x1000 + (b - 0x80) * 0x40 + c - 0x80
    elseif b then
      code = (a - 0xC0) * 0x40 + b - 0x80
    end
    codes[#codes + 1] = code
  end
  return unpack(codes)
end

--- The characters in reverse order.
---@return UString
function UString:reverse()
  local turned, n = {}, #self
  for i = 1, n do
    turned[i] = self[n - i + 1]
  end
  return setmetatable(turned, meta)
end

local function mapped(self, fn)
  local made = {}
  for i = 1, #self do
    made[i] = fn(self[i])
  end
  return setmetatable(made, meta)
end

--- With the letters A to Z in capitals; others stay.
---@return UString
function UString:upper()
  return mapped(self, string.upper)
end

--- With the letters A to Z in small; others stay.
---@return UString
function UString:lower()
  return mapped(self, string.lower)
end

--- The text several times.
---@param count integer
---@return UString
function UString:rep(count)
  return new(tostring(self):rep(count))
end

-- The byte at which the i-th character begins, one beyond the end included.
local function toByte(self, index)
  local at = 1
  for i = 1, math.min(index - 1, #self) do
    at = at + #self[i]
  end
  return at
end

-- The character that holds the byte.
local function toIndex(self, at)
  local position = 1
  for i = 1, #self do
    position = position + #self[i]
    if at < position then
      return i
    end
  end
  return #self + (at - position) + 1
end

-- What string.find and match return: positions of captures become characters'.
local function converted(self, ...)
  local results, n = { ... }, select('#', ...)
  for i = 1, n do
    if type(results[i]) == 'number' then
      results[i] = toIndex(self, results[i])
    end
  end
  return unpack(results, 1, n)
end

--- Searches as string.find does, by bytes; positions count characters.
---@param pattern string|UString
---@param init integer|nil
---@param plain boolean|nil
---@return integer|nil first
---@return integer|nil last
---@return any ... captures
function UString:find(pattern, init, plain)
  init = init or 1
  if init < 0 then
    init = math.max(#self + init + 1, 1)
  end
  return converted(self, tostring(self):find(tostring(pattern), toByte(self, init), plain))
end

--- Searches as string.match does, by bytes.
---@param pattern string|UString
---@param init integer|nil counts characters
---@return any ... captures
function UString:match(pattern, init)
  init = init or 1
  if init < 0 then
    init = math.max(#self + init + 1, 1)
  end
  return converted(self, tostring(self):match(tostring(pattern), toByte(self, init)))
end

--- As string.gmatch.
---@param pattern string|UString
---@return fun(): any
function UString:gmatch(pattern)
  return tostring(self):gmatch(tostring(pattern))
end

--- As string.gsub.
---@param pattern string|UString
---@param replacement string|table|fun(...): any
---@param count integer|nil
---@return UString text
---@return integer replaced
function UString:gsub(pattern, replacement, count)
  if isText(replacement) then
    replacement = tostring(replacement)
  end
  local text, replaced = tostring(self):gsub(tostring(pattern), replacement, count)
  return new(text), replaced
end

--- As string.format, with this text as the format.
---@param ... any
---@return UString
function UString:format(...)
  local arguments, n = { ... }, select('#', ...)
  for i = 1, n do
    if isText(arguments[i]) then
      arguments[i] = tostring(arguments[i])
    end
  end
  return new(tostring(self):format(unpack(arguments, 1, n)))
end

function meta.__tostring(self)
  return table.concat(self)
end

function meta.__concat(left, right)
  return new(tostring(left) .. tostring(right))
end

function meta.__eq(left, right)
  return tostring(left) == tostring(right)
end

function meta.__lt(left, right)
  return tostring(left) < tostring(right)
end

function meta.__le(left, right)
  return tostring(left) <= tostring(right)
end

-- The functions with the text as their first argument, which may be a string too.
for name, method in pairs(UString) do
  ustring[name] = ustring[name] or function(text, ...)
    return method(isText(text) and text or new(text), ...)
  end
end

return ustring
