-- The endpoint's side of the protocol: takes connections, checks tokens, stores
-- batches and acknowledges them when they are written. One task per connection.

local MAX_LINE = 1024 * 1024
local MAX_VALUES = 200000 -- of a message's JSON
local OBJECT, ARRAY = { __jsontype = "object" }, { __jsontype = "array" }
local HELLO_TIMEOUT = 10 -- seconds
local MAX_BAD_LINES = 3

local core, tls, json = require "core", require "tls", require "json"
local uv, virgo = require "uv", require "virgo"

local server = {}
server.__index = server

local function name_of(address) -- "127.0.0.1:4433", "[::1]:4433"
  return (address.ip:find(":") and "[%s]:%d" or "%s:%d"):format(address.ip, address.port)
end

local function refused(err, sock)
  local peer = sock:getpeername()
  -- Who connects and says nothing is a port scan or a health check.
  virgo.log[err.code == "ECONNRESET" and "debug" or "warn"](
    (peer and name_of(peer) .. ": " or "") .. tostring(err))
end

-- options: host, port, certificate, key (PEM texts), tokens (list), heartbeat_interval
-- (seconds), store, received = function(agent, report), hello = function(agent,
-- params). Waits until it listens; returns the server, or nil and why.
function server.start(options)
  local self = setmetatable({ options = options }, server)
  local listener = tls.createServer({
    cert = options.certificate, key = options.key, handshakeTimeout = HELLO_TIMEOUT * 1000,
  }, function(sock) self:serve(sock) end)
  listener:on("tlsClientError", refused)
  listener:listen(options.port, options.host)
  local _, err = listener:wait("listening")
  if err then
    return nil, ("cannot listen on %s: %s"):format(
      name_of { ip = options.host, port = options.port }, err.message:match(": (.-)$") or err.message)
  end
  listener:on("error", function(why) virgo.log.error(tostring(why)) end)
  self.listener = listener
  self.address = name_of(listener:address())
  return self
end

function server:stop() self.listener:close() end

local function reply(sock, request, result)
  return sock:writeAll(json.encode {
    v = "1", id = request.id, source = "endpoint", target = request.source, result = result,
  } .. "\n")
end

local function refuse(sock, request, code, kind, message)
  return sock:writeAll(json.encode {
    v = "1", id = request.id, source = "endpoint", target = request.source,
    error = { code = code, type = kind, message = message },
  } .. "\n")
end

-- The next message as a table; nil and why when the connection is to end.
local function next_message(session, timeout)
  -- For the whole message: a byte now and then does not count.
  session.patience:start(timeout * 1000, 0, function()
    session.sock:destroy(core.Error:new("sent nothing in time", "ETIMEDOUT"))
  end)
  while true do
    local line, err = session.sock:readLine(MAX_LINE)
    if not line then
      if err and err.code == "EMSGSIZE" then
        return nil, ("a line of more than %d bytes"):format(MAX_LINE)
      end
      return nil, err or (session.sock.truncated and
        "the client cut the connection without a TLS close" or "the other side closed the connection")
    end
    if line ~= "" then
      local message, after, problem =
        json.decode(line, 1, json.null, OBJECT, ARRAY, MAX_VALUES)
      if problem == nil and line:find("%S", after) then problem = "more than one value" end
      if problem == nil and type(message) == "table" and message.v == "1" and message.id ~= nil then
        return message
      end
      session.bad = session.bad + 1
      virgo.log.warn(string.format("%s sent a line that is not a message: %s: \"%s\"",
        session.peer, problem or "no envelope", virgo.printable(line, 60)))
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
  if type(agent) ~= "string" or #agent == 0 or #agent > 128 or agent:find("[%c\"\\]")
    or not self.options.store:takes(agent) then
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

-- A number that counts something, and that Lua holds exactly.
local function is_count(v)
  return type(v) == "number" and v >= 1 and v <= 2 ^ 53 and v % 1 == 0
