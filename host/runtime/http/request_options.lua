-- The options of http.request, in all the ways they may be given. Internal to http.

local core = require('core')
local native = require('native.http_client')
local connect = require('http/connect')
local proxies = require('http/proxy')
local target = require('http/target')

local Error = core.Error

local options = {}

--------------------------------------------------------------------------------
-- Headers as flat lists: name, value, name, value ...

local lower = string.lower

function options.add(fields, name, value)
  if type(value) == 'table' then
    for _, each in ipairs(value) do
      options.add(fields, name, each)
    end
    return
  end
  fields[#fields + 1] = tostring(name)
  fields[#fields + 1] = tostring(value)
end

function options.get(fields, name)
  name = lower(name)
  local found
  for i = 1, #fields, 2 do
    if #fields[i] == #name and lower(fields[i]) == name then
      if found == nil then
        found = fields[i + 1]
      elseif type(found) == 'table' then
        found[#found + 1] = fields[i + 1]
      else
        found = { found, fields[i + 1] }
      end
    end
  end
  return found
end

function options.remove(fields, name)
  name = lower(name)
  for i = #fields - 1, 1, -2 do
    if lower(fields[i]) == name then
      table.remove(fields, i + 1)
      table.remove(fields, i)
    end
  end
end

--- {Name = value}, {{name, value}, ...} or both in one table -> flat.
function options.flatten(headers)
  local fields = {}
  local listed = 0
  for i, pair in ipairs(headers or {}) do
    listed = i
    options.add(fields, pair[1], pair[2])
  end
  for name, value in next, headers or {} do
    if type(name) ~= 'number' or name > listed then
      options.add(fields, name, value)
    end
  end
  return fields
end

--------------------------------------------------------------------------------

local agentString

--- "Virgo/<version>"; without arguments the default User-Agent of requests.
function options.getDefaultUserAgent()
  if not agentString then
    local version = rawget(_G, 'process') and process.version
    agentString = 'Virgo' .. (version and '/' .. tostring(version) or '')
  end
  return agentString
end

-- Fills in what a URL says and the options do not.
local function withUrl(opts, url)
  local parsed, err = target.parse(url)
  if not parsed then
    return nil, err
  end
  local out = {}
  for name, value in next, opts do
    out[name] = value
  end
  out.protocol = parsed.scheme
  out.hostname, out.port, out.path = parsed.host, parsed.port, parsed.path
  out.auth = opts.auth or parsed.auth
  return out
end

local function limitsOf(opts)
  if not (opts.maxHeaderSize or opts.maxHeaders or opts.maxBody) then
    return nil
  end
  return { max_head = opts.maxHeaderSize, max_headers = opts.maxHeaders, max_body = opts.maxBody }
end

local function tlsOf(opts, agent)
  local out
  for _, name in ipairs(connect.TLS_OPTIONS) do
    local value = opts[name]
    if value == nil and agent then
      value = agent.options[name]
    end
    if value ~= nil then
      out = out or {}
      out[name] = value
    end
  end
  return out
end

-- host, port, whether it is TLS; or nil and the Error
local function where(opts)
  local protocol = tostring(opts.protocol or 'http'):gsub(':?/*$', ''):lower()
  local secure = protocol == 'https' or protocol == 'wss'
  if not secure and protocol ~= 'http' and protocol ~= 'ws' then
    return nil, Error:new('EINVAL: unknown protocol ' .. protocol .. ', request')
  end
  local host = opts.hostname or opts.host
  local port = opts.port
  if host == nil or host == '' then
    host = opts.socketPath and 'localhost' or '127.0.0.1'
  elseif not opts.hostname and not (host:find(':', 1, true) and not host:find('^[^:]*:%d+$') and not host:find('^%[')) then
    local name, inner, why = target.splitAuthority(host)
    if not name then
      return nil, Error:new(("EINVAL: %s, request '%s'"):format(why:gsub('the URL\'s', 'the'), host))
    end
    host, port = name, port or inner
  else
    host = host:gsub('^%[(.*)%]$', '%1')
    if host:find('[%c%s/?#@\\]') then
      return nil, Error:new(("EINVAL: not a host name, request '%s'"):format(host))
    end
  end
  if port ~= nil and port ~= '' then
    local number = tonumber(port)
    if not number or number < 1 or number > 65535 or number % 1 ~= 0 then
      return nil, Error:new(("EINVAL: the port %s is not between 1 and 65535, request '%s'"):format(tostring(port), host))
    end
    port = number
  else
    port = secure and 443 or 80
  end
  return host, port, secure
end

local function agentOf(opts)
  local agent = opts.agent
  if agent == true then
    return require('http/client').globalAgent
  end
  return agent or nil
end

local function proxyOf(opts, agent, secure, host, port)
  local proxy = opts.proxy
  if proxy == nil and agent then
    return nil -- the agent decides
  elseif not proxy or opts.socketPath then
    return false
  elseif proxy == true then
    local found, err = proxies.fromEnvironment(secure, host, port)
    return found or false, err
  end
  local found, err = proxies.parse(proxy)
  return found or false, err
end

local function defaultFields(req, opts, secure, port)
  local fields = req.fields
  req.authority = target.authority(req.host, port, secure and 443 or 80)
  if not options.get(fields, 'User-Agent') then
    options.add(fields, 'User-Agent', options.getDefaultUserAgent())
  end
  if opts.auth and not options.get(fields, 'Authorization') then
    options.add(fields, 'Authorization', 'Basic ' .. native.encode_base64(opts.auth))
  end
  local expect = options.get(fields, 'Expect')
  req.expects = type(expect) == 'string' and expect:lower() == '100-continue'
end

--- Fills a new ClientRequest from the options or URL of its maker. Returns an Error if
--- they are wrong.
function options.read(req, opts)
  if type(opts) == 'string' then
    opts = { url = opts }
  elseif type(opts) ~= 'table' then
    error('request: options or a URL expected, got ' .. type(opts), 4)
  end
  req.method, req.path, req.protocol, req.authority = opts.method or 'GET', '/', 'http:', '?'
  req.method = req.method:upper()
  if opts.url then
    local read, err = withUrl(opts, opts.url)
    if not read then
      return err
    end
    opts = read
  end
  local host, port, secure = where(opts)
  if not host then
    return port
  end
  req.host, req.port = host, port
  req.protocol = secure and 'https:' or 'http:'
  req.path = opts.path and opts.path ~= '' and target.escapePath(opts.path)
    or opts.pathname and target.escapePath(opts.pathname .. (opts.search or '')) or '/'
  req.fields = options.flatten(opts.headers)
  local agent = agentOf(opts)
  req.agent = agent
  req.timeout = opts.timeout or agent and agent.options.timeout
  for _, name in ipairs { 'headersTimeout', 'bodyTimeout', 'continueTimeout' } do
    req[name] = opts[name] or agent and agent.options[name]
  end
  defaultFields(req, opts, secure, port)
  local proxy, err = proxyOf(opts, agent, secure, host, port)
  if err then
    return err
  end
  req.spec = {
    secure = secure, host = host, port = port, socketPath = opts.socketPath,
    family = opts.family, localAddress = opts.localAddress, proxy = proxy,
    tunnel = opts.tunnel, connectTimeout = opts.connectTimeout or agent and agent.options.connectTimeout,
    limits = limitsOf(opts) or agent and limitsOf(agent.options), tls = secure and tlsOf(opts, agent) or nil,
  }
end

return options
