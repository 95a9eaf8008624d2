--- HTTP/1.1 messages as Lua values, without I/O: heads as tables, bodies as strings.
---
--- A head has the fields `method` and `path`, or `code` and `reason`; `version` (1.1),
--- `keepAlive`, and its header fields as numbered parts: `{ {name, value}, ... }`. A body
--- comes as strings, the empty one is its end.

local native = require('native.http_server')

local find, sub, lower = string.find, string.sub, string.lower

local codec = {}

local reasons = {
  [100] = 'Continue', [101] = 'Switching Protocols', [102] = 'Processing', [103] = 'Early Hints',
  [200] = 'OK', [201] = 'Created', [202] = 'Accepted', [203] = 'Non-Authoritative Information',
  [204] = 'No Content', [205] = 'Reset Content', [206] = 'Partial Content', [207] = 'Multi-Status',
  [300] = 'Multiple Choices', [301] = 'Moved Permanently', [302] = 'Found', [303] = 'See Other',
  [304] = 'Not Modified', [305] = 'Use Proxy', [307] = 'Temporary Redirect',
  [308] = 'Permanent Redirect', [400] = 'Bad Request', [401] = 'Unauthorized',
  [402] = 'Payment Required', [403] = 'Forbidden', [404] = 'Not Found',
  [405] = 'Method Not Allowed', [406] = 'Not Acceptable', [407] = 'Proxy Authentication Required',
  [408] = 'Request Timeout', [409] = 'Conflict', [410] = 'Gone', [411] = 'Length Required',
  [412] = 'Precondition Failed', [413] = 'Content Too Large', [414] = 'URI Too Long',
  [415] = 'Unsupported Media Type', [416] = 'Range Not Satisfiable', [417] = 'Expectation Failed',
  [421] = 'Misdirected Request', [422] = 'Unprocessable Content', [423] = 'Locked',
  [424] = 'Failed Dependency', [425] = 'Too Early', [426] = 'Upgrade Required',
  [428] = 'Precondition Required', [429] = 'Too Many Requests',
  [431] = 'Request Header Fields Too Large', [451] = 'Unavailable For Legal Reasons',
  [500] = 'Internal Server Error', [501] = 'Not Implemented', [502] = 'Bad Gateway',
  [503] = 'Service Unavailable', [504] = 'Gateway Timeout', [505] = 'HTTP Version Not Supported',
  [507] = 'Insufficient Storage', [508] = 'Loop Detected',
  [511] = 'Network Authentication Required',
}

--------------------------------------------------------------------------------
-- Out

-- A line must not be ended early by what somebody else has put into it.
local function check(text, what, level)
  text = tostring(text)
  if find(text, '[%z\r\n]') then
    error(what .. ' has a line end in it', level + 1)
  end
  return text
end

local function startLine(item)
  local version = item.version and ('%.1f'):format(item.version) or '1.1'
  if item.method then
    local path = check(item.path or item.url or '', 'the path', 4)
    if path == '' or find(path, ' ', 1, true) then
      error('a request needs a path without spaces', 4)
    end
    return check(item.method, 'the method', 4) .. ' ' .. path .. ' HTTP/' .. version .. '\r\n'
  end
  local code = tonumber(item.code)
  if not code then
    error('a head needs a method or a code', 4)
  end
  local reason = check(item.reason or reasons[code] or 'Unknown', 'the reason', 4)
  return ('HTTP/%s %d %s\r\n'):format(version, code, reason)
end

