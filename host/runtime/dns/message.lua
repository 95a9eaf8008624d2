--- DNS messages as bytes (RFC 1035, 2782, 3596): pure functions, no I/O. Nothing here
--- raises for bytes that came from elsewhere: what is malformed is nil and a sentence.
---
--- Names are text without the final dot ("." is the root). A dot or backslash inside a
--- label is written `\.` and `\\`, and what is not printable ASCII `\DDD`.

local bit = require('bit')
local address = require('net/address')

local band, bor, rshift, lshift = bit.band, bit.bor, bit.rshift, bit.lshift
local byte, char, sub, concat = string.byte, string.char, string.sub, table.concat

local message = {}

message.TYPE_A, message.TYPE_NS, message.TYPE_CNAME, message.TYPE_SOA = 1, 2, 5, 6
message.TYPE_PTR, message.TYPE_MX, message.TYPE_TXT = 12, 15, 16
message.TYPE_AAAA, message.TYPE_SRV = 28, 33
message.CLASS_IN = 1

message.RCODES = {
  [0] = 'NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED',
}

local MAX_NAME = 255 -- octets on the wire, length bytes and the root included
local MAX_LABEL = 63
local MAX_POINTERS = 127

--------------------------------------------------------------------------------
-- Names

-- The octets of a label whose text has escapes; nil if an escape is none.
local function unescape(label)
  local out, i = {}, 1
  while i <= #label do
    local c = sub(label, i, i)
    if c ~= '\\' then
      out[#out + 1], i = c, i + 1
    else
      local number = label:match('^%d%d%d', i + 1)
      if number and tonumber(number) > 255 then
        return nil
      elseif number then
        out[#out + 1], i = char(tonumber(number)), i + 4
      elseif i == #label then
        return nil
      else
        out[#out + 1], i = sub(label, i + 1, i + 1), i + 2
      end
    end
  end
  return concat(out)
end

local function escapeByte(c)
  if c == '.' or c == '\\' then
    return '\\' .. c
  end
  return ('\\%03d'):format(byte(c))
end

-- A text's labels, still escaped.
local function split(name)
  local labels, from, i = {}, 1, 1
  while i <= #name do
    local c = byte(name, i)
    if c == 92 then -- backslash
      i = i + 2
    elseif c == 46 then
      labels[#labels + 1] = sub(name, from, i - 1)
      from, i = i + 1, i + 1
    else
      i = i + 1
    end
  end
  if from <= #name then
    labels[#labels + 1] = sub(name, from)
  end
  return labels
end

--- The wire form of a name, uncompressed. A final dot makes no difference.
---@param name string
---@return string|nil octets nil and a sentence if it is no name
---@return string|nil why
function message.encodeName(name)
  if name == '.' then
    return '\0'
  end
  if name == '' then
    return nil, 'the name is empty'
  end
  local labels = split(name)
  local size = 1
  for i = 1, #labels do
    local label = labels[i]
    if label:find('\\', 1, true) then
      label = unescape(label)
      if not label then
        return nil, 'the name has an escape that is none'
      end
    end
    if label == '' then
      return nil, 'the name has an empty label'
    elseif #label > MAX_LABEL then
      return nil, 'the name has a label of more than 63 octets'
    end
    labels[i] = char(#label) .. label
    size = size + 1 + #label
  end
  if size > MAX_NAME then
    return nil, 'the name has more than 255 octets'
  end
  return concat(labels) .. '\0'
end

-- Reads a name at `at`: the text and where what follows it begins, or nil, why.
-- A pointer must lead to before the labels it ends, so each jump goes back and a
-- loop is impossible.
local function readName(data, at)
  local labels, count = {}, 0
  local size, jumps, lowest, after = 1, 0, at, nil
  while true do
    local length = byte(data, at)
    if not length then
      return nil, 'a name goes beyond the end'
    elseif length == 0 then
      return count == 0 and '.' or concat(labels, '.'), after or at + 1
    elseif length >= 192 then
      local low = byte(data, at + 1)
      if not low then
        return nil, 'a name goes beyond the end'
      end
      after = after or at + 2
      at = (length - 192) * 256 + low + 1
      jumps = jumps + 1
      if at >= lowest then
        return nil, 'a compressed name points forward'
      elseif jumps > MAX_POINTERS then
        return nil, 'a name has too many pointers'
      end
      lowest = at
    elseif length > MAX_LABEL then
      return nil, 'a label of an unknown kind'
    else
      size = size + 1 + length
      if size > MAX_NAME then
        return nil, 'a name of more than 255 octets'
      elseif at + length > #data then
        return nil, 'a name goes beyond the end'
      end
      count = count + 1
      labels[count] = (sub(data, at + 1, at + length):gsub('[%.\\%c \127-\255]', escapeByte))
      at = at + 1 + length
    end
  end
end

--- Whether two names are the same: without regard to case or a final dot.
---@param a string
---@param b string
---@return boolean
function message.sameName(a, b)
  if a == b then
    return true
  end
  return (a:lower():gsub('([^\\])%.$', '%1')) == (b:lower():gsub('([^\\])%.$', '%1'))
end

--------------------------------------------------------------------------------
-- Numbers, and the names of addresses

local function u16(data, at)
  local a, b = byte(data, at, at + 1)
  return a * 256 + b
end

local function u32(data, at)
  local a, b, c, d = byte(data, at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

local function put16(value)
  return char(band(rshift(value, 8), 255), band(value, 255))
end

local function put32(value)
  return put16(math.floor(value / 65536)) .. put16(value % 65536)
end

--- The name under which the PTR record of an address is.
---@param text string IPv4 or IPv6
---@return string|nil name nil if it is no address
function message.reverseName(text)
  local octets = address.parseIpv4(text)
  if octets then
    local a, b, c, d = byte(octets, 1, 4)
    return ('%d.%d.%d.%d.in-addr.arpa'):format(d, c, b, a)
  end
  octets = address.parseIpv6(text)
  if not octets then
    return nil
  end
  local nibbles = {}
  for i = 16, 1, -1 do
    local value = byte(octets, i)
    nibbles[#nibbles + 1] = ('%x.%x'):format(value % 16, (value - value % 16) / 16)
  end
  return concat(nibbles, '.') .. '.ip6.arpa'
end

--------------------------------------------------------------------------------
-- Record data: readers get the record to fill, the message, and where the data is
-- and ends. They return true, or nil and why.

local function nameReader(field)
  return function(record, data, from, to)
    local name, after = readName(data, from)
    if not name then
      return nil, after
    elseif after ~= to + 1 then
      return nil, 'record data of a wrong length'
    end
    record[field] = name
    return true
  end
end

-- `size` octets of numbers, then a name.
local function numbersAndName(size, field, read)
  local readTail = nameReader(field)
  return function(record, data, from, to)
    if to - from + 1 < size then
      return nil, 'record data of a wrong length'
    end
    read(record, data, from)
    return readTail(record, data, from + size, to)
  end
end

local function readText(record, data, from, to)
  local strings = {}
  while from <= to do
    local length = byte(data, from)
    if from + length > to then
      return nil, 'record data of a wrong length'
    end
    strings[#strings + 1] = sub(data, from + 1, from + length)
    from = from + 1 + length
  end
  if not strings[1] then
    return nil, 'record data of a wrong length'
  end
  record.strings, record.txt = strings, concat(strings)
  return true
end

local function readSoa(record, data, from, to)
  local mname, rname, at
  mname, at = readName(data, from)
  if mname then
    rname, at = readName(data, at)
  end
  if not rname then
    return nil, at
  elseif at + 19 ~= to then
    return nil, 'record data of a wrong length'
  end
  record.mname, record.rname = mname, rname
  record.serial, record.refresh, record.retry = u32(data, at), u32(data, at + 4), u32(data, at + 8)
  record.expire, record.minimum = u32(data, at + 12), u32(data, at + 16)
  return true
end

local readers = {
  [message.TYPE_A] = function(record, data, from, to)
    if to - from ~= 3 then
      return nil, 'record data of a wrong length'
    end
    record.address = ('%d.%d.%d.%d'):format(byte(data, from, to))
    return true
  end,
  [message.TYPE_AAAA] = function(record, data, from, to)
    if to - from ~= 15 then
      return nil, 'record data of a wrong length'
    end
    record.address = address.formatIpv6(sub(data, from, to))
    return true
  end,
  [message.TYPE_NS] = nameReader('nsdname'),
  [message.TYPE_CNAME] = nameReader('cname'),
  [message.TYPE_PTR] = nameReader('ptrdname'),
  [message.TYPE_TXT] = readText,
  [message.TYPE_SOA] = readSoa,
  [message.TYPE_MX] = numbersAndName(2, 'exchange', function(record, data, at)
    record.preference = u16(data, at)
  end),
  [message.TYPE_SRV] = numbersAndName(6, 'target', function(record, data, at)
    record.priority, record.weight, record.port = u16(data, at), u16(data, at + 2), u16(data, at + 4)
  end),
}

--------------------------------------------------------------------------------
-- Whole messages

--- The header of a message.
---@param data string
---@return table|nil header id, response, opcode, authoritative, truncated, recursionDesired,
--- recursionAvailable, rcode, and counts; nil and a sentence if there is none
---@return string|nil why
function message.decodeHeader(data)
  if #data < 12 then
    return nil, 'a header needs 12 octets'
  end
  local flags = u16(data, 3)
  return {
    id = u16(data, 1),
    response = band(flags, 0x8000) ~= 0,
    opcode = band(rshift(flags, 11), 15),
    authoritative = band(flags, 0x0400) ~= 0,
    truncated = band(flags, 0x0200) ~= 0,
    recursionDesired = band(flags, 0x0100) ~= 0,
    recursionAvailable = band(flags, 0x0080) ~= 0,
    rcode = band(flags, 15),
    counts = { u16(data, 5), u16(data, 7), u16(data, 9), u16(data, 11) },
  }
end

-- The questions: their list and where the records begin, or nil, why.
local function readQuestions(data, count)
  local list, at = {}, 13
  for i = 1, count do
    local name, after = readName(data, at)
    if not name then
      return nil, after
    elseif after + 3 > #data then
      return nil, 'a question goes beyond the end'
    end
    list[i] = { name = name, type = u16(data, after), class = u16(data, after + 2) }
    at = after + 4
  end
  return list, at
end

--- The header and the questions only: what tells whose answer a message is, also
--- when the rest of it is malformed.
---@param data string
---@return table|nil header with the field questions
---@return string|nil why
function message.decodeQuestions(data)
  local header, why = message.decodeHeader(data)
  if not header then
    return nil, why
  end
  header.questions, why = readQuestions(data, header.counts[1])
  if not header.questions then
    return nil, why
  end
  return header
end

local function readRecord(data, at)
  local name, after = readName(data, at)
  if not name then
    return nil, after
  elseif after + 9 > #data then
    return nil, 'a record goes beyond the end'
  end
  local record = { name = name, type = u16(data, after), class = u16(data, after + 2) }
  local ttl = u32(data, after + 4)
  record.ttl = ttl < 0x80000000 and ttl or 0 -- RFC 2181, 8
  local from = after + 10
  local to = from + u16(data, after + 8) - 1
  if to > #data then
    return nil, 'a record goes beyond the end'
  end
  local read = record.class == message.CLASS_IN and readers[record.type]
  if read then
    local ok, why = read(record, data, from, to)
    if not ok then
      return nil, why
    end
  else
    record.rdata = sub(data, from, to)
  end
  return record, to + 1
end

local SECTIONS = { false, 'answers', 'authorities', 'additionals' }

--- A whole message. Octets behind its last record are not looked at.
---@param data string
---@return table|nil message the header's fields, questions (name, type, class), and answers,
--- authorities and additionals (name, type, class, ttl and what the type has: address, cname,
--- nsdname, ptrdname, exchange and preference, txt and strings, target, port, priority and
--- weight, or rdata); nil and a sentence if it is malformed
---@return string|nil why
function message.decode(data)
  local decoded, why = message.decodeHeader(data)
  if not decoded then
    return nil, why
  end
  local at
  decoded.questions, at = readQuestions(data, decoded.counts[1])
  if not decoded.questions then
    return nil, at
  end
  for section = 2, 4 do
    local list = {}
    for i = 1, decoded.counts[section] do
      list[i], at = readRecord(data, at)
      if not list[i] then
        return nil, at
      end
    end
    decoded[SECTIONS[section]] = list
  end
  return decoded
end

--- A query with one question.
---@param id integer 0 to 65535
---@param name string
---@param type integer
---@param class integer|nil CLASS_IN if left out
---@return string|nil octets nil and a sentence if it is no name
---@return string|nil why
function message.encodeQuery(id, name, type, class)
  local wire, why = message.encodeName(name)
  if not wire then
    return nil, why
  end
  return put16(id) .. '\1\0\0\1\0\0\0\0\0\0' .. wire .. put16(type) .. put16(class or 1)
end

local writers = {
  [message.TYPE_A] = function(record) return address.parseIpv4(record.address) end,
  [message.TYPE_AAAA] = function(record) return address.parseIpv6(record.address) end,
  [message.TYPE_NS] = function(record) return message.encodeName(record.nsdname) end,
  [message.TYPE_CNAME] = function(record) return message.encodeName(record.cname) end,
  [message.TYPE_PTR] = function(record) return message.encodeName(record.ptrdname) end,
  [message.TYPE_MX] = function(record)
    return put16(record.preference) .. message.encodeName(record.exchange)
  end,
  [message.TYPE_SRV] = function(record)
    return put16(record.priority) .. put16(record.weight) .. put16(record.port)
      .. message.encodeName(record.target)
  end,
  [message.TYPE_TXT] = function(record)
    local out = {}
    for i, text in ipairs(record.strings or { record.txt }) do
      out[i] = char(#text) .. text
    end
    return concat(out)
  end,
}

local function encodeRecord(record)
  local write = writers[record.type]
  local rdata = record.rdata or write(record)
  return message.encodeName(record.name) .. put16(record.type) .. put16(record.class or 1)
    .. put32(record.ttl or 0) .. put16(#rdata) .. rdata
end

--- The octets of a message as `decode` returns it, names uncompressed; what is left out
--- is zero or empty. For servers: raises if a field that its type needs is no good.
---@param fields table
---@return string octets
function message.encode(fields)
  local flags = bor(fields.response and 0x8000 or 0, lshift(fields.opcode or 0, 11),
    fields.authoritative and 0x0400 or 0, fields.truncated and 0x0200 or 0,
    fields.recursionDesired and 0x0100 or 0, fields.recursionAvailable and 0x0080 or 0,
    fields.rcode or 0)
  local questions = fields.questions or {}
  local out = { put16(fields.id), put16(flags), put16(#questions) }
  for section = 2, 4 do
    out[#out + 1] = put16(#(fields[SECTIONS[section]] or {}))
  end
  for _, question in ipairs(questions) do
    out[#out + 1] = message.encodeName(question.name) .. put16(question.type)
      .. put16(question.class or 1)
  end
  for section = 2, 4 do
    for _, record in ipairs(fields[SECTIONS[section]] or {}) do
      out[#out + 1] = encodeRecord(record)
    end
  end
  return concat(out)
end

return message
