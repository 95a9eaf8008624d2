-- virgo.redis: what a Redis server (or Valkey, KeyDB) tells of itself with INFO.
--
--   - name: cache
--     type: virgo.redis
--     timeout: 2s
--     params: { host: cache1.example.com, password: "${file:/etc/virgo/redis.password}" }
--
-- The server needs nothing for it; with ACLs, a `username` that may ask and no more:
--   ACL SETUSER virgo on >secret -@all +info
-- agent.redis, below, has the names of the older agents.

local params = {
  host = { default = "127.0.0.1" }, port = { type = "int", default = 6379 },
  socket = { help = "path of a unix socket; host and port do not count then" },
  tls = { type = "bool", default = false }, verify = { type = "bool", default = true },
  ca = { help = "PEM file of who may sign the certificate; default: the system's" },
  username = { help = "without it the default user" }, password = { secret = true },
}
local needs = { net = { "tcp", "unix" }, read = { "$ca" } }

-- INFO's field, our metric after "redis.", unit, kind, help; a whole number unless "f64" follows.
local fields = {
  { "uptime_in_seconds", "uptime", "s", "counter", "Since the server started" },
  { "connected_clients", "clients.connected", "{client}", "gauge", "Without replicas" },
  { "blocked_clients", "clients.blocked", "{client}", "gauge", "Waiting in a blocking call" },
  { "client_recent_max_input_buffer", "clients.max_input_buffer", "By", "gauge", "Largest" },
  { "client_recent_max_output_buffer", "clients.max_output_buffer", "By", "gauge", "Largest" },
  { "used_memory", "memory.used", "By", "gauge", "Allocated by Redis" },
  { "used_memory_peak", "memory.peak", "By", "gauge", "Most that was ever allocated" },
  { "used_memory_rss", "memory.rss", "By", "gauge", "Resident, as the system sees it" },
  { "used_memory_lua", "memory.lua", "By", "gauge", "Used by scripts" },
  { "mem_fragmentation_ratio", "memory.fragmentation_ratio", "1", "gauge", "rss/used", "f64" },
  { "maxmemory", "maxmemory", "By", "gauge", "Limit of memory, 0 without one" },
  { "rdb_changes_since_last_save", "rdb.changes_since_last_save", "{change}", "gauge", "Unsaved" },
  { "latest_fork_usec", "latest_fork", "us", "gauge", "Duration of the latest fork" },
  { "total_connections_received", "connections.received", "{connection}", "counter", "Accepted" },
  { "rejected_connections", "connections.rejected", "{connection}", "counter", "Over maxclients" },
  { "total_commands_processed", "commands.processed", "{command}", "counter", "Executed" },
  { "instantaneous_ops_per_sec", "commands", "{ops}/s", "gauge", "As the server counts" },
  { "total_net_input_bytes", "net.input", "By", "counter", "Read from the network" },
  { "total_net_output_bytes", "net.output", "By", "counter", "Written to the network" },
  { "expired_keys", "keys.expired", "{event}", "counter", "Keys whose time was over" },
  { "evicted_keys", "keys.evicted", "{key}", "counter", "Keys dropped for want of memory" },
  { "keyspace_hits", "keyspace.hits", "{hit}", "counter", "Look-ups that found a key" },
  { "keyspace_misses", "keyspace.misses", "{miss}", "counter", "Look-ups that did not" },
  { "connected_slaves", "slaves.connected", "{replica}", "gauge", "Replicas connected" },
  { "master_repl_offset", "replication.offset", "By", "gauge", "Of this server" },
  { "repl_backlog_first_byte_offset", "replication.backlog_first_byte_offset", "By" },
}
local metrics = {
  { name = "redis.cpu.time", unit = "s", kind = "counter", help = "Used, by state" },
  { name = "redis.role", unit = "{role}", type = "u64", help = "1, by role: primary, replica" },
  { name = "redis.db.keys", unit = "{key}", type = "u64", help = "Keys by db" },
  { name = "redis.db.expires", unit = "{key}", type = "u64", help = "Keys that expire, by db" },
  { name = "redis.db.avg_ttl", unit = "ms", type = "u64", help = "Mean time to live, by db" },
}
for _, f in ipairs(fields) do
  table.insert(metrics, { name = "redis." .. f[2], unit = f[3], kind = f[4], help = f[5],
    type = f[6] or "u64" })
