---@meta http-header
-- Generated from host/runtime by ./dev docs.

--- Header fields as a table: an ordered list of {name, value} pairs that is also read and
--- written by name, in any case.
---
--- `headers['content-type']` gives the value of the last field of that name; assigning
--- replaces all of that name, nil removes them; a list of values becomes a field each.
--- `for i = 1, #headers` goes over the pairs, pairs() over names (small letters) and values.
---@class http-header.module
local http_header = {}

--- The metatable of header tables.
---@type table
http_header.headerMeta = nil

--- An empty header table.
---@return table headers
function http_header.newHeaders() end

--- Makes a header table of a list of pairs, or of fields by name, or of both. The table
--- itself is changed when it holds pairs only.
---@param given table|nil
---@return table headers
function http_header.toHeaders(given) end

--- A new table with the fields of both; of a name in both those of `second` stand.
---@param first table|nil
---@param second table|nil
---@return table headers
function http_header.combineHeaders(first, second) end

--- The pairs of a table that holds them beside other things, such as the head that
--- http-codec gives.
---@param from table
---@return table headers
function http_header.getHeaders(from) end

return http_header
