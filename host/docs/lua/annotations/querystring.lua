---@meta querystring
-- Generated from host/runtime by ./dev docs.

--- The query of a URL: `a=1&b=two%20words`.
---@class querystring.module
local querystring = {}

--- Encodes everything but letters, digits and `-_.~` as %XX.
---@param text any
---@return string
function querystring.urlencode(text) end

--- Decodes %XX, and + as a space. What is not well formed stays as it is.
---@param text string
---@return string
function querystring.urldecode(text) end

--- Makes a query of a table, its keys sorted. A value that is a list gives a pair for each
--- of its elements; one that is no text, number or boolean is empty.
---@param params table<any, any>
---@param separator string|nil "&" when not given
---@param equals string|nil "=" when not given
---@return string
function querystring.stringify(params, separator, equals) end

--- Takes a query apart. A key that comes more than once has a list of its values; one
--- without a value has an empty text.
---@param text string
---@param separator string|nil "&" when not given
---@param equals string|nil "=" when not given
---@return table<string, string|string[]>
function querystring.parse(text, separator, equals) end

return querystring