--- Makes an encoder: a function that is given a head and then the pieces of its body, and
--- returns the bytes to send. The empty string ends a chunked body; nil gives nothing. The
--- body is chunked when the head says so (`Transfer-Encoding: chunked`), else sent as it is.
--- What is no head, or would not be one line, is raised.
---@return fun(item: table|string|nil): string|nil encode
function codec.encoder()
  local encodeHead, encodeRaw, encodeChunked
  local mode

  function encodeHead(item)
    if not item or item == '' then
      return item
    elseif type(item) ~= 'table' then
      error('expected a head, which is a table, got a ' .. type(item), 3)
    end
    local parts = { startLine(item) }
    local chunked = false
    for i = 1, #item do
      local name = check(item[i][1], 'the header name', 3)
      local value = check(item[i][2], 'the header ' .. name, 3)
      if lower(name) == 'transfer-encoding' then
        chunked = lower(value) == 'chunked'
      end
      parts[#parts + 1] = name .. ': ' .. value .. '\r\n'
    end
    parts[#parts + 1] = '\r\n'
    mode = chunked and encodeChunked or encodeRaw
    return table.concat(parts)
  end

  function encodeRaw(item)
    if type(item) ~= 'string' then
      mode = encodeHead
      return encodeHead(item)
    end
    return item
  end

  function encodeChunked(item)
    if type(item) ~= 'string' then
      mode = encodeHead
      local head = encodeHead(item)
      return head and '0\r\n\r\n' .. head or '0\r\n\r\n'
    elseif item == '' then
      mode = encodeHead
      return '0\r\n\r\n'
    end
    return ('%x\r\n'):format(#item) .. item .. '\r\n'
  end

  mode = encodeHead
  return function(item)
    return mode(item)
  end
end

--------------------------------------------------------------------------------
-- In

local MAX_HEAD = 16 * 1024
local MAX_CHUNK_LINE = 256
local MAX_TRAILERS = 8 * 1024
local MAX_WHOLE = 64 * 1024 -- of a chunk: beyond, it comes in pieces

-- Each mode is given the bytes and where to begin. It returns an item and where to go on,
-- or nothing when more bytes are needed.

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
function codec.decoder(options)
  local decodeHead, decodeEnd, decodeCounted, decodeChunked, decodeRaw
  local mode
  local left = 0 -- bytes of a body with a length, or of a chunk

  function decodeHead(bytes, index)
    -- Blank lines between messages are nothing.
    local from = find(bytes, '[^\r\n]', index)
    if not from then
      return nil
    end
    local _, last = find(bytes, '\r\n\r\n', from, true)
    if not last and #bytes - from < MAX_HEAD then
      return nil
    end
    local head, behind, framing, length = native.read_head(bytes, from, options and options.method)
    if head == nil then
      error('the head is too large', 3)
    elseif head == false then
      error('no valid HTTP: ' .. behind, 3)
    end
    if head.code and head.code >= 100 and head.code < 200 and head.code ~= 101 then
      framing = 'none'
    end
    left = length
    mode = framing == 'length' and decodeCounted or framing == 'chunked' and decodeChunked
      or framing == 'close' and decodeRaw or decodeEnd
    return head, behind
  end

  function decodeEnd(_, index)
    mode = decodeHead
    return '', index
  end

  function decodeCounted(bytes, index)
    if left == 0 then
      return decodeEnd(bytes, index)
    elseif index > #bytes then
      return nil
    end
    local last = math.min(#bytes, index + left - 1)
    left = left - (last - index + 1)
    return sub(bytes, index, last), last + 1
  end

  function decodeRaw(bytes, index)
    if index > #bytes then
      return nil
    end
    return sub(bytes, index), #bytes + 1
  end

  local function chunkSize(bytes, index)
    local line = find(bytes, '\r\n', index, true)
    if not line then
      if #bytes - index >= MAX_CHUNK_LINE then
        error('the line of a chunk is too long', 4)
      end
      return nil
    end
    local digits, rest = sub(bytes, index, line - 1):match('^(%x+)[ \t]*(.*)$')
    if not digits or #digits > 13 or (rest ~= '' and sub(rest, 1, 1) ~= ';')
      or find(rest, '[%z\r\n]') or line - index > MAX_CHUNK_LINE then
      error('no valid chunk size', 4)
    end
    return tonumber(digits, 16), line + 2
  end

  local function decodeTrailers(bytes, index)
    local _, last
    if sub(bytes, index, index + 1) == '\r\n' then
      last = index + 1
    else
      _, last = find(bytes, '\r\n\r\n', index, true)
    end
    if not last then
      if #bytes - index >= MAX_TRAILERS then
        error('the trailers are too large', 4)
      end
      return nil
    end
    mode = decodeHead
    return '', last + 1
  end

  -- The rest of a chunk that was too large to wait for.
  local function decodePart(bytes, index)
    if left == 0 then
      if #bytes < index + 1 then
        return nil
      elseif sub(bytes, index, index + 1) ~= '\r\n' then
        error('a chunk does not end where it should', 3)
      end
      mode = decodeChunked
      return decodeChunked(bytes, index + 2)
    end
    return decodeCounted(bytes, index)
  end

  -- A chunk comes whole, unless it is large.
  function decodeChunked(bytes, index)
    local size, from = chunkSize(bytes, index)
    if not size then
      return nil
    elseif size == 0 then
      return decodeTrailers(bytes, from)
    end
    local behind = from + size
    if #bytes < behind + 1 then
      if #bytes < from + MAX_WHOLE then
        return nil
      end
      left, mode = size, decodePart
      return decodeCounted(bytes, from)
    elseif sub(bytes, behind, behind + 1) ~= '\r\n' then
      error('a chunk does not end where it should', 3)
    end
    return sub(bytes, from, behind - 1), behind + 2
  end

  local function ended()
    if mode == decodeRaw or mode == decodeEnd or (mode == decodeCounted and left == 0) then
      mode = decodeHead
      return '', ''
    elseif mode ~= decodeHead then
      error('the stream ended within a body', 3)
    end
  end

  mode = decodeHead
  return function(bytes, index)
    if bytes == nil then
      return ended()
    end
    local item, behind = mode(bytes, index or 1)
    if item == nil then
      return nil
    elseif index then
      return item, behind
    end
    return item, sub(bytes, behind)
  end
end

return codec
