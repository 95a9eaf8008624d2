---@meta json
-- Generated from host/runtime by ./dev docs.

--- JSON: text to Lua values and back, with the interface of dkjson.
---@class json.module
local json = {}

-- of json.lua, nil
--- Options of `encode`, and what `__tojson` and `exception` are given.
---@class JsonState
---@field indent boolean|nil each member of an object on a line of its own
---@field level integer|nil how deep the value stands, for `indent`
---@field keyorder string[]|nil these keys come first, in this order
---@field buffer string[]|nil the text is appended to this list, and `encode` returns true
---@field bufferlen integer|nil how many elements of `buffer` count
---@field exception (fun(reason: string, value: any, state: JsonState, message: string): string|boolean|nil, string|nil)|nil called for what cannot be written; returns JSON text in its place, or true when it appended to `state.buffer`, or nil and a message
local class_JsonState = {}

--- What stands for JSON's null in tables, where nil cannot stand. Give it to `decode`
--- as `nullval` to get it; `encode` writes it as null.
json.null = nil

--- The text as a JSON string, in quotes.
---@param text string
---@return string json
function json.quotestring(text) end

--- A Lua value as JSON text. A table whose keys are 1..n (or that is empty) is an
--- array, every other an object; a metatable with `__jsontype = 'object'` makes an
--- empty one an object, `__tojson` writes the table itself and `__jsonorder` orders
--- its keys. NaN and infinities are null; int64 and uint64 values are exact; bytes
--- that are not UTF-8 become U+FFFD. Raises an error for functions and other values
--- JSON lacks, for tables that contain themselves and for more than 1000 levels.
---@param value any
---@param state JsonState|nil
---@return string|boolean json true with `state.buffer`
function json.encode(value, state) end

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
function json.decode(text, pos, nullval, ...) end

--- For `__tojson`: with `state.indent`, a line break and the indentation go into
--- `state.buffer`.
---@param state JsonState
function json.addnewline(state) end

--- An exception handler that writes what cannot be encoded as a string "<message>".
---@param reason string
---@param value any
---@param state JsonState
---@param message string
---@return string json
function json.encodeexception(reason, value, state, message) end

--- For programs written for dkjson: this engine needs no lpeg.
---@return table json this module
function json.use_lpeg() end

--- The same as json.decode.
json.parse = nil

--- The same as json.encode.
json.stringify = nil

---@type boolean
json.using_lpeg = nil

---@type string
json.version = nil

return json
