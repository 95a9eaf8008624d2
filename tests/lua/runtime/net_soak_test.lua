-- Memory stays flat, and nothing stays open, over many connections, datagrams and questions.
local test = require('./harness')
local uv = require('uv')
local dgram = require('dgram')
local dns = require('dns')
local message = require('dns/message')
local net = require('net')

local KB = 100 -- what may come and go between two collections

local function held()
  collectgarbage()
  collectgarbage()
  return collectgarbage('count')
end

local function handles()
  local count = 0
  uv.walk(function(handle)
    if not handle:is_closing() then count = count + 1 end
  end)
  return count
end

-- Memory after `count` rounds beside that after the first tenth.
local function flat(t, count, round)
  local open = handles()
  -- The server's side closes a little later than the client's.
  local function settle()
    while handles() > open do t:sleep(1) end
    return held()
  end
  for _ = 1, count / 10 do round() end
  local before = settle()
  for _ = 1, count do round() end
  local more = settle() - before
  t:ok(more < KB, ('%d KB more after %d'):format(more, count))
end

-- 10,000 in all; a test each, so that a slow machine has the time for it.
for part = 1, 5 do
  test('2,000 connections, part ' .. part, function(t)
    local server = net.createServer(function(socket)
      for chunk in socket:chunks() do socket:writeAll(chunk) end
    end)
    server:listen(0, '127.0.0.1')
    local port = server:address().port
    flat(t, 2000, function()
      local client = net.connect(port)
      client:write('x')
      t:equal(client:readExactly(1), 'x')
      client:_end()
      client:wait('close')
    end)
    server:close()
    server:wait('close')
    t:equal(next(server._connections), nil)
  end)
end

test('1,000 connections by name, with listeners, timeouts and a reset', function(t)
  local server = net.createServer(function(socket)
    socket:on('error', function() end)
    socket:setTimeout(60000)
    socket:pipe(socket)
  end)
  server:listen(0, '127.0.0.1')
  local port = server:address().port
  flat(t, 1000, function()
    local client = net.connect(port, 'localhost')
    client:setTimeout(60000)
    client:on('data', function() client:destroy() end)
    client:write('x')
    client:wait('close')
  end)
  server:close()
  server:wait('close')
end)

test('1,000 connections that are refused', function(t)
  local probe = uv.new_tcp()
  probe:bind('127.0.0.1', 0)
  local port = probe:getsockname().port
  flat(t, 1000, function()
    local client = net.connect(port)
    t:equal(select(2, client:wait('connect')).code, 'ECONNREFUSED')
  end)
  probe:close()
end)

test('1,000 questions to a name server', function(t)
  local server = dgram.createSocket()
  server:bind(0, '127.0.0.1')
  server:on('message', function(data, from)
    local query = message.decode(data)
    server:send(message.encode { id = query.id, response = true, questions = query.questions,
      answers = { { name = query.questions[1].name, type = dns.TYPE_A, address = '192.0.2.1' } } },
      from.port, from.ip)
  end)
  dns.setServers { { host = '127.0.0.1', port = server:address().port } }
  flat(t, 1000, function()
    t:equal(dns.resolve4('www.example.')[1].address, '192.0.2.1')
  end)
  dns.setDefaultServers()
  server:close()
end)
