-- Whole requests in one call: redirects, bodies, limits, time. Exported as http.fetch.

local core = require('core')
local uv = require('uv')
local client = require('http/client')
local options = require('http/request_options')
local target = require('http/target')

local Error, assertResume = core.Error, core.assertResume

local REDIRECTS = 10
local MAX_BODY = 64 * 1024 * 1024

--- What fetch gives.
---@class FetchResponse
---@field status integer
---@field reason string
---@field ok boolean the status is 200 to 299
---@field headers table by name in any case; as a list {name, value} in the order of the message
---@field trailers table|nil
---@field body string|nil all of it; nil when it went elsewhere (option `to`)
---@field url string where it came from, after redirects
---@field redirects integer how many were followed
---@field version string "1.1"
local FetchResponse = {}
FetchResponse.__index = FetchResponse

--- The body decoded as JSON.
---@return any|nil value
---@return Error|nil err
function FetchResponse:json()
  local value, _, why = require('json').decode(self.body or '')
  if why then
    return nil, Error:new(('EBADMSG: no JSON from %s: %s'):format(self.url, why))
  end
  return value
end

local Fetch = core.Object:extend()

local OWN = { body = true, json = true, redirects = true, max_body = true, maxBody = true, to = true,
  headers = true, timeout = true, method = true, url = true, auth = true }

local function report(self, err, response)
  local callback = self.callback
  if not callback then return end
  self.callback = nil
  if self.timer then
    self.timer:close()
    self.timer = nil
  end
  callback(err, response)
end

function Fetch:initialize(url, opts, callback)
  self.opts, self.callback = opts, callback
  self.followed = 0
  self.most = opts.redirects == false and 0 or tonumber(opts.redirects) or REDIRECTS
  self.maxBody = opts.max_body or opts.maxBody or MAX_BODY
  self.fields = options.flatten(opts.headers)
  self.auth = opts.auth
  self.method = (opts.method or ((opts.body or opts.json ~= nil) and 'POST' or 'GET')):upper()
  self.body = opts.body
  if opts.json ~= nil then
    local text, err = require('json').encode(opts.json)
    if not text then
      return self:fail(Error:new('EINVAL: json: ' .. tostring(err)))
    end
    self.body = text
    if not options.get(self.fields, 'Content-Type') then
      options.add(self.fields, 'Content-Type', 'application/json')
    end
  elseif type(self.body) == 'number' then
    self.body = tostring(self.body)
  end
  if opts.timeout then
    self.timer = uv.new_timer()
    self.timer:start(opts.timeout, 0, function()
      self:fail(Error:new(('ETIMEDOUT: not done within %d ms, %s %s'):format(opts.timeout, self.method, self.shown)))
    end)
  end
  self:go(url)
end

-- Later, so that nobody is called before fetch() has returned.
function Fetch:fail(err)
  if self.failed then return end
  self.failed = true
  if self.req then
    self.req:destroy()
  end
  if self.sink then
    return self:dropSink(err)
  end
  require('internal/turn').soon(report, self, err)
end

--- Gives it up: the callback gets an Error with the code "ECANCELED".
function Fetch:cancel()
  self:fail(Error:new(('ECANCELED: given up, %s %s'):format(self.method, self.shown)))
end

function Fetch:go(url)
  self.shown = tostring(url):gsub('//[^/@]*@', '//')
  local parsed, err = target.parse(url)
  if not parsed then
    return self:fail(err)
  elseif parsed.scheme ~= 'http' and parsed.scheme ~= 'https' then
    return self:fail(Error:new(("EINVAL: unknown scheme %s, fetch '%s'"):format(parsed.scheme, self.shown)))
  end
  self.target, self.url = parsed, url:gsub('#.*$', '')
  local opts = { agent = client.globalAgent }
  for name, value in next, self.opts do
    if not OWN[name] then
      opts[name] = value
    end
  end
  opts.protocol, opts.hostname, opts.port, opts.path = parsed.scheme, parsed.host, parsed.port, parsed.path
  opts.method, opts.headers = self.method, self:pairsOf()
  opts.auth = parsed.auth or self.auth
  local req = client.request(opts)
  self.req = req
  req:on('error', function(failure)
    self:fail(failure)
  end)
  req:once('response', function(res)
    self:answered(res)
  end)
  self:sendBody(req)
