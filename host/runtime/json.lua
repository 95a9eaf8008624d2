--- JSON: text to Lua values and back, with the interface of dkjson.

local ffi = require('ffi')
local native = require('native.json')

local concat, istype, type = table.concat, ffi.istype, type
local int64, uint64 = ffi.typeof('int64_t'), ffi.typeof('uint64_t')

local json = {}

json.version = 'dkjson 2.5'

--- What stands for JSON's null in tables, where nil cannot stand. Give it to `decode`
--- as `nullval` to get it; `encode` writes it as null.
json.null = setmetatable({}, {
  __tojson = function() return 'null' end,
  __tostring = function() return 'null' end,
})

-- The metatables of what decode makes, so that empty arrays and objects stay what
-- they were.
local object_meta = { __jsontype = 'object' }
local array_meta = { __jsontype = 'array' }

--- The text as a JSON string, in quotes.
---@param text string
---@return string json
function json.quotestring(text)
  return native.quote(text)
end

-- Calls `writer`, which returns JSON text or true after it appended to state.buffer,
-- with a buffer of its own. Returns the text, or nil and a message.
local function written(writer, state, ...)
  local buffer, length = state.buffer, state.bufferlen
  local own = {}
  state.buffer, state.bufferlen = own, 0
  local result, message = writer(...)
  local text = result
  if result and type(result) ~= 'string' then
    text = concat(own, '', 1, state.bufferlen or #own)
  elseif result and own[1] then
    text = concat(own, '', 1, state.bufferlen or #own) .. result
  end
  state.buffer, state.bufferlen = buffer, length
  return text or nil, message
end

-- What cannot be written: the state's exception handler decides.
local function refuse(reason, value, state, message)
  message = message or reason
  if reason == 'unsupported type' then
    message = "type '" .. type(value) .. "' is not supported by JSON."
  end
  local handler = state.exception
  if handler then
    local text, why = written(handler, state, reason, value, state, message)
    if text then return text end
    message = why or message
  end
  error(message, 0)
end

local function custom(tojson, value, state)
  local tables = state.tables
  if not tables then
    tables = {}
    state.tables = tables
  end
  if tables[value] then
    return refuse('reference cycle', value, state)
  end
  tables[value] = true
  local text, message = written(tojson, state, value, state)
  tables[value] = nil
  return text or refuse('custom encoder failed', value, state, message)
end

local decode, encode = native.codec {
  make_i64 = function(high, low) return int64(high) * 0x100000000LL + int64(low) end,
  make_u64 = function(high, low) return uint64(high) * 0x100000000ULL + uint64(low) end,
  integer_text = function(value)
    if istype(int64, value) or istype(uint64, value) then
      return (tostring(value):gsub('U?LL$', ''))
    end
  end,
  custom = custom,
  refuse = refuse,
}

--- Options of `encode`, and what `__tojson` and `exception` are given.
---@class JsonState
---@field indent boolean|nil each member of an object on a line of its own
---@field level integer|nil how deep the value stands, for `indent`
---@field keyorder string[]|nil these keys come first, in this order
---@field buffer string[]|nil the text is appended to this list, and `encode` returns true
---@field bufferlen integer|nil how many elements of `buffer` count
---@field exception (fun(reason: string, value: any, state: JsonState, message: string): string|boolean|nil, string|nil)|nil called for what cannot be written; returns JSON text in its place, or true when it appended to `state.buffer`, or nil and a message

--- A Lua value as JSON text. A table whose keys are 1..n (or that is empty) is an
--- array, every other an object; a metatable with `__jsontype = 'object'` makes an
--- empty one an object, `__tojson` writes the table itself and `__jsonorder` orders
--- its keys. NaN and infinities are null; int64 and uint64 values are exact; bytes
--- that are not UTF-8 become U+FFFD. Raises an error for functions and other values
--- JSON lacks, for tables that contain themselves and for more than 1000 levels.
---@param value any
---@param state JsonState|nil
---@return string|boolean json true with `state.buffer`
function json.encode(value, state)
  if type(state) ~= 'table' then
    state = {} -- the position, when decode's results were handed on
  end
  local text = encode(value, state.indent, state.level, state.keyorder, state)
  local buffer = state.buffer
  if not buffer then
    return text
  end
  local length = (state.bufferlen or 0) + 1
  buffer[length] = text
  state.bufferlen = length
  return true
end

--- The JSON value that begins at byte `pos` of a text. Comments count as white space.
--- Integers beyond 2^53 become int64 or uint64 values, exact to the last digit.
--- What is not JSON, also a value nested deeper than 1000 levels, gives nil, the
--- place, and a sentence with line and column.
---@param text string
---@param pos integer|nil where to begin; 1
---@param nullval any what becomes of null; nil, so that members that are null vanish
---@param objectmeta table|nil metatable of objects; nil given explicitly: none
---@param arraymeta table|nil metatable of arrays
---@param values integer|nil how many values there may be together, for texts from outside
---@return any value
---@return integer next the byte after the value, or the one that is wrong
---@return string|nil message
function json.decode(text, pos, nullval, ...)
  if select('#', ...) == 0 then
    return decode(text, pos, nullval, object_meta, array_meta)
  end
  local objectmeta, arraymeta, values = ...
  return decode(text, pos, nullval, objectmeta, arraymeta, values)
end

--- For `__tojson`: with `state.indent`, a line break and the indentation go into
--- `state.buffer`.
---@param state JsonState
function json.addnewline(state)
  if state.indent then
    local length = (state.bufferlen or #state.buffer) + 1
    state.buffer[length] = '\n' .. ('  '):rep(state.level or 0)
    state.bufferlen = length
  end
end

--- An exception handler that writes what cannot be encoded as a string "<message>".
---@param reason string
---@param value any
---@param state JsonState
---@param message string
---@return string json
function json.encodeexception(reason, value, state, message)
  return json.quotestring('<' .. message .. '>')
end

--- For programs written for dkjson: this engine needs no lpeg.
---@return table json this module
function json.use_lpeg()
  return json
end

json.using_lpeg = false
json.parse = json.decode
json.stringify = json.encode

return json
