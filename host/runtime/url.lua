--- URLs taken apart, put together and resolved. Any text can be parsed; what may not
--- be in a URL is percent-encoded where it is, so that it does not move from one part
--- to another.

local querystring = require('querystring')

local url = {}

-- Protocols whose URLs have "//", whose backslashes count as slashes, and whose empty
-- path is "/".
local SLASHED = { http = true, https = true, ftp = true, gopher = true, file = true, ws = true, wss = true }
-- Protocols without a host.
local HOSTLESS = { javascript = true, data = true }

-- `slashes` is known to programs written for Node; it is not shown by pairs.
local withSlashes = { __index = { slashes = true } }

local function escape(c)
  return ('%%%02X'):format(c:byte())
end

-- What is encoded wherever it is: controls, space, and what delimits URLs in text.
local UNSAFE = '[%z\1-\32"<>\\^`{|}\127]'

local function decode(text)
  return (text:gsub('%%(%x%x)', function(hex)
    return string.char(tonumber(hex, 16))
  end))
end

local function encodeAuth(text)
  return (text:gsub("[^%w%-_.~:!*'()]", escape))
end

-- host, hostname and port of what stands between "//" and the path. A percent sign in
-- a host that was encoded before stays.
local function splitHost(text)
  local hostname, port = text:match('^%[([^%]]*)%]:?(.*)$')
  if hostname then
    if port:find('%D') then
      port = '' -- what follows the bracket is no port
    end
  else
    hostname, port = text:match('^(.*):(%d*)$')
    if not hostname then
      hostname, port = text, ''
    end
  end
  local bracketed = text:sub(1, 1) == '[' and text:find(']', 1, true)
  hostname = hostname:gsub('%%(%x%x)', '\1%1'):gsub('[%z\2-\32"<>\\^`{|}\127%%/?#@]', escape)
    :gsub('\1(%x%x)', '%%%1'):gsub('\1', '%%01'):lower()
  if not bracketed and hostname:find('[%[%]:]') then
    hostname = hostname:gsub('[%[%]:]', escape):lower()
  end
  local host = bracketed and '[' .. hostname .. ']' or hostname
  if port ~= '' then
    host = host .. ':' .. port
  end
  return host, hostname, port ~= '' and port or nil
end

-- Takes the host from the beginning of `rest`.
local function parseHost(parsed, rest)
  local authority, path = rest:match('^([^/?#]*)(.*)$')
  local auth, host = authority:match('^(.*)@([^@]*)$')
  if auth then
    parsed.auth = decode(auth)
  end
  parsed.host, parsed.hostname, parsed.port = splitHost(host or authority)
  return path
end

local function parseRest(parsed, rest, parseQuery)
  local before, hash = rest:match('^([^#]*)(#.*)$')
  if hash then
    parsed.hash = hash:gsub(UNSAFE, escape)
    rest = before
  end
  local path, search = rest:match('^([^?]*)(%?.*)$')
  if search then
    parsed.search = search:gsub(UNSAFE, escape)
    rest = path
  end
  if rest ~= '' then
    parsed.pathname = rest:gsub(UNSAFE, escape)
  elseif SLASHED[parsed.protocol] and parsed.hostname and parsed.hostname ~= '' then
    parsed.pathname = '/'
  end
  if parsed.search then
    parsed.query = parsed.search:sub(2)
  end
  if parsed.pathname or parsed.search then
    parsed.path = (parsed.pathname or '') .. (parsed.search or '')
  end
  if parseQuery then
    parsed.query = querystring.parse(parsed.query or '')
  end
end

local function checkUrl(value, what)
  if type(value) ~= 'string' then
    error(('%s wants a URL as a string, got %s'):format(what, type(value)), 3)
  end
end

