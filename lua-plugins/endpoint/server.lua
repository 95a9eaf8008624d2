-- The endpoint's side of the protocol: takes connections, checks tokens, stores
-- batches and acknowledges them when they are written. One task per connection.

local MAX_LINE = 1024 * 1024
local HELLO_TIMEOUT = 10 -- seconds
local MAX_BAD_LINES = 3

local server = {}
server.__index = server

-- options: host, port, certificate, key, tokens (list), heartbeat_interval
-- (seconds), store, received = function(agent, report), hello = function(agent,
-- params). Returns the server, or nil and why.
function server.start(options)
  local self = setmetatable({ options = options, connections = 0 }, server)
  local listener, err = net.listen {
    host = options.host, port = options.port,
    certificate = options.certificate, key = options.key,
    accepted = function(sock) self:serve(sock) end,
    refused = function(peer, why, code)
      -- Who connects and says nothing is a port scan or a health check.
      virgo.log[code == "closed" and "debug" or "warn"](peer .. ": " .. why)
    end,
  }
  if not listener then return nil, err end
  self.listener = listener
  self.address = listener.address
  return self
end

function server:stop() self.listener:close() end

local function reply(sock, request, result)
  return sock:write(json.encode {
    v = "1", id = request.id, source = "endpoint", target = request.source, result = result,
  } .. "\n")
end

local function refuse(sock, request, code, kind, message)
  return sock:write(json.encode {
    v = "1", id = request.id, source = "endpoint", target = request.source,
    error = { code = code, type = kind, message = message },
  } .. "\n")
end

-- The next message as a table; nil and why when the connection is to end.
local function next_message(session, timeout)
  while true do
    local line, err = session.sock:read_line(MAX_LINE, timeout)
    if not line then return nil, err end
    if line ~= "" then
      local message, problem = json.decode(line)
      if type(message) == "table" and message.v == "1" and message.id ~= nil then
        return message
      end
      session.bad = session.bad + 1
      virgo.log.warn(string.format("%s sent a line that is not a message: %s: \"%s\"",
        session.sock.peer, problem or "no envelope", virgo.printable(line, 60)))
      if session.bad > MAX_BAD_LINES then
        return nil, "sent " .. session.bad .. " lines that are not messages"
      end
    end
  end
end

function server:token_is_good(token)
  local good = false
  for _, known in ipairs(self.options.tokens) do
    -- No early end: the time must not tell which token was nearly right.
    if virgo.equal(known, token) then good = true end
  end
  return good
end

-- The handshake. Returns the agent's name, or nil and why the connection ends.
function server:hello(session)
  local sock = session.sock
  local message, err = next_message(session, HELLO_TIMEOUT)
  if not message then return nil, err end
  local params = message.params
  if message.method ~= "handshake.hello" or type(params) ~= "table" then
    refuse(sock, message, 400, "notAuthenticated", "the first message must be handshake.hello")
    return nil, "did not begin with handshake.hello"
  end
  if type(params.token) ~= "string" or not self:token_is_good(params.token) then
    refuse(sock, message, 401, "authenticationFailed", "the token is not known here")
    return nil, "gave a token that is not known here"
  end
  if params.dialect ~= "virgo/1" then
    refuse(sock, message, 400, "unsupportedDialect", "this endpoint speaks the dialect virgo/1")
    return nil, "speaks another dialect than virgo/1"
  end
  local agent = params.agent_id
  if type(agent) ~= "string" or #agent == 0 or #agent > 128 or agent:find("[%c\"\\]") then
    refuse(sock, message, 400, "badAgentId", "agent_id must be a text of 1 to 128 characters")
    return nil, "has no usable agent_id"
  end
  session.file, err = self.options.store:file(agent)
  if not session.file then
    refuse(sock, message, 500, "storage", "the endpoint cannot store reports")
    return nil, err
  end
  reply(sock, message, {
    dialect = "virgo/1", heartbeat_interval = self.options.heartbeat_interval * 1000,
    entity_id = agent, channel = "stable",
  })
  if self.options.hello then self.options.hello(agent, params) end
  return agent
end

-- Records of a batch that were not seen before, as NDJSON lines.
local function new_records(file, agent, epoch, records)
  local lines, fresh, last = {}, {}, nil
  local seen = epoch == file.epoch and file.seq or 0
  for _, record in ipairs(records) do
    local seq = type(record) == "table" and tonumber(record.seq)
    if not seq then return nil, "a record without seq" end
    if last and seq <= last then return nil, "records out of order" end
    last = seq
    if seq > seen then
      record.seq = nil
      lines[#lines + 1] = string.format('{"agent":"%s","epoch":%.0f,"seq":%.0f,%s\n',
        agent, epoch, seq, json.encode(record):sub(2))
      record.seq = seq
      fresh[#fresh + 1] = record
    end
  end
  return lines, fresh, last
end

local handlers = {}

handlers["heartbeat.post"] = function()
  return { timestamp = math.floor(virgo.time() * 1000) }
end

handlers["batch.post"] = function(self, session, params)
  local epoch = tonumber(params.epoch)
  if not epoch or type(params.reports) ~= "table" then
    return nil, 400, "badBatch", "batch.post needs epoch and reports"
  end
  local lines, fresh, last = new_records(session.file, session.agent, epoch, params.reports)
  if not lines then return nil, 400, "badBatch", fresh end
  if #lines > 0 then
    local ok, err = session.file:append(table.concat(lines))
    if not ok then
      virgo.log.error(err)
      return nil, 500, "storage", "the endpoint cannot store reports"
    end
    session.file.epoch, session.file.seq = epoch, last
    for _, record in ipairs(fresh) do self.options.received(session.agent, record) end
  end
  return { acked = last or json.null }
end

function server:answer(session, message)
  if message.method == nil then return true end -- a response; we ask nothing yet
  local handler = handlers[message.method]
  if not handler then
    return refuse(session.sock, message, 404, "unknownMethod",
      "no such method: " .. virgo.printable(tostring(message.method), 60))
  end
  local params = type(message.params) == "table" and message.params or {}
  local result, code, kind, text = handler(self, session, params)
  if result then return reply(session.sock, message, result) end
  return refuse(session.sock, message, code, kind, text)
end

function server:serve(sock)
  self.connections = self.connections + 1
  local session = { sock = sock, bad = 0 }
  local agent, why = self:hello(session)
  if agent then
    session.agent = agent
    virgo.log.info(string.format("%s: agent '%s' is here", sock.peer, agent))
    -- Whoever misses two heartbeats is gone.
    local idle = 2 * self.options.heartbeat_interval + 5
    local message
    repeat
      message, why = next_message(session, idle)
      if message then
        local ok, err = self:answer(session, message)
        if not ok then message, why = nil, err end
      end
    until not message
  end
  if session.file then session.file:release() end
  self.connections = self.connections - 1
  virgo.log[agent and "info" or "warn"](string.format("%s%s: %s", sock.peer,
    agent and (" (agent '" .. agent .. "')") or "", why))
  sock:close()
end

return server
