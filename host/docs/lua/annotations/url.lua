---@meta url
-- Generated from host/runtime by ./dev docs.

--- URLs taken apart, put together and resolved. Any text can be parsed; what may not
--- be in a URL is percent-encoded where it is, so that it does not move from one part
--- to another.
---@class url.module
local url = {}

--- Takes a URL apart. Parts it does not have are nil.
---@param text string
---@param parseQuery boolean|nil makes `query` a table, by querystring.parse
---@param slashesDenoteHost boolean|nil "//host/path" without a protocol has a host
---@return {href: string, protocol: string|nil, auth: string|nil, host: string|nil, hostname: string|nil, port: string|nil, pathname: string|nil, search: string|nil, path: string|nil, query: string|table|nil, hash: string|nil} parsed protocol without ":"; host with the port; port a text
function url.parse(text, parseQuery, slashesDenoteHost) end

--- Puts a URL together of what parse gives: protocol (with or without ":"), auth, host or
--- else hostname and port, pathname, search or else query (a table), hash.
---@param parts table|string a string is parsed first
---@return string
function url.format(parts) end

--- Where a link leads that stands in the document `base`; see resolve.
---@param base string|table
---@param link string|table
---@return table parsed as parse gives it
function url.resolveObject(base, link) end

--- Where a link leads that stands in the document `base`.
---@param base string|table
---@param link string|table
---@return string
function url.resolve(base, link) end

return url