end

function Fetch:pairsOf()
  local list = {}
  for i = 1, #self.fields, 2 do
    list[#list + 1] = { self.fields[i], self.fields[i + 1] }
  end
  return list
end

function Fetch:sendBody(req)
  local body = self.body
  if type(body) == 'function' then
    self.bodyUsed = true
    require('task').run(function()
      for chunk in body do
        if not req:writeAll(chunk) then return end
      end
      req:done()
    end)
  elseif type(body) == 'table' then
    if not body.pipe then
      return self:fail(Error:new('EINVAL: the body is a table without pipe; a table as JSON is the option json'))
    end
    self.bodyUsed = true
    body:on('error', function(err)
      self:fail(err)
    end)
    body:pipe(req)
  else
    req:done(body)
  end
end

--------------------------------------------------------------------------------
-- Redirects

local REDIRECT = { [301] = true, [302] = true, [303] = true, [307] = true, [308] = true }
local SECRETS = { 'Authorization', 'Cookie', 'Cookie2', 'Proxy-Authorization' }
local OF_THE_BODY = { 'Content-Type', 'Content-Length', 'Content-Encoding', 'Content-Language',
  'Content-Location', 'Transfer-Encoding', 'Expect' }

function Fetch:answered(res)
  local location = REDIRECT[res.statusCode] and res.headers.location
  if not location or self.most == 0 then
    return self:take(res)
  end
  if self.followed >= self.most then
    return self:fail(Error:new(('ELOOP: more than %d redirects, %s %s'):format(self.most, self.method, self.shown)))
  end
  self.followed = self.followed + 1
  local status, method = res.statusCode, self.method
  local becomesGet = (status == 303 and method ~= 'HEAD' and method ~= 'GET')
    or ((status == 301 or status == 302) and method == 'POST')
  if becomesGet then
    self.method, self.body = 'GET', nil
    for _, name in ipairs(OF_THE_BODY) do
      options.remove(self.fields, name)
    end
  elseif self.bodyUsed then
    return self:fail(Error:new(('ENOTSUP: the server redirected, and the body can be read once only, %s %s')
      :format(method, self.shown)))
  end
  local old = self.target
  local url = self:resolve(location)
  local new = target.parse(url)
  if new and (new.host ~= old.host or new.port ~= old.port or new.scheme ~= old.scheme) then
    self.auth = nil
    for _, name in ipairs(SECRETS) do
      options.remove(self.fields, name)
    end
    options.remove(self.fields, 'Host')
  elseif new and not new.auth then
    self.auth = old.auth or self.auth
  end
  self:leave(res, url)
end

-- The body of a redirect is read, for the connection's sake, if it is small.
function Fetch:leave(res, url)
  local size, left = 0, false
  local function go()
    if not left then
      left = true
      self:go(url)
    end
  end
  res:on('data', function(chunk)
    size = size + #chunk
    if size > 65536 and not left then
      res.req:destroy()
      go()
    end
  end)
  res:on('error', go)
  res:on('end', go)
end

-- A relative reference against the present URL (RFC 3986, section 5.2).
function Fetch:resolve(location)
  location = location:gsub('#.*$', '')
  if location:find('^%a[%w+.-]*:') then
    return location
  end
  local parsed = self.target
  local base = parsed.scheme .. '://' .. target.authority(parsed.host, parsed.port, parsed.default_port)
  if location:sub(1, 2) == '//' then
    return parsed.scheme .. ':' .. location
  end
  local path, query = parsed.path:match('^([^?]*)(.*)$')
  if location == '' then
    return base .. path .. query
  elseif location:sub(1, 1) == '?' then
    return base .. path .. location
  elseif location:sub(1, 1) ~= '/' then
    location = path:gsub('[^/]*$', '') .. location
  end
  local tail
  location, tail = location:match('^([^?]*)(.*)$')
  local kept = {}
  for segment in location:sub(2):gmatch('([^/]*)/?') do
    kept[#kept + 1] = segment
  end
  if location:sub(-1) ~= '/' then
    kept[#kept] = nil -- gmatch's last empty match
  end
  local out = {}
  for i, segment in ipairs(kept) do
    if segment == '..' then
      out[#out] = nil
    elseif segment ~= '.' then
      out[#out + 1] = segment
    end
    if i == #kept and (segment == '..' or segment == '.') then
      out[#out + 1] = ''
    end
  end
  return base .. '/' .. table.concat(out, '/') .. tail
end

--------------------------------------------------------------------------------
-- The answer's body

function Fetch:finished(res, body)
  self.req = nil
  report(self, nil, setmetatable({
    status = res.statusCode, reason = res.statusMessage, version = res.httpVersion,
    ok = res.statusCode >= 200 and res.statusCode < 300,
    headers = res.headers, trailers = res.trailers, body = body,
    url = self.url:gsub('//[^/@]*@', '//'), redirects = self.followed,
  }, FetchResponse))
end

function Fetch:take(res)
  local to = self.opts.to
  if to and res.statusCode >= 200 and res.statusCode < 300 then
    return self:save(res, to)
  end
  local parts, size = {}, 0
  local announced = tonumber(res.headers['content-length'])
  if announced and announced > self.maxBody and self.method ~= 'HEAD' then
    return self:tooLarge()
  end
  res:on('data', function(chunk)
    size = size + #chunk
    if size > self.maxBody then
      return self:tooLarge()
    end
    parts[#parts + 1] = chunk
  end)
  res:on('end', function()
    if not self.failed then
      self:finished(res, table.concat(parts))
    end
  end)
end

function Fetch:tooLarge()
  self:fail(Error:new(('EMSGSIZE: the body has more than %d bytes, %s %s'):format(self.maxBody, self.method, self.shown)))
end

-- The body goes to a file or a stream, no faster than that takes it.
function Fetch:save(res, to)
  local sink = to
  if type(to) == 'string' then
    sink = require('fs').createWriteStream(to)
    self.sink, self.sinkPath = sink, to
    sink:once('open', function()
      self.sinkOpened = true
    end)
  end
  sink:on('error', function(err)
    self:fail(err)
  end)
  local event = self.sinkPath and 'close' or 'finish'
  sink:once(event, function()
    if res.complete and not self.failed then
      self.sink = nil
      self:finished(res, nil)
    end
  end)
  res:pipe(sink)
end

-- A file that is not complete does not stay; one that was never opened is not ours.
function Fetch:dropSink(err)
  local sink, path = self.sink, self.sinkPath
  self.sink = nil
  sink:once('close', function()
    if not self.sinkOpened then
      return report(self, err)
    end
    require('fs').unlink(path, function()
      report(self, err)
    end)
  end)
  if sink.closed then
    return require('internal/turn').soon(sink.emit, sink, 'close')
  elseif self.sinkOpened or sink.destroyed then
    return sink:destroy()
  end
  sink:once('open', function()
    require('internal/turn').soon(sink.destroy, sink)
  end)
end

--------------------------------------------------------------------------------

--- Makes a whole request: sends it, follows redirects, reads the answer. Yields in a
--- coroutine when no callback is given. Any status is a response, not an error.
---
--- Options, besides those of http.request (agent is globalAgent, proxies are those of the
--- environment): method (GET; POST with a body), headers, body (a string; a stream, or a
--- function that gives the next piece and nil at the end, is sent in chunks), json (a
--- value to send as JSON), timeout (ms, for all of it; none), redirects (10; 0: give me
--- the redirect), max_body (64 MiB of the answer), to (a path or a stream the body of a
--- successful answer goes to).
---
--- On a redirect to another host, port or scheme, credentials stay behind: those of the
--- URL, auth, and the headers Authorization and Cookie.
---@param url string
---@param opts table|nil
---@param callback fun(err: Error|nil, response: FetchResponse|nil)|nil
---@return FetchResponse|nil response with a callback: an object whose cancel() gives it up
---@return Error|nil err
---@overload fun(url: string, callback: fun(err: Error|nil, response: FetchResponse|nil))
local function fetch(url, opts, callback)
  if type(opts) == 'function' then
    opts, callback = nil, opts
  end
  opts = opts or {}
  if callback then
    return Fetch:new(url, opts, callback)
  end
  local thread, main = coroutine.running()
  if not thread or main == true then
    error('fetch waits: call it in a coroutine, or with a callback', 2)
  end
  Fetch:new(url, opts, function(err, response)
    if err then
      return assertResume(thread, nil, err)
    end
    return assertResume(thread, response)
  end)
  return coroutine.yield()
end

return fetch