end

-- Why a record is none; nil if it is one. What is asked for here the rest of this
-- program relies on.
local function fault_of(record)
  if type(record) ~= "table" or not is_count(record.seq) then return "a record without seq" end
  local gap = record.gap
  if gap ~= nil then
    if type(gap) == "table" and type(gap.check) == "string" and type(gap.reason) == "string"
      and is_count(gap.from) and is_count(gap.to) then return nil end
    return "a gap without check, from, to and reason"
  end
  if type(record.check) == "string" and type(record.status) == "string"
    and type(record.samples) == "table" then return nil end
  return "a report without check, status and samples"
end

-- Records of a batch that were not seen before, as NDJSON lines.
local function new_records(file, agent, epoch, records)
  local lines, fresh, last = {}, {}, nil
  local seen = epoch == file.epoch and file.seq or 0
  for _, record in ipairs(records) do
    local fault = fault_of(record)
    if fault then return nil, fault end
    local seq = record.seq
    if last and seq <= last then return nil, "records out of order" end
    last = seq
    if seq > seen then
      -- These three are the endpoint's word.
      record.seq, record.epoch, record.agent = nil, nil, nil
      lines[#lines + 1] = string.format('{"agent":"%s","epoch":%.0f,"seq":%.0f,%s\n',
        agent, epoch, seq, json.encode(record):sub(2))
      fresh[#fresh + 1] = record
    end
  end
  return lines, fresh, last
end

-- Writes what is new. Returns the last seq and the new records, or nil and how to
-- refuse.
local function store_batch(file, agent, params)
  local lines, fresh, last = new_records(file, agent, params.epoch, params.reports)
  if not lines then return nil, 400, "badBatch", fresh end
  if #lines > 0 then
    local ok, err = file:append(table.concat(lines))
    if not ok then
      virgo.log.error(err)
      return nil, 500, "storage", "the endpoint cannot store reports"
    end
    file.epoch, file.seq = params.epoch, last
  end
  return last or json.null, fresh
end

local handlers = {}

handlers["heartbeat.post"] = function()
  local seconds, microseconds = uv.gettimeofday()
  return { timestamp = seconds * 1000 + math.floor(microseconds / 1000) }
end

handlers["batch.post"] = function(self, session, params)
  if not is_count(params.epoch) or type(params.reports) ~= "table" then
    return nil, 400, "badBatch", "batch.post needs epoch and reports"
  end
  local file = session.file
  local last, fresh, kind, text =
    file:exclusively(store_batch, file, session.agent, params)
  if not last then return nil, fresh, kind, text end
  for _, record in ipairs(fresh) do self.options.received(session.agent, record) end
  return { acked = last }
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

-- All that is said on a connection; returns why it ended.
function server:converse(session)
  local sock = session.sock
  local agent, why = self:hello(session)
  if not agent then return why end
  session.agent = agent
  virgo.log.info(string.format("%s: agent '%s' is here", session.peer, agent))
  -- Whoever misses two heartbeats is gone.
  local idle = 2 * self.options.heartbeat_interval + 5
  while true do
    local message, err = next_message(session, idle)
    if not message then return err end
    local ok, write_err = self:answer(session, message)
    if not ok then return write_err end
  end
end

function server:serve(sock)
  local session = { sock = sock, peer = name_of(sock:getpeername()), bad = 0 }
  session.patience = uv.new_timer()
  local ok, why = xpcall(self.converse, debug.traceback, self, session)
  session.patience:close()
  if session.file then session.file:release() end
  local who = session.peer .. (session.agent and (" (agent '" .. session.agent .. "')") or "")
  if ok then
    virgo.log[session.agent and "info" or "warn"](who .. ": " .. tostring(why))
  else
    -- An error of ours costs this agent its connection, not the others theirs.
    virgo.log.error(who .. ": the conversation failed: " .. why)
  end
  sock:shutdown()
end

return server
