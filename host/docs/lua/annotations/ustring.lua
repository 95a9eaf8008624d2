---@meta ustring
-- Generated from host/runtime by ./dev docs.

--- Texts as rows of UTF-8 characters: lengths, positions and parts count characters where
--- those of `string` count bytes.
---@class ustring.module
local ustring = {}

-- of ustring.lua, UString
--- A text. `text[i]` is the i-th character, `#text` their number. A byte that is not part
--- of a well-formed character counts as one character and stays as it is.
---@class UString
local class_UString = {}

--- The number of characters.
---@return integer
function class_UString:len() end

--- The characters from `first` to `last`, as string.sub counts.
---@param first integer|nil
---@param last integer|nil
---@return UString
function class_UString:sub(first, last) end

--- The code points of the characters from `first` to `last`.
---@param first integer|nil 1 when not given
---@param last integer|nil `first` when not given
---@return integer ... a byte that is no character gives itself
function class_UString:codepoint(first, last) end

--- The characters in reverse order.
---@return UString
function class_UString:reverse() end

--- With the letters A to Z in capitals; others stay.
---@return UString
function class_UString:upper() end

--- With the letters A to Z in small; others stay.
---@return UString
function class_UString:lower() end

--- The text several times.
---@param count integer
---@return UString
function class_UString:rep(count) end

--- Searches as string.find does, by bytes; positions count characters.
---@param pattern string|UString
---@param init integer|nil
---@param plain boolean|nil
---@return integer|nil first
---@return integer|nil last
---@return any ... captures
function class_UString:find(pattern, init, plain) end

--- Searches as string.match does, by bytes.
---@param pattern string|UString
---@param init integer|nil counts characters
---@return any ... captures
function class_UString:match(pattern, init) end

--- As string.gmatch.
---@param pattern string|UString
---@return fun(): any
function class_UString:gmatch(pattern) end

--- As string.gsub.
---@param pattern string|UString
---@param replacement string|table|fun(...): any
---@param count integer|nil
---@return UString text
---@return integer replaced
function class_UString:gsub(pattern, replacement, count) end

--- As string.format, with this text as the format.
---@param ... any
---@return UString
function class_UString:format(...) end

ustring.UString = class_UString

--- Makes a text.
---@param text string|UString
---@return UString
function ustring.new(text) end

--- Whether a string is well-formed UTF-8.
---@param text string
---@return boolean valid
---@return integer|nil at the first byte that is not
function ustring.isValid(text) end

--- The character of a code point. One that has no character raises.
---@param code integer
---@return string
function ustring.char(code) end

--- The same as UString:codepoint.
ustring.codepoint = nil

--- The same as UString:find.
ustring.find = nil

--- The same as UString:format.
ustring.format = nil

--- The same as UString:gmatch.
ustring.gmatch = nil

--- The same as UString:gsub.
ustring.gsub = nil

--- The same as UString:len.
ustring.len = nil

--- The same as UString:lower.
ustring.lower = nil

--- The same as UString:match.
ustring.match = nil

--- The same as UString:rep.
ustring.rep = nil

--- The same as UString:reverse.
ustring.reverse = nil

--- The same as UString:sub.
ustring.sub = nil

--- The same as UString:upper.
ustring.upper = nil

return ustring