--- Takes a URL apart. Parts it does not have are nil.
---@param text string
---@param parseQuery boolean|nil makes `query` a table, by querystring.parse
---@param slashesDenoteHost boolean|nil "//host/path" without a protocol has a host
---@return {href: string, protocol: string|nil, auth: string|nil, host: string|nil, hostname: string|nil, port: string|nil, pathname: string|nil, search: string|nil, path: string|nil, query: string|table|nil, hash: string|nil} parsed protocol without ":"; host with the port; port a text
function url.parse(text, parseQuery, slashesDenoteHost)
  checkUrl(text, 'parse')
  local parsed = {}
  local rest = text:gsub('^[%z\1-\32]+', ''):gsub('[%z\1-\32]+$', '')
  local protocol = rest:match('^(%a[%w+.-]*):')
  if protocol then
    rest = rest:sub(#protocol + 2)
    protocol = protocol:lower()
    parsed.protocol = protocol
  end
  if SLASHED[protocol] or (not protocol and slashesDenoteHost) then
    -- as browsers do, lest a host is seen differently here and there
    local before, after = rest:match('^([^?#]*)(.*)$')
    rest = before:gsub('\\', '/') .. after
  end
  local slashes = rest:sub(1, 2) == '//' and (protocol or slashesDenoteHost) and not HOSTLESS[protocol]
  if slashes then
    setmetatable(parsed, withSlashes)
    rest = rest:sub(3)
  end
  if slashes or (protocol and not SLASHED[protocol] and not HOSTLESS[protocol]) then
    rest = parseHost(parsed, rest)
    if parsed.host == '' and not parsed.auth then
      parsed.host, parsed.hostname = nil, nil
    end
    if not slashes and not parsed.host and rest:sub(1, 2) == '//' then
      rest = '/.' .. rest -- or the path would become a host
    end
  end
  parseRest(parsed, rest, parseQuery)
  parsed.href = url.format(parsed)
  return parsed
end

--- Puts a URL together of what parse gives: protocol (with or without ":"), auth, host or
--- else hostname and port, pathname, search or else query (a table), hash.
---@param parts table|string a string is parsed first
---@return string
function url.format(parts)
  if type(parts) == 'string' then
    parts = url.parse(parts)
  elseif type(parts) ~= 'table' then
    error('format wants a table or a string, got ' .. type(parts), 2)
  end
  local protocol = parts.protocol and parts.protocol:gsub(':$', '') or nil
  local host = parts.host
  if not host and parts.hostname then
    host = parts.hostname
    if host:find(':', 1, true) and host:sub(1, 1) ~= '[' then
      host = '[' .. host .. ']'
    end
    if parts.port and parts.port ~= '' then
      host = host .. ':' .. parts.port
    end
  end
  if parts.auth then
    host = encodeAuth(parts.auth) .. '@' .. (host or '')
  end
  local pathname = (parts.pathname or ''):gsub('[?#]', escape)
  local search = parts.search
  if not search and type(parts.query) == 'table' and next(parts.query) ~= nil then
    search = querystring.stringify(parts.query)
  elseif not search and type(parts.query) == 'string' then
    search = parts.query
  end
  search = search and search:gsub('#', '%%23') or ''
  if search ~= '' and search:sub(1, 1) ~= '?' then
    search = '?' .. search
  end
  local hash = parts.hash or ''
  if hash ~= '' and hash:sub(1, 1) ~= '#' then
    hash = '#' .. hash
  end
  local text = protocol and protocol .. ':' or ''
  local named = host ~= nil
  if parts.slashes or (named and (not protocol or SLASHED[protocol])) then
    text = text .. '//'
    if pathname ~= '' and pathname:sub(1, 1) ~= '/' then
      pathname = '/' .. pathname
    end
  elseif named and pathname ~= '' and pathname:sub(1, 1) ~= '/' then
    pathname = '/' .. pathname
  end
  return text .. (host or '') .. pathname .. search .. hash
end

--------------------------------------------------------------------------------

-- Resolves "." and "..". In a relative path, ".." that lead above its beginning stay.
local function removeDots(path)
  local absolute = path:sub(1, 1) == '/'
  local parts, trailing = {}, false
  for part in (absolute and path:sub(2) or path):gmatch('([^/]*)/?') do
    parts[#parts + 1] = part
  end
  parts[#parts] = nil -- the empty match at the end
  if path:sub(-1) == '/' and (#path > 1 or not absolute) then
    parts[#parts + 1] = ''
  end
  local kept = {}
  for i, part in ipairs(parts) do
    trailing = false
    if part == '.' or part == '..' then
      trailing = true
      if part == '..' then
        if kept[1] and kept[#kept] ~= '..' then
          kept[#kept] = nil
        elseif not absolute then
          kept[#kept + 1] = '..'
        end
      end
    elseif part ~= '' or i == #parts or kept[1] ~= nil or absolute then
      kept[#kept + 1] = part
    end
  end
  if trailing and (kept[1] or not absolute) then
    kept[#kept + 1] = ''
  end
  return (absolute and '/' or '') .. table.concat(kept, '/')
end

local function asParsed(value, what)
  if type(value) == 'table' then
    value = url.format(value)
  end
  checkUrl(value, what)
  return url.parse(value, false, true)
end

local AUTHORITY = { 'auth', 'host', 'hostname', 'port' }

local function mergePath(base, pathname)
  if base.host and not base.pathname then
    return '/' .. pathname
  end
  return (base.pathname or ''):gsub('[^/]*$', '') .. pathname
end

--- Where a link leads that stands in the document `base`; see resolve.
---@param base string|table
---@param link string|table
---@return table parsed as parse gives it
function url.resolveObject(base, link)
  base, link = asParsed(base, 'resolveObject'), asParsed(link, 'resolveObject')
  local result = { protocol = link.protocol or base.protocol, hash = link.hash }
  local slashes = base.slashes
  local own = link.protocol and (link.protocol ~= base.protocol or not SLASHED[link.protocol])
  local from = base
  if own or link.slashes then
    from, slashes = link, link.slashes
    result.pathname, result.search = link.pathname, link.search
  elseif not link.pathname then
    result.pathname, result.search = base.pathname, link.search or base.search
  else
    result.search = link.search
    if link.pathname:sub(1, 1) == '/' then
      result.pathname = link.pathname
    else
      result.pathname = mergePath(base, link.pathname)
    end
  end
  for _, name in ipairs(AUTHORITY) do
    result[name] = from[name]
  end
  local known = SLASHED[result.protocol] or not result.protocol
  if result.pathname and (known or result.host) then
    result.pathname = removeDots(result.pathname)
  end
  if slashes then
    setmetatable(result, withSlashes)
  end
  return url.parse(url.format(result), false, true)
end

--- Where a link leads that stands in the document `base`.
---@param base string|table
---@param link string|table
---@return string
function url.resolve(base, link)
  return url.resolveObject(base, link).href
end

return url
