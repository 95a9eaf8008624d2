--- One question to one name server: by UDP, and again by TCP when the answer did not fit.

local uv = require('uv')
local dgram = require('dgram')
local timer = require('timer')
local addresses = require('net/address')
local errors = require('net/errors')
local message = require('dns/message')

local function randomId()
  local octets = assert(uv.random(2))
  return octets:byte(1) * 256 + octets:byte(2)
end

local function failure(ask, code, sentence)
  return errors.make(ask.operation, code, ask.name, nil, sentence)
end

-- Whether octets are the answer to a question: the message, false if they are somebody
-- else's, or nil and why they are no good.
local function check(ask, id, data)
  local header, why = message.decodeHeader(data)
  if not header or header.id ~= id or not header.response then
    return false
  end
  header, why = message.decodeQuestions(data)
  if not header then
    return nil, why
  end
  local question = header.questions[1]
  if #header.questions > 1 then
    return nil, 'more than one question'
  elseif not question then
    -- Servers that could not read the question leave it out.
    if header.rcode == 0 then
      return nil, 'no question'
    end
  elseif question.type ~= ask.type or question.class ~= ask.class
    or not message.sameName(question.name, ask.name) then
    return false
  end
  if header.opcode ~= 0 then
    return nil, 'an operation that was not asked for'
  elseif header.truncated then
    return header
  end
  return message.decode(data)
end

local function malformed(ask, server, why)
  return failure(ask, 'EBADRESP', ('malformed answer from %s: %s'):format(
    errors.where(server.host, server.port), why))
end

-- Makes finish(err, answer), which ends an attempt once: after the timeout, too.
local function once(ask, server, close, done)
  local clock
  local ended = false
  local function finish(err, answer)
    if ended then
      return
    end
    ended = true
    timer.clearTimeout(clock)
    close()
    done(err, answer)
  end
  clock = timer.setTimeout(ask.timeout, function()
    finish(failure(ask, 'ETIMEOUT', ('no answer from %s within %d ms'):format(
      errors.where(server.host, server.port), ask.timeout)))
  end)
  return finish
end

local function overTcp(ask, server, done)
  local net = require('net')
  local id = randomId()
  local query = message.encodeQuery(id, ask.name, ask.type, ask.class)
  local received, size = {}, 0
  local socket = net.connect({ port = server.port, host = server.host })
  local finish = once(ask, server, function() socket:destroy() end, done)

  local function arrived(data)
    received[#received + 1], size = data, size + #data
    if size < 2 then
      return
    end
    local all = table.concat(received)
    received = { all }
    local length = all:byte(1) * 256 + all:byte(2)
    if size < 2 + length then
      return
    end
    local answer, why = check(ask, id, all:sub(3, 2 + length))
    if not answer or answer.truncated then
      return finish(malformed(ask, server, why or answer and 'truncated' or 'to another question'))
    end
    finish(nil, answer)
  end

  socket:on('error', function(err) finish(err) end)
  socket:on('end', function() finish(malformed(ask, server, 'it ends too early')) end)
  socket:on('data', arrived)
  socket:write(string.char(math.floor(#query / 256), #query % 256) .. query)
end

local function overUdp(ask, server, done)
  local id = randomId()
  local query = message.encodeQuery(id, ask.name, ask.type, ask.class)
  -- A socket of its own for each query: a port that nobody can guess. Connected, so that
  -- only the server is heard and its refusal is noticed at once.
  local socket = dgram.createSocket(addresses.family(server.host) == 'inet6' and 'udp6' or 'udp4')
  local finish = once(ask, server, function() socket:close() end, done)
  socket:on('message', function(data)
    local answer, why = check(ask, id, data)
    if answer then
      finish(nil, answer)
    elseif answer == nil then
      finish(malformed(ask, server, why))
    end
  end)
  socket:on('error', function(err)
    finish(failure(ask, err.code, ('asking %s: %s'):format(
      errors.where(server.host, server.port), errors.sentence(err.code))))
  end)
  socket:connect(server.port, server.host, function()
    socket:send(query)
  end)
end

--- Asks one server.
---@param ask table operation (for errors), name, type, class, timeout in ms for each of the ways
---@param server table host, port, tcp (not to try UDP)
---@param done fun(err: Error|nil, answer: table|nil) see dns/message decode; whatever its rcode is
local function exchange(ask, server, done)
  if server.tcp then
    return overTcp(ask, server, done)
  end
  overUdp(ask, server, function(err, answer)
    if not err and answer.truncated then
      return overTcp(ask, server, done)
    end
    done(err, answer)
  end)
end

return exchange
