-- What the agent says to its endpoint, and how it answers (dialect virgo/1, see
-- host/docs/protocol.md). The connection, framing, request table and queue are
-- the host's; the words are here.
--
-- The host calls `opened` when a connection is up, as a task of the link: it may
-- wait (link:request, queue:wait, virgo.sleep), and is dropped when the link
-- ends. Requests of the endpoint are answered by `requests[method]`.
--
-- This file can be changed while the agent runs. The new one then goes on with the
-- connection of the old: its `resumed` is called in place of `opened`, with what the
-- old one's `handover` returned. If it fails before the endpoint has answered it
-- once, the old one goes on.

local HEARTBEAT_TIMEOUT = 10   -- seconds
local STOP_STEP = 1            -- seconds until a stop of the agent is noticed
local BATCH_BYTES = 900 * 1024 -- a message is at most 1 MiB

-- LuaJIT's generator begins alike everywhere; heartbeats of a fleet must not.
math.randomseed(virgo.time() * 1e6 % 2 ^ 31)

local log = virgo.log
local conversation = { requests = {} }

-- Seconds between heartbeats, as the endpoint wants them.
local heartbeat_interval

-- Offset of the endpoint's clock to ours in seconds, from the last heartbeat.
local clock_offset, latency

local function hello(link)
  local reply, err = link:request("handshake.hello", {
    dialect = "virgo/1",
    token = agent.token,
    agent_id = agent.id,
    agent_name = "virgo",
    process_version = agent.version,
    bundle_version = agent.version,
    features = json.array {},
    epoch = agent.epoch,
    checks = agent.checks,
  }, agent.request_timeout)
  if not reply then
    return nil, "the endpoint refused us: " .. err.message
  end
  if reply.dialect ~= "virgo/1" then
    return nil, "the endpoint does not speak the dialect virgo/1"
  end
  local interval = tonumber(reply.heartbeat_interval)
  if not interval or interval < 100 then
    return nil, "the endpoint's hello has no usable heartbeat_interval (milliseconds)"
  end
  heartbeat_interval = interval / 1000
  return true
end

local function next_heartbeat() return heartbeat_interval * (0.9 + 0.1 * math.random()) end

-- Shows that both sides live, and measures the round trip and the clocks.
local function heartbeats(link, first)
  virgo.sleep(first)
  while true do
    local sent, begun = virgo.time(), virgo.now()
    local reply, err = link:request("heartbeat.post",
      { timestamp = math.floor(sent * 1000), latency_ms = latency and latency * 1000 },
      math.min(HEARTBEAT_TIMEOUT, agent.request_timeout))
    if not reply then
      return link:close("no heartbeat: " .. err.message)
    end
    latency = virgo.now() - begun -- not by the wall clock, which may be set meanwhile
    if tonumber(reply.timestamp) then
      clock_offset = reply.timestamp / 1000 - (sent + latency / 2)
      log.debug(string.format("heartbeat: %.1f ms, the endpoint's clock is %+.3f s off",
        latency * 1000, clock_offset))
    end
    virgo.sleep(next_heartbeat())
  end
end

-- Reports that come within the flush interval go out together: a message costs more
-- than what is in it. When the agent stops, nobody waits.
local function gather()
  local left = agent.flush_interval
  while left > 0 and not agent.stopping() do
    virgo.sleep(math.min(left, STOP_STEP))
    left = left - STOP_STEP
  end
end

-- One batch at a time; what is not acknowledged stays in the queue.
local function deliver(link)
  queue:rewind()
  while true do
    queue:wait()
    gather()
    local batch, first, last = queue:take(BATCH_BYTES)
    while batch do
      local reply, err = link:request("batch.post", batch, agent.request_timeout)
      if not reply then
        return link:close("a batch was not accepted: " .. err.message)
      end
      local acked = tonumber(reply.acked)
      if not acked or acked < first then
        return link:close("the endpoint acknowledged nothing of a batch")
      end
      queue:acknowledge(acked)
      if acked < last then queue:rewind() end
      batch, first, last = queue:take(BATCH_BYTES)
    end
  end
end

function conversation.opened(link)
  local accepted, problem = hello(link)
  if not accepted then return link:close(problem) end
  link:ready()
  log.info("the endpoint accepted us as '" .. agent.id .. "'")
  link:spawn(heartbeats, link, next_heartbeat())
  deliver(link)
end

function conversation.handover()
  return {
    heartbeat_interval = heartbeat_interval, clock_offset = clock_offset, latency = latency,
  }
end

function conversation.resumed(link, handed)
  if not handed or not handed.heartbeat_interval then return conversation.opened(link) end
  heartbeat_interval = handed.heartbeat_interval
  clock_offset, latency = handed.clock_offset, handed.latency
  -- The first at once: it shows that this one can speak.
  link:spawn(heartbeats, link, 0)
  deliver(link)
end

-- A request's handler returns the result (a table), or nil, code, message.

conversation.requests["agent.info"] = function()
  return {
    agent_id = agent.id,
    version = agent.version,
    epoch = agent.epoch,
    checks = agent.checks,
    latency_ms = latency and latency * 1000,
    clock_offset_ms = clock_offset and clock_offset * 1000,
  }
end

return conversation
