-- Which proxy a request goes through, by the environment's variables: http_proxy,
-- https_proxy, all_proxy, no_proxy, in lower case before upper case. HTTP_PROXY is not
-- looked at in a CGI program, where a client could set it with a header "Proxy".
-- Internal to http.

local target = require('http/target')

local proxy = {}

local getenv = os.getenv

local function variable(name)
  local value = getenv(name)
  if value and value ~= '' then
    return value
  end
  local upper = name:upper()
  if upper == 'HTTP_PROXY' and getenv('REQUEST_METHOD') then
    return nil
  end
  value = getenv(upper)
  return value ~= '' and value or nil
end

-- "10.1.2.3" -> its 32 bits, or nil
local function ipv4(text)
  local a, b, c, d = text:match('^(%d+)%.(%d+)%.(%d+)%.(%d+)$')
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if not a or a > 255 or b > 255 or c > 255 or d > 255 then
    return nil
  end
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- An IPv6 address -> its eight groups, or nil
local function ipv6(text)
  text = text:gsub('%%.*', '')
  local groups, tail, compressed = {}, {}, false
  local left, right = text:match('^(.-)::(.*)$')
  if left then
    compressed = true
  else
    left, right = text, ''
  end
  local function read(part, into)
    if part == '' then return true end
    for piece in (part .. ':'):gmatch('([^:]*):') do
      local four = piece:find('.', 1, true) and ipv4(piece)
      if four then
        into[#into + 1] = math.floor(four / 65536)
        into[#into + 1] = four % 65536
      elseif piece:find('^%x%x?%x?%x?$') then
        into[#into + 1] = tonumber(piece, 16)
      else
        return false
      end
    end
    return true
  end
  if not text:find(':', 1, true) or not read(left, groups) or not read(right, tail) then
    return nil
  end
  local missing = 8 - #groups - #tail
  if (compressed and missing < 1) or (not compressed and missing ~= 0) then
    return nil
  end
  for _ = 1, missing do groups[#groups + 1] = 0 end
  for _, group in ipairs(tail) do groups[#groups + 1] = group end
  return groups
end

local function inNetwork(host, network, bits)
  local a, b = ipv4(host), ipv4(network)
  if a and b then
    local size = 2 ^ (32 - math.min(bits, 32))
    return math.floor(a / size) == math.floor(b / size)
  end
  a, b = ipv6(host), ipv6(network)
  if not a or not b then
    return false
  end
  for i = 1, 8 do
    local take = math.max(0, math.min(16, bits - (i - 1) * 16))
    local size = 2 ^ (16 - take)
    if math.floor(a[i] / size) ~= math.floor(b[i] / size) then
      return false
    end
  end
  return true
end

local function matches(entry, host, port)
  if entry == '*' then
    return true
  end
  local network, bits = entry:match('^%[?([%x:.]+)%]?/(%d+)$')
  if network then
    return inNetwork(host, network, tonumber(bits))
  end
  local name, wanted = entry:match('^%[([%x:.]+)%]:?(%d*)$')
  if not name then
    if select(2, entry:gsub(':', '')) > 1 then
      name, wanted = entry, ''
    else
      name, wanted = entry:match('^([^:]*):?(%d*)$')
    end
  end
  if not name or (wanted ~= '' and tonumber(wanted) ~= port) then
    return false
  end
  if ipv6(name) then
    return inNetwork(host, name, 128)
  end
  name = name:gsub('^%*?%.', ''):gsub('%.$', '')
  if name == '' then
    return false
  end
  return host == name or (not ipv4(host) and host:sub(-#name - 1) == '.' .. name)
end

--- Whether the list `no_proxy` (names with their subdomains, addresses, networks such as
--- 10.0.0.0/8, each but networks with ":port" if wanted, "*") has the host.
function proxy.excluded(list, host, port)
  host = host:lower():gsub('%.$', '')
  for entry in list:lower():gmatch('[^%s,]+') do
    if matches(entry, host, port) then
      return true
    end
  end
  return false
end

--- {scheme=, secure=, host=, port=, auth=} of a proxy's URL ("host:port" is http), or nil and
--- an Error.
function proxy.parse(url)
  if not url:find('://', 1, true) then
    url = 'http://' .. url
  end
  local scheme = url:match('^(%a[%w+.-]*)://')
  if scheme and scheme:lower() ~= 'http' and scheme:lower() ~= 'https' then
    local Error = require('core').Error
    return nil, Error:new(("EPROTONOSUPPORT: a proxy of scheme %s, use http or https"):format(scheme))
  end
  return target.parse(url)
end

--- The proxy for a request by the environment: nil for none, nil and an Error when the
--- variable is wrong.
function proxy.fromEnvironment(secure, host, port)
  local url = variable(secure and 'https_proxy' or 'http_proxy') or variable('all_proxy')
  if not url then
    return nil
  end
  local list = variable('no_proxy')
  if list and proxy.excluded(list, host, port) then
    return nil
  end
  return proxy.parse(url)
end

return proxy
