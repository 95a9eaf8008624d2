--- WebSockets (RFC 6455): clients, and servers on those of http and https.

local core = require('core')
local client = require('http/client')
local native = require('native.web_socket')
local options = require('http/request_options')
local target = require('http/target')
local Socket = require('websocket/socket')

local Error = core.Error

local websocket = { WebSocket = Socket }

local HANDSHAKE_TIMEOUT = 30000 -- ms

-- "a, b" has the token, in any case.
local function hasToken(list, token)
  if type(list) ~= 'string' then
    return false
  end
  for element in list:lower():gmatch('[^,]+') do
    if element:match('^%s*(.-)%s*$') == token then
      return true
    end
  end
  return false
end

--------------------------------------------------------------------------------
-- Clients

-- What is wrong with the server's 101, or nil and the protocol chosen.
local function checkAnswer(res, key, offered)
  local headers = res.headers
  if not hasToken(headers.upgrade, 'websocket') then
    return 'it switched to another protocol'
  elseif headers['sec-websocket-accept'] ~= native.accept_value(key) then
    return 'its Sec-WebSocket-Accept is wrong'
  elseif headers['sec-websocket-extensions'] then
    return 'it uses an extension that was not offered'
  end
  local protocol = headers['sec-websocket-protocol']
  if protocol then
    for _, name in ipairs(offered) do
      if name == protocol then
        return nil, protocol
      end
    end
    return ('it chose the protocol %q, which was not offered'):format(protocol)
  end
end