end

-- Sends a command, as RESP: an array of texts. Returns the answer's text.
local function ask(sock, ...)
  local words = { ... }
  for i, word in ipairs(words) do words[i] = ("$%d\r\n%s\r\n"):format(#word, word) end
  assert(sock:write(("*%d\r\n%s"):format(#words, table.concat(words))))
  local line = assert(sock:read_line())
  local kind, rest = line:match("^([-+$])(.*)$")
  rest = (rest or ""):gsub(",? with args .*", "") -- a server that knows no AUTH repeats the password
  if kind == "-" then error { message = "Redis refuses " .. select(1, ...) .. ": " .. rest } end
  if kind == "+" then return rest end
  local size = tonumber(rest)
  if not size or size < 0 or size > 1048576 then
    error { message = ("this is not Redis, it says '%s'"):format(line:sub(1, 80)) }
  end
  return (assert(sock:read(size + 2))) -- with the line end
end

local function connect(self)
  if self.socket then return virgo.unix.connect(self.socket) end
  if not self.tls then return virgo.tcp.connect(self.host, self.port) end
  return virgo.tls.connect(self.host, self.port, { ca = self.ca, verify = self.verify })
end

-- What INFO says, as field -> text.
local function info(self)
  local sock = assert(connect(self))
  if self.username then ask(sock, "AUTH", self.username, self.password or "")
  elseif self.password then ask(sock, "AUTH", self.password) end
  local found = {}
  for key, value in ask(sock, "INFO"):gmatch("([^:\r\n]+):([^\r\n]*)") do found[key] = value end
  sock:close()
  return found.redis_version and found or error { message = "INFO has no redis_version" }
end

local check = virgo.check {
  name = "virgo.redis", summary = "Redis: clients, memory, commands, keys, replication", api = 1,
  params = params, metrics = metrics, needs = needs,
}

function check:collect(run)
  local found = info(self)
  for _, f in ipairs(fields) do
    if found[f[1]] then run:emit("redis." .. f[2], found[f[1]]) end -- older servers lack some
  end
  for _, state in ipairs { "sys", "user", "sys_children", "user_children" } do
    local time = found["used_cpu_" .. state]
    if time then run:emit("redis.cpu.time", time, { state = state }) end
  end
  local role = found.role and (found.role == "slave" and "replica" or "primary")
  if role then run:emit("redis.role", 1, { role = role }) end -- a Sentinel has none
  for key, value in pairs(found) do -- db0:keys=3,expires=1,avg_ttl=29500
    local db = key:match("^db(%d+)$")
    for name, n in (db and value or ""):gmatch("([%a_]+)=(%d+)") do
      if name == "keys" or name == "expires" or name == "avg_ttl" then
        run:emit("redis.db." .. name, n, { db = db })
      end
    end
  end
  run:explain(("Redis %s, %s clients"):format(found.redis_version, found.connected_clients or "?"))
end

-- INFO's field, its older name if that differs, the kind if it is not a gauge.
local legacy_fields = {
  { "uptime_in_seconds" }, { "connected_clients" }, { "blocked_clients" }, { "used_memory" },
  { "rdb_bgsave_in_progress", "bgsave_in_progress" }, { "pubsub_patterns" },
  { "rdb_changes_since_last_save", "changes_since_last_save" }, { "evicted_keys" },
  { "aof_rewrite_in_progress", "bgrewriteaof_in_progress" }, { "expired_keys", "expired_key" },
  { "total_connections_received", nil, "counter" }, { "total_commands_processed", nil, "counter" },
}
local legacy_metrics = { { name = "version", kind = "state", type = "text" } }
for _, f in ipairs(legacy_fields) do
  table.insert(legacy_metrics, { name = f[2] or f[1], kind = f[3], type = "u64" })
end

local legacy = virgo.check {
  name = "agent.redis", summary = "Redis, with the names of the older agents", api = 1,
  params = params, metrics = legacy_metrics, needs = needs,
}

function legacy:collect(run)
  local found = info(self)
  run:emit("version", found.redis_version)
  for _, f in ipairs(legacy_fields) do
    if found[f[1]] then run:emit(f[2] or f[1], found[f[1]]) end
  end
end
