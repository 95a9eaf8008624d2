--- Bytes that can be changed.

local ffi = require('ffi')
local bit = require('bit')
local core = require('core')

ffi.cdef [[
typedef struct { uint32_t length; uint8_t ctype[?]; } virgo_buffer;
]]

local band, rshift = bit.band, bit.rshift

local LARGEST = 0x7fffffff - 16

local buffer = {}

--- A row of bytes of fixed length. `buffer[i]` is the byte at i, from 1 to `#buffer` (nil
--- beyond); assigned, its lowest 8 bits count. ipairs goes over the bytes, `..` joins as a
--- text. Values are written modulo their width; an offset outside of the buffer raises.
---@class Buffer
---@field length integer bytes
---@field ctype ffi.cdata* the bytes, from 0 on; valid as long as the buffer is held
local Buffer = core.Object:extend()
buffer.Buffer = Buffer

local create

--- Makes a buffer.
---@param content integer|string its length, then it is filled with zeros; or what it holds
---@return Buffer
function Buffer.new(_, content)
  if type(content) == 'string' then
    local made = create(#content, #content)
    ffi.copy(made.ctype, content, #content)
    return made
  elseif type(content) ~= 'number' then
    error('a Buffer is made of its length or of a string, not of a ' .. type(content), 2)
  elseif not (content >= 0 and content <= LARGEST and content % 1 == 0) then
    error('not the length of a Buffer: ' .. tostring(content), 2)
  end
  return create(content, content)
end

--- Whether a value is a Buffer.
---@param value any
---@return boolean
function Buffer.isBuffer(value)
  return type(value) == 'cdata' and ffi.istype('virgo_buffer', value)
end

Buffer.isInstance = Buffer.isBuffer

-- The place of an offset for `size` bytes, counted from 0.
local function place(self, offset, size)
  if type(offset) ~= 'number' or not (offset >= 1 and offset + size - 1 <= self.length)
    or offset % 1 ~= 0 then
    error(('offset %s is outside of the Buffer (%d bytes)'):format(tostring(offset), self.length), 3)
  end
  return offset - 1
end

local function number(value)
  if type(value) ~= 'number' then
    error('a Buffer holds numbers, not a ' .. type(value), 3)
  end
  return value
end

--- Reads a byte.
---@param offset integer
---@return integer
function Buffer:readUInt8(offset)
  return self.ctype[place(self, offset, 1)]
end

--- Reads a signed byte.
---@param offset integer
---@return integer
function Buffer:readInt8(offset)
  local value = self.ctype[place(self, offset, 1)]
  return value < 0x80 and value or value - 0x100
end

local function read16(self, low, high)
  return self.ctype[low] + self.ctype[high] * 0x100
end

local function signed16(value)
  return value < 0x8000 and value or value - 0x10000
end

--- Reads 16 bits, the lowest byte first.
---@param offset integer
---@return integer
function Buffer:readUInt16LE(offset)
  local at = place(self, offset, 2)
  return read16(self, at, at + 1)
end

--- Reads 16 bits, the highest byte first.
---@param offset integer
---@return integer
function Buffer:readUInt16BE(offset)
  local at = place(self, offset, 2)
  return read16(self, at + 1, at)
end

--- Reads signed 16 bits, the lowest byte first.
---@param offset integer
---@return integer
function Buffer:readInt16LE(offset)
  local at = place(self, offset, 2)
  return signed16(read16(self, at, at + 1))
end

--- Reads signed 16 bits, the highest byte first.
---@param offset integer
---@return integer
function Buffer:readInt16BE(offset)
  local at = place(self, offset, 2)
  return signed16(read16(self, at + 1, at))
end

local function read32(self, a, b, c, d)
  local bytes = self.ctype
  return bytes[a] + bytes[b] * 0x100 + bytes[c] * 0x10000 + bytes[d] * 0x1000000
end

local function signed32(value)
  return value < 0x80000000 and value or value - 0x100000000
end

--- Reads 32 bits, the lowest byte first.
---@param offset integer
---@return integer
function Buffer:readUInt32LE(offset)
  local at = place(self, offset, 4)
  return read32(self, at, at + 1, at + 2, at + 3)
end

--- Reads 32 bits, the highest byte first.
---@param offset integer
---@return integer
function Buffer:readUInt32BE(offset)
  local at = place(self, offset, 4)
  return read32(self, at + 3, at + 2, at + 1, at)
end

--- Reads signed 32 bits, the lowest byte first.
---@param offset integer
---@return integer
function Buffer:readInt32LE(offset)
  local at = place(self, offset, 4)
  return signed32(read32(self, at, at + 1, at + 2, at + 3))
end

--- Reads signed 32 bits, the highest byte first.
---@param offset integer
---@return integer
function Buffer:readInt32BE(offset)
  local at = place(self, offset, 4)
  return signed32(read32(self, at + 3, at + 2, at + 1, at))
end

--- Writes a byte.
---@param offset integer
---@param value number
function Buffer:writeUInt8(offset, value)
  self.ctype[place(self, offset, 1)] = band(number(value), 0xff)
end

local function write16(self, low, high, value)
  self.ctype[low] = band(value, 0xff)
  self.ctype[high] = band(rshift(value, 8), 0xff)
end

--- Writes 16 bits, the lowest byte first.
---@param offset integer
---@param value number
function Buffer:writeUInt16LE(offset, value)
  local at = place(self, offset, 2)
  write16(self, at, at + 1, number(value))
end

--- Writes 16 bits, the highest byte first.
---@param offset integer
---@param value number
function Buffer:writeUInt16BE(offset, value)
  local at = place(self, offset, 2)
  write16(self, at + 1, at, number(value))
end

local function write32(self, a, b, c, d, value)
  local bytes = self.ctype
  bytes[a] = band(value, 0xff)
  bytes[b] = band(rshift(value, 8), 0xff)
  bytes[c] = band(rshift(value, 16), 0xff)
  bytes[d] = rshift(value, 24)
end

--- Writes 32 bits, the lowest byte first.
---@param offset integer
---@param value number
function Buffer:writeUInt32LE(offset, value)
  local at = place(self, offset, 4)
  write32(self, at, at + 1, at + 2, at + 3, number(value))
end

--- Writes 32 bits, the highest byte first.
---@param offset integer
---@param value number
function Buffer:writeUInt32BE(offset, value)
  local at = place(self, offset, 4)
  write32(self, at + 3, at + 2, at + 1, at, number(value))
end

-- The bits are the same with a sign.

--- Writes a signed byte.
---@type fun(self: Buffer, offset: integer, value: number)
Buffer.writeInt8 = Buffer.writeUInt8
--- Writes signed 16 bits, the lowest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
Buffer.writeInt16LE = Buffer.writeUInt16LE
--- Writes signed 16 bits, the highest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
Buffer.writeInt16BE = Buffer.writeUInt16BE
--- Writes signed 32 bits, the lowest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
Buffer.writeInt32LE = Buffer.writeUInt32LE
--- Writes signed 32 bits, the highest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
Buffer.writeInt32BE = Buffer.writeUInt32BE

--- The bytes as a text, or those from `first` to `last`, which count as in string.sub.
---@param first integer|nil
---@param last integer|nil
---@return string
function Buffer:toString(first, last)
  local length = self.length
  first, last = first or 1, last or length
  if first < 0 then first = length + first + 1 end
  if last < 0 then last = length + last + 1 end
  first, last = math.max(first, 1), math.min(last, length)
  if first > last then
    return ''
  end
  return ffi.string(self.ctype + (first - 1), last - first + 1)
end

--- A line for people: `<Buffer 01 ff>`.
---@return string
function Buffer:inspect()
  local bytes = {}
  for i = 1, self.length do
    bytes[i] = ('%02x'):format(self.ctype[i - 1])
  end
  return '<Buffer ' .. table.concat(bytes, ' ') .. '>'
end

local function step(self, i)
  i = i + 1
  if i <= self.length then
    return i, self.ctype[i - 1]
  end
end

function Buffer.__ipairs(self)
  return step, self, 0
end

create = ffi.metatype('virgo_buffer', {
  __index = function(self, key)
    if type(key) == 'number' then
      if key >= 1 and key <= self.length then
        return self.ctype[key - 1]
      end
      return nil
    end
    return Buffer[key]
  end,
  __newindex = function(self, key, value)
    self.ctype[place(self, key, 1)] = band(number(value), 0xff)
  end,
  __len = function(self)
    return self.length
  end,
  __tostring = function(self)
    return ffi.string(self.ctype, self.length)
  end,
  __concat = function(left, right)
    return tostring(left) .. tostring(right)
  end,
})

return buffer
