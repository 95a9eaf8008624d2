---@meta http-codec
-- Generated from host/runtime by ./dev docs.

--- HTTP/1.1 messages as Lua values, without I/O: heads as tables, bodies as strings.
---
--- A head has the fields `method` and `path`, or `code` and `reason`; `version` (1.1),
--- `keepAlive`, and its header fields as numbered parts: `{ {name, value}, ... }`. A body
--- comes as strings, the empty one is its end.
---@class http-codec.module
local http_codec = {}

--- Makes an encoder: a function that is given a head and then the pieces of its body, and
--- returns the bytes to send. The empty string ends a chunked body; nil gives nothing. The
--- body is chunked when the head says so (`Transfer-Encoding: chunked`), else sent as it is.
--- What is no head, or would not be one line, is raised.
---@return fun(item: table|string|nil): string|nil encode
function http_codec.encoder() end

--- Makes a decoder: a function that is given bytes and returns the next item, a head or a
--- piece of its body, and what is left; nothing when the item is not complete, then it is
--- to be called again with the same bytes and more behind them. The empty string ends each
--- body, also one of no bytes.
---
--- With an index as second argument decoding begins there, and the index behind the item
--- is returned in place of the rest. What is no HTTP, or too large, is raised.
--- nil in place of bytes is the end of the stream, which ends a body without length.
---@param options {method: string}|nil of a response: the method that was asked with
---@return fun(bytes: string|nil, index: integer|nil): table|string|nil, string|integer|nil decode
function http_codec.decoder(options) end

return http_codec