local function requestOptions(opts, parsed, key, offered)
  local request = {}
  for name, value in next, opts do
    request[name] = value
  end
  local fields = options.flatten(opts.headers)
  local function set(name, value)
    options.remove(fields, name)
    options.add(fields, name, value)
  end
  set('Connection', 'Upgrade')
  set('Upgrade', 'websocket')
  set('Sec-WebSocket-Version', '13')
  set('Sec-WebSocket-Key', key)
  if #offered > 0 then
    set('Sec-WebSocket-Protocol', table.concat(offered, ', '))
  end
  if opts.origin then
    set('Origin', opts.origin)
  end
  local list = {}
  for i = 1, #fields, 2 do
    list[#list + 1] = { fields[i], fields[i + 1] }
  end
  request.url, request.method, request.headers, request.agent = nil, 'GET', list, nil
  request.protocol = parsed.secure and 'https' or 'http'
  request.hostname, request.port, request.path = parsed.host, parsed.port, parsed.path
  request.auth = opts.auth or parsed.auth
  request.tunnel = true
  if opts.proxy == nil then
    request.proxy = true
  end
  request.timeout = nil
  local patience = opts.handshakeTimeout or HANDSHAKE_TIMEOUT
  request.connectTimeout, request.headersTimeout = opts.connectTimeout or patience, patience
  return request
end

--- Connects to a "ws://" or "wss://" URL. What is sent before the connection stands is
--- sent then. Redirects are not followed.
---
--- Options: protocols (a list of names, the best first), headers, origin, auth, proxy (by
--- the environment; false: none), handshakeTimeout (30000 ms), socketPath, the TLS options of
--- https.request, and those of both sides: maxMessage (16 MiB), closeTimeout (5000 ms),
--- pingInterval (ms, 0: never).
---@param url string
---@param opts table|nil
---@param onOpen fun()|nil added as a listener of `open`
---@return WebSocket ws
---@overload fun(url: string, onOpen: fun()): WebSocket
function websocket.connect(url, opts, onOpen)
  if type(opts) == 'function' then
    opts, onOpen = nil, opts
  end
  opts = opts or {}
  local offered = opts.protocols or {}
  if type(offered) == 'string' then
    offered = { offered }
  end
  local ws = Socket:new('client', opts)
  if onOpen then
    ws:once('open', onOpen)
  end
  local parsed, err = target.parse(url)
  if not parsed then
    require('internal/turn').soon(ws.failed, ws, err)
    return ws
  end
  local key = native.new_key()
  local req = client.request(requestOptions(opts, parsed, key, offered))
  ws.request = req
  local function fail(why)
    ws:failed(Error:new(('EPROTO: no WebSocket: %s, %s'):format(why, req:describe())))
  end
  req:on('error', function(failure)
    ws:failed(failure)
  end)
  req:once('response', function(res)
    local failure = Error:new(('EPROTO: no WebSocket: the server answered %d %s, %s')
      :format(res.statusCode, res.statusMessage, req:describe()))
    failure.status = res.statusCode
    req:removeAllListeners('error')
    req:on('error', function() end)
    req:destroy()
    ws:failed(failure)
  end)
  req:once('upgrade', function(res, socket, head)
    ws.request = nil
    if ws.over then
      return socket:destroy()
    end
    local why, protocol = checkAnswer(res, key, offered)
    if why then
      socket:on('error', function() end)
      socket:destroy()
      return fail(why)
    end
    ws:opened(socket, head, protocol, res)
  end)
  req:done()
  return ws
end

--------------------------------------------------------------------------------
-- Servers

local REASONS = { [400] = 'Bad Request', [403] = 'Forbidden', [404] = 'Not Found', [426] = 'Upgrade Required',
  [503] = 'Service Unavailable' }

-- Answers a handshake that is not accepted.
local function refuse(socket, status, why)
  local body = why .. '\n'
  socket:on('error', function() end)
  socket:write(('HTTP/1.1 %d %s\r\nConnection: close\r\n%sContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%s')
    :format(status, REASONS[status] or 'Refused', status == 426 and 'Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\n' or '',
      #body, body))
  socket:_end()
  socket:resume()
  local timer = require('timer')
  local patience = timer.setTimeout(2000, function() socket:destroy() end)
  socket:once('close', function() timer.clearTimeout(patience) end)
  local err = Error:new(('EPROTO: no WebSocket: %s'):format(why))
  err.status = status
  return nil, err
end

-- What is wrong with a request, and the status that says so.
local function checkRequest(req)
  local headers = req.headers
  if req.method ~= 'GET' or req.httpVersion ~= '1.1' then
    return 400, 'a WebSocket begins with a GET of HTTP/1.1'
  elseif not hasToken(headers.upgrade, 'websocket') or not hasToken(headers.connection, 'upgrade') then
    return 426, 'this is a WebSocket'
  elseif headers['sec-websocket-version'] ~= '13' then
    return 426, 'the version of WebSocket must be 13'
  elseif not (headers['sec-websocket-key'] or ''):find('^[%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/]'
    .. '[%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][%w+/][AQgw]==$') then
    return 400, 'Sec-WebSocket-Key is not 16 bytes in base64'
  end
end

-- The first of our protocols that the client offers.
local function choose(ours, offered)
  for _, name in ipairs(type(ours) == 'string' and { ours } or ours or {}) do
    for element in (offered or ''):gmatch('[^,]+') do
      if element:match('^%s*(.-)%s*$') == name then
        return name
      end
    end
  end
end

--- Accepts a WebSocket in a listener of an http server's event `upgrade`. What is not a
--- valid handshake is answered with its status, and the socket closed.
---
--- Options: protocols (names this server speaks, the best first), origins (a list of the
--- values of Origin that may connect, or a function of it), headers (for the answer), and
--- maxMessage, closeTimeout, pingInterval as for connect.
---@param req http.IncomingMessage
---@param socket net.Socket
---@param head string|nil what came behind the request
---@param opts table|nil
---@return WebSocket|nil ws
---@return Error|nil err
function websocket.accept(req, socket, head, opts)
  opts = opts or {}
  local status, why = checkRequest(req)
  if status then
    return refuse(socket, status, why)
  end
  local headers = req.headers
  local origins = opts.origins
  if origins then
    local origin, allowed = headers.origin, false
    if type(origins) == 'function' then
      allowed = origins(origin, req)
    else
      for _, each in ipairs(type(origins) == 'string' and { origins } or origins) do
        allowed = allowed or each == origin
      end
    end
    if not allowed then
      return refuse(socket, 403, 'connections from this origin are not wanted')
    end
  end
  local protocol = choose(opts.protocols, headers['sec-websocket-protocol'])
  local answer = { 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ',
    native.accept_value(headers['sec-websocket-key']), '\r\n' }
  if protocol then
    answer[#answer + 1] = 'Sec-WebSocket-Protocol: ' .. protocol .. '\r\n'
  end
  local fields = options.flatten(opts.headers)
  for i = 1, #fields, 2 do
    if (fields[i] .. fields[i + 1]):find('[%c]') or fields[i]:find('[^%w_-]') then
      error('accept: the header ' .. ('%q'):format(fields[i]) .. ' has a character that no header has', 2)
    end
    answer[#answer + 1] = fields[i] .. ': ' .. fields[i + 1] .. '\r\n'
  end
  answer[#answer + 1] = '\r\n'
  socket:write(table.concat(answer))
  local ws = Socket:new('server', opts)
  ws:opened(socket, head or '', protocol, req)
  return ws
end

--- A server of WebSockets; from `createServer`.
--- event connection(ws WebSocket, req http.IncomingMessage): a client has connected
--- event error(err Error): listen failed
--- event close(): it accepts no more
---@class WebSocketServer: Emitter
---@field server http.Server the server below
---@field clients table<WebSocket, true> those that are connected
local Server = core.Emitter:extend()
websocket.Server = Server

local function plainRequest(_, res)
  res.statusCode = 426
  res:setHeader('Upgrade', 'websocket')
  res:setHeader('Content-Type', 'text/plain')
  res:finish('this is a WebSocket\n')
end

function Server:initialize(opts)
  self.options, self.clients = opts, {}
  self.shared = opts.server ~= nil
  if self.shared then
    self.server = opts.server
  elseif opts.key or opts.secureContext then
    self.server = require('https').createServer(opts, plainRequest)
  else
    self.server = require('http').createServer(opts, plainRequest)
  end
  self.onUpgrade = function(req, socket, head)
    return self:upgrade(req, socket, head)
  end
  self.server:on('upgrade', self.onUpgrade)
  if not self.shared then
    self.server:on('error', function(err) self:emit('error', err) end)
  end
end

function Server:upgrade(req, socket, head)
  local opts = self.options
  if opts.path and req.url:gsub('%?.*$', '') ~= opts.path then
    if not self.shared then
      refuse(socket, 404, 'there is nothing at this path')
    end
    return -- another listener's
  end
  if self.closed then
    return refuse(socket, 503, 'this server is about to end')
  end
  local ws = websocket.accept(req, socket, head, opts)
  if not ws then return end
  self.clients[ws] = true
  ws:on('close', function()
    self.clients[ws] = nil
  end)
  self:emit('connection', ws, req)
end

--- As http.Server:listen.
---@param ... any
---@return WebSocketServer self
function Server:listen(...)
  self.server:listen(...)
  return self
end

--- As http.Server:address.
---@return table|nil address
---@return Error|nil err
function Server:address()
  return self.server:address()
end

--- Accepts no more connections, and closes those that are there with the code 1001. A
--- server given as an option stays open.
---@param callback fun()|nil as a listener of `close`
---@return WebSocketServer self
function Server:close(callback)
  if callback then
    self:once('close', callback)
  end
  if self.closed then
    return self
  end
  self.closed = true
  for ws in pairs(self.clients) do
    ws:close(1001, 'the server ends')
  end
  if self.shared then
    self.server:removeListener('upgrade', self.onUpgrade)
    require('internal/turn').soon(self.emit, self, 'close')
  else
    self.server:close(function() self:emit('close') end)
  end
  return self
end

--- Makes a server. The listener gets each connection and runs in a coroutine, so that it
--- may be written in straight lines: `for data in ws:messages() do ws:send(data) end`.
---
--- Options: server (an http or https server to share), path (others are refused, or left to
--- other listeners on a shared server), those of websocket.accept, and without `server`
--- those of http.createServer, or with key and cert of https.createServer.
---@param opts table|nil
---@param listener nil|fun(ws: WebSocket, req: http.IncomingMessage) a listener of `connection`
---@return WebSocketServer server
---@overload fun(listener: fun(ws: WebSocket, req: http.IncomingMessage)): WebSocketServer
function websocket.createServer(opts, listener)
  if type(opts) == 'function' then
    opts, listener = nil, opts
  end
  local server = Server:new(opts or {})
  if listener then
    server:on('connection', require('task').wrap(listener))
  end
  return server
end

return websocket
