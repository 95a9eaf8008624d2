-- Servers for a plugin's tests, on loopback, with any free port: each gives `host`,
-- `port`, and what it got. An error in one fails the test. Not for programs.
--
-- A script is a list of exchanges, played for each connection from its first:
--   "text"                                 sent at once, as a greeting is
--   { expect = "bytes", reply = "bytes" }  waits for exactly these bytes
--   { match = "lua pattern", reply = ... } waits for a line that has the pattern in it
-- with `reply` a text, or a function of what came; `wait` seconds before it; and
-- `close = true` to close the connection after it. Or the script is a function of the
-- socket (see net.Socket), for anything else.

local net = require('net')
local timer = require('timer')

local HOST = '127.0.0.1'

local quoted = require('internal/plugin_test_text').quoted

-- Where the test made a server.
local function place()
  local info = debug.getinfo(3, 'Sl')
  return ('%s:%d: '):format(info.short_src, info.currentline)
end

-- An error of the test's function, with its place; of anything else, with a traceback.
local function described(err)
  return type(err) == 'string' and err or debug.traceback(tostring(err), 2)
end

local Server = {}
Server.__index = Server

function Server:waits()
  return self.waiting
end

function Server:close()
  for _, socket in ipairs(self.sockets) do socket:destroy() end
  self.server:destroy()
end

local function complain(t, server, text)
  server.complaint = server.complaint or text
  t:failed(text)
end

-- ---- scripts

