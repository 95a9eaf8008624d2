-- Where a request goes, out of its URL. Internal to http, https and websocket.

local core = require('core')

local Error = core.Error

local target = {}

local DEFAULT_PORTS = { http = 80, ws = 80, https = 443, wss = 443 }
local SECURE = { https = true, wss = true }

local function fail(why, url)
  return nil, Error:new(("EINVAL: %s, request '%s'"):format(why, url))
end

local function decode(text)
  return (text:gsub('%%(%x%x)', function(hex) return string.char(tonumber(hex, 16)) end))
end

--- A path and query as it may stand in a request: what is not printable ASCII is
--- percent-encoded, everything else stays.
function target.escapePath(path)
  return (path:gsub('[^\33-\126]', function(c) return ('%%%02X'):format(c:byte()) end))
end

-- "host", "host:port", "[v6]:port" -> host, port | nil, nil, why
local function splitAuthority(text)
  local host, port = text:match('^%[([%x:.]+[%%%w_.-]*)%]:?(%d*)$')
  if host then
    if text:sub(-1) == ':' then port = '' end
  else
    host, port = text:match('^([^:%[%]]*):?(%d*)$')
  end
  if not host then
    return nil, nil, 'the URL\'s host or port is wrong'
  end
  if host == '' then
    return nil, nil, 'the URL has no host'
  end
  if host:find('[^\33-\126]') or (host:find('[%s<>\\^`{|}"/?#@%%]') and not host:find(':', 1, true)) then
    return nil, nil, 'the URL\'s host has a character that no host name has'
  end
  if port ~= '' then
    port = tonumber(port)
    if port < 1 or port > 65535 then
      return nil, nil, 'the URL\'s port is not between 1 and 65535'
    end
  else
    port = nil
  end
  return host:lower(), port
end
target.splitAuthority = splitAuthority

--- {scheme=, secure=, host=, port=, path=, auth= "user:password" | nil, default_port=}, or
--- nil and an Error. IPv6 addresses come without their brackets; the fragment is dropped.
function target.parse(url)
  if type(url) ~= 'string' then
    return fail('the URL is not a string', tostring(url))
  end
  local scheme, authority, path = url:match('^(%a[%w+.-]*)://([^/?#]*)([^#]*)')
  scheme = scheme and scheme:lower()
  if not DEFAULT_PORTS[scheme] then
    return fail(scheme and ('unknown scheme ' .. scheme) or 'not an absolute URL', url)
  end
  local auth, rest = authority:match('^(.*)@([^@]*)$')
  local host, port, why = splitAuthority(rest or authority)
  if not host then
    return fail(why, auth and '...@' .. rest or url)
  end
  if path:sub(1, 1) ~= '/' then
    path = '/' .. path
  end
  return {
    scheme = scheme, secure = SECURE[scheme] or false,
    host = host, port = port or DEFAULT_PORTS[scheme], default_port = DEFAULT_PORTS[scheme],
    path = target.escapePath(path),
    auth = auth and auth ~= '' and decode(auth) or nil,
  }
end

--- What the Host field says: brackets round IPv6, the port unless it is the default.
function target.authority(host, port, default_port)
  if host:find(':', 1, true) then
    host = '[' .. host:gsub('%%.*', '') .. ']'
  end
  return port and port ~= default_port and host .. ':' .. port or host
end

return target
