---@meta buffer
-- Generated from host/runtime by ./dev docs.

--- Bytes that can be changed.
---@class buffer.module
local buffer = {}

-- of buffer.lua, Buffer
--- A row of bytes of fixed length. `buffer[i]` is the byte at i, from 1 to `#buffer` (nil
--- beyond); assigned, its lowest 8 bits count. ipairs goes over the bytes, `..` joins as a
--- text. Values are written modulo their width; an offset outside of the buffer raises.
---@class Buffer
---@field length integer bytes
---@field ctype ffi.cdata* the bytes, from 0 on; valid as long as the buffer is held
local class_Buffer = {}

--- Makes a buffer.
---@param content integer|string its length, then it is filled with zeros; or what it holds
---@return Buffer
function class_Buffer.new(_, content) end

--- Whether a value is a Buffer.
---@param value any
---@return boolean
function class_Buffer.isBuffer(value) end

--- Reads a byte.
---@param offset integer
---@return integer
function class_Buffer:readUInt8(offset) end

--- Reads a signed byte.
---@param offset integer
---@return integer
function class_Buffer:readInt8(offset) end

--- Reads 16 bits, the lowest byte first.
---@param offset integer
---@return integer
function class_Buffer:readUInt16LE(offset) end

--- Reads 16 bits, the highest byte first.
---@param offset integer
---@return integer
function class_Buffer:readUInt16BE(offset) end

--- Reads signed 16 bits, the lowest byte first.
---@param offset integer
---@return integer
function class_Buffer:readInt16LE(offset) end

--- Reads signed 16 bits, the highest byte first.
---@param offset integer
---@return integer
function class_Buffer:readInt16BE(offset) end

--- Reads 32 bits, the lowest byte first.
---@param offset integer
---@return integer
function class_Buffer:readUInt32LE(offset) end

--- Reads 32 bits, the highest byte first.
---@param offset integer
---@return integer
function class_Buffer:readUInt32BE(offset) end

--- Reads signed 32 bits, the lowest byte first.
---@param offset integer
---@return integer
function class_Buffer:readInt32LE(offset) end

--- Reads signed 32 bits, the highest byte first.
---@param offset integer
---@return integer
function class_Buffer:readInt32BE(offset) end

--- Writes a byte.
---@param offset integer
---@param value number
function class_Buffer:writeUInt8(offset, value) end

--- Writes 16 bits, the lowest byte first.
---@param offset integer
---@param value number
function class_Buffer:writeUInt16LE(offset, value) end

--- Writes 16 bits, the highest byte first.
---@param offset integer
---@param value number
function class_Buffer:writeUInt16BE(offset, value) end

--- Writes 32 bits, the lowest byte first.
---@param offset integer
---@param value number
function class_Buffer:writeUInt32LE(offset, value) end

--- Writes 32 bits, the highest byte first.
---@param offset integer
---@param value number
function class_Buffer:writeUInt32BE(offset, value) end

--- Writes a signed byte.
---@type fun(self: Buffer, offset: integer, value: number)
function class_Buffer.writeInt8(...) end

--- Writes signed 16 bits, the lowest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
function class_Buffer.writeInt16LE(...) end

--- Writes signed 16 bits, the highest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
function class_Buffer.writeInt16BE(...) end

--- Writes signed 32 bits, the lowest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
function class_Buffer.writeInt32LE(...) end

--- Writes signed 32 bits, the highest byte first.
---@type fun(self: Buffer, offset: integer, value: number)
function class_Buffer.writeInt32BE(...) end

--- The bytes as a text, or those from `first` to `last`, which count as in string.sub.
---@param first integer|nil
---@param last integer|nil
---@return string
function class_Buffer:toString(first, last) end

--- A line for people: `<Buffer 01 ff>`.
---@return string
function class_Buffer:inspect() end

buffer.Buffer = class_Buffer

return buffer