-- What begins with the wanted bytes is read to their end; else nil, and what came.
local function read_expected(server, socket, wanted)
  while #server.buffer < #wanted do
    if server.buffer ~= wanted:sub(1, #server.buffer) then break end
    local chunk = socket:readSome()
    if not chunk then break end
    server.buffer = server.buffer .. chunk
  end
  if server.buffer:sub(1, #wanted) ~= wanted then return nil end
  server.buffer = server.buffer:sub(#wanted + 1)
  return wanted
end

local function read_line(server, socket)
  while not server.buffer:find('\n', 1, true) do
    local chunk = socket:readSome()
    if not chunk then return nil end
    server.buffer = server.buffer .. chunk
  end
  local line, rest = server.buffer:match('^([^\n]*)\n(.*)$')
  server.buffer = rest
  return (line:gsub('\r$', ''))
end

local function answer(socket, exchange, got)
  if exchange.wait then timer.sleep(exchange.wait * 1000) end
  local reply = exchange.reply
  if type(reply) == 'function' then reply = reply(got) end
  if reply and reply ~= '' then socket:writeAll(reply) end
  if exchange.close then socket:destroy() end
  return not exchange.close
end

-- One connection, from the first exchange to the last.
local function play(script, server, socket)
  local one = { buffer = '' }
  local chunks = socket:chunks()
  function one.readSome()
    local chunk = chunks()
    if chunk then server.received = server.received .. chunk end
    return chunk
  end
  for number, exchange in ipairs(script) do
    if type(exchange) == 'string' then exchange = { reply = exchange } end
    local wanted = exchange.expect or exchange.match
    local got
    if wanted then
      local what = ('%s waits in exchange %d for %s'):format(server.name, number, quoted(wanted))
      server.waiting = what
      if exchange.expect then
        got = read_expected(one, one, wanted)
      else
        got = read_line(one, one)
        if got and not got:find(wanted) then one.buffer, got = got, nil end
      end
      if not got then
        return ('%s: exchange %d: expected %s, got %s'):format(server.name, number, quoted(wanted),
          one.buffer == '' and 'the end of the connection' or quoted(one.buffer))
      end
      server.waiting = nil
    end
    if not answer(socket, exchange, got) then return nil end
  end
  while one.readSome() do end -- until the client has ended
  return one.buffer ~= '' and ('%s: not expected any more: %s'):format(server.name, quoted(one.buffer)) or nil
end

local function checked(script, level)
  if type(script) == 'function' then return script end
  if type(script) ~= 'table' then error('a server needs a script: a list of exchanges, or a function', level + 1) end
  local known = { expect = true, match = true, reply = true, wait = true, close = true }
  for number, exchange in ipairs(script) do
    for key in pairs(type(exchange) == 'table' and exchange or {}) do
      if not known[key] then
        error(('exchange %d: %s is not known; there are expect, match, reply, wait and close')
          :format(number, tostring(key)), level + 1)
      end
    end
  end
  return script
end

local function stream_server(t, script, name)
  local server = setmetatable(
    { name = name, received = '', connections = 0, sockets = {} }, Server)
  t.servers[#t.servers + 1] = server
  server.server = net.createServer({ allowHalfOpen = true }, function(socket)
    server.connections = server.connections + 1
    server.sockets[#server.sockets + 1] = socket
    socket:on('error', function() end) -- the client may go as it likes
    local ok, complaint
    if type(script) == 'function' then
      ok, complaint = xpcall(function() script(socket) end, described)
      if ok then complaint = nil end
    else
      ok, complaint = xpcall(function() return play(script, server, socket) end, described)
    end
    socket:_end()
    if complaint then complain(t, server, complaint) end
  end)
  return server
end

local methods = {}

-- server.host, port, received (all bytes), connections (how many).
function methods.tcp_server(t, script)
  local server = stream_server(t, checked(script, 2), place() .. 'tcp_server')
  server.server:listen(0, HOST)
  server.host, server.port = HOST, server.server:address().port
  return server
end

-- The same on a socket of this host: server.path.
function methods.unix_server(t, script)
  local server = stream_server(t, checked(script, 2), place() .. 'unix_server')
  server.path = t.folder .. '/' .. #t.servers .. '.sock'
  server.server:listen(server.path)
  return server
end

-- A port of this host where nobody listens.
function methods.closed_port()
  local server = net.createServer(function() end)
  server:listen(0, HOST)
  local port = server:address().port
  server:close()
  return port
end

-- ---- datagrams

local Udp = {}
Udp.__index = Udp
function Udp:waits() return nil end
function Udp:close() self.socket:close() end

-- reply(datagram) -> the answer, or nil for none. server.received: a list.
function methods.udp_server(t, reply)
  if type(reply) ~= 'function' then error('a udp_server needs a function: datagram -> answer', 2) end
  local server = setmetatable({ received = {}, host = HOST }, Udp)
  server.socket = require('dgram').createSocket('udp4', function(data, from)
    server.received[#server.received + 1] = data
    local ok, answered = xpcall(reply, described, data)
    if not ok then return complain(t, server, answered) end
    if answered then server.socket:send(answered, from.port, from.ip) end
  end)
  server.socket:bind(0, HOST)
  server.port = server.socket:address().port
  t.servers[#t.servers + 1] = server
  return server
end

-- ---- HTTP

local function response_of(routes, request)
  local route = routes[request.method .. ' ' .. request.target] or routes[request.target]
    or routes[request.method .. ' ' .. request.path] or routes[request.path]
  if type(route) == 'function' then route = route(request) end
  if type(route) == 'string' then route = { body = route } end
  return route or { status = 404, body = 'no such page\n' }
end

-- routes: by "/path", "/path?query" or "POST /path": a body, a table {status, headers,
-- body, wait}, or a function of the request {method, target, path, headers, body} that
-- gives one. server.url, and server.requests: those that came.
function methods.http_server(t, routes)
  if type(routes) ~= 'table' then error('an http_server needs a table of its pages', 2) end
  local server = setmetatable({ name = 'http_server', requests = {}, sockets = {} }, Server)
  t.servers[#t.servers + 1] = server
  server.server = require('http').createServer(function(req, res)
    local ok, err = xpcall(function()
      local request = { method = req.method, target = req.url, path = req.url:match('^[^?]*'),
        headers = {}, body = req:readAll() or '' }
      for _, field in ipairs(req.headers) do request.headers[field[1]:lower()] = field[2] end
      server.requests[#server.requests + 1] = request
      local response = response_of(routes, request)
      if response.wait then timer.sleep(response.wait * 1000) end
      res.statusCode = response.status or 200
      for name, value in pairs(response.headers or {}) do res:setHeader(name, value) end
      res:finish(response.body or '')
    end, described)
    if not ok then complain(t, server, err) end
  end)
  server.server:listen(0, HOST)
  server.host, server.port = HOST, server.server:address().port
  server.url = 'http://' .. HOST .. ':' .. server.port
  return server
end

return methods
