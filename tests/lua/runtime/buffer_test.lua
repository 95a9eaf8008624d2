local test = require('./harness')
local Buffer = require('buffer').Buffer
local core = require('core')

test('new: of a length, of a string', function(t)
  local buffer = Buffer:new(3)
  t:equal(#buffer, 3)
  t:equal(buffer.length, 3)
  t:equal(tostring(buffer), '\0\0\0')
  t:equal(tostring(Buffer:new('a\0\255')), 'a\0\255')
  t:equal(#Buffer:new(0), 0)
  t:equal(Buffer:new(''):toString(), '')
  for _, size in ipairs { -1, 1.5, 2 ^ 31, 2 ^ 53, 0 / 0, math.huge } do
    t:raises(function() Buffer:new(size) end, 'buffer_test.lua:%d+: not the length of a Buffer')
  end
  t:raises(function() Buffer:new() end, 'not of a nil')
  t:raises(function() Buffer:new({}) end, 'not of a table')
end)

test('isBuffer and instanceof', function(t)
  local buffer = Buffer:new(1)
  t:equal(Buffer.isBuffer(buffer), true)
  t:equal(core.instanceof(buffer, Buffer), true)
  for _, value in ipairs { 'x', 5, {}, 5LL, Buffer } do
    t:equal(Buffer.isBuffer(value), false)
  end
  t:equal(Buffer.isBuffer(nil), false)
  t:equal(core.instanceof({}, Buffer), false)
end)

test('bytes by index, from 1; ipairs; length', function(t)
  local buffer = Buffer:new('abc')
  t:equal(buffer[1], 97)
  t:equal(buffer[3], 99)
  t:equal(buffer[0], nil)
  t:equal(buffer[4], nil)
  buffer[2] = 0x158
  t:equal(buffer[2], 0x58)
  buffer[3] = -1
  t:equal(buffer[3], 255)
  local seen = {}
  for i, value in ipairs(buffer) do seen[i] = value end
  t:same(seen, { 97, 0x58, 255 })
  t:equal(buffer.ctype[0], 97)
  for _, index in ipairs { 0, 4, -1, 1.5, 'x' } do
    t:raises(function() buffer[index] = 1 end, 'outside of the Buffer')
  end
  t:raises(function() buffer[1] = 'x' end, 'holds numbers, not a string')
  t:equal(buffer.none, nil)
end)

test('reading', function(t)
  local buffer = Buffer:new('\251\004\195\094\128\000\255\254')
  t:equal(buffer:readUInt8(1), 0xFB)
  t:equal(buffer:readInt8(1), -5)
  t:equal(buffer:readInt8(2), 4)
  t:equal(buffer:readInt8(5), -128)
  t:equal(buffer:readUInt16BE(1), 0xFB04)
  t:equal(buffer:readUInt16LE(1), 0x04FB)
  t:equal(buffer:readInt16BE(1), 0xFB04 - 0x10000)
  t:equal(buffer:readInt16LE(1), 0x04FB)
  t:equal(buffer:readInt16LE(7), -257)
  t:equal(buffer:readUInt32BE(1), 0xFB04C35E)
  t:equal(buffer:readUInt32LE(1), 0x5EC304FB)
  t:equal(buffer:readInt32BE(1), 0xFB04C35E - 2 ^ 32)
  t:equal(buffer:readInt32LE(1), 0x5EC304FB)
  t:equal(buffer:readInt32LE(5), 0xFEFF0080 - 2 ^ 32)
  t:equal(buffer:readUInt32LE(5), 0xFEFF0080)
end)

test('writing is the reverse of reading, at the edges of each width', function(t)
  local buffer = Buffer:new(6)
  local widths = { ['8'] = { 8, '' }, ['16'] = { 16, 'LE', 'BE' }, ['32'] = { 32, 'LE', 'BE' } }
  for name, width in pairs(widths) do
    for i = 2, #width do
      local most = 2 ^ width[1]
      for _, value in ipairs { 0, 1, 0x7f, most / 2 - 1, most / 2, most - 1, most, most + 5 } do
        buffer['writeUInt' .. name .. width[i]](buffer, 2, value)
        t:equal(buffer['readUInt' .. name .. width[i]](buffer, 2), value % most)
      end
      for _, value in ipairs { 0, -1, -most / 2, most / 2 - 1, 5 } do
        buffer['writeInt' .. name .. width[i]](buffer, 2, value)
        t:equal(buffer['readInt' .. name .. width[i]](buffer, 2), value)
      end
    end
  end
  t:equal(buffer[1], 0)
  t:equal(buffer[6], 0, 'nothing beyond is touched')
  buffer:writeUInt32BE(1, 0x01020304)
  buffer:writeUInt16LE(5, 0x0506)
  t:equal(buffer:inspect(), '<Buffer 01 02 03 04 06 05>')
end)

test('offsets outside, values that are no numbers', function(t)
  local buffer = Buffer:new(4)
  for name, size in pairs { UInt8 = 1, Int8 = 1, UInt16LE = 2, UInt16BE = 2, Int16LE = 2, Int16BE = 2,
    UInt32LE = 4, UInt32BE = 4, Int32LE = 4, Int32BE = 4 } do
    buffer['read' .. name](buffer, 5 - size)
    buffer['write' .. name](buffer, 5 - size, 1)
    for _, offset in ipairs { 6 - size, 0, -1, 2 ^ 32 + 1, 1.5, 'x', 0 / 0 } do
      t:raises(function() buffer['read' .. name](buffer, offset) end, 'buffer_test.lua:%d+: offset .* is outside')
      t:raises(function() buffer['write' .. name](buffer, offset, 1) end, 'is outside')
    end
    t:raises(function() buffer['read' .. name](buffer) end, 'offset nil is outside')
    t:raises(function() buffer['write' .. name](buffer, 1, 'x') end, 'holds numbers')
  end
end)

test('toString: parts', function(t)
  local buffer = Buffer:new('hello')
  t:equal(buffer:toString(), 'hello')
  t:equal(buffer:toString(2), 'ello')
  t:equal(buffer:toString(2, 3), 'el')
  t:equal(buffer:toString(-3), 'llo')
  t:equal(buffer:toString(1, -2), 'hell')
  t:equal(buffer:toString(4, 2), '')
  t:equal(buffer:toString(-100, 100), 'hello')
  t:equal(buffer:toString(6), '')
end)

test('.. and inspect', function(t)
  local buffer = Buffer:new('b')
  t:equal('a' .. buffer, 'ab')
  t:equal(buffer .. 'c', 'bc')
  t:equal(buffer .. buffer, 'bb')
  t:equal(buffer .. 1, 'b1')
  t:equal(buffer:inspect(), '<Buffer 62>')
  t:equal(Buffer:new(0):inspect(), '<Buffer >')
end)

test('a stream takes it', function(t, expect)
  local stream = require('stream').PassThrough:new()
  stream:write(Buffer:new('bytes'))
  stream:_end()
  stream:on('data', expect(function(chunk) t:equal(chunk, 'bytes') end))
end)
