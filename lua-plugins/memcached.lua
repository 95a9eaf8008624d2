-- virgo.memcached: what a memcached server tells of itself with `stats`.
--
--   - name: sessions
--     type: virgo.memcached
--     timeout: 2s
--     params: { host: cache1.example.com }
--
-- The server needs nothing for it. One that was started with --auth-file wants a
-- `username` and a `password` of that file.

-- The field of `stats`, our metric, its labels.
local fields = {
  { "bytes", "memcached.bytes" },
  { "curr_items", "memcached.current_items" },
  { "curr_connections", "memcached.connections.current" },
  { "total_connections", "memcached.connections.total" },
  { "evictions", "memcached.evictions" },
  { "threads", "memcached.threads" },
  { "rusage_user", "memcached.cpu.usage", { state = "user" } },
  { "rusage_system", "memcached.cpu.usage", { state = "system" } },
  { "bytes_read", "memcached.network", { direction = "received" } },
  { "bytes_written", "memcached.network", { direction = "sent" } },
  { "cmd_get", "memcached.commands", { command = "get" } },
  { "cmd_set", "memcached.commands", { command = "set" } },
  { "cmd_flush", "memcached.commands", { command = "flush" } },
  { "cmd_touch", "memcached.commands", { command = "touch" } },
  { "get_hits", "memcached.operations", { operation = "get", type = "hit" } },
  { "get_misses", "memcached.operations", { operation = "get", type = "miss" } },
  { "incr_hits", "memcached.operations", { operation = "increment", type = "hit" } },
  { "incr_misses", "memcached.operations", { operation = "increment", type = "miss" } },
  { "decr_hits", "memcached.operations", { operation = "decrement", type = "hit" } },
  { "decr_misses", "memcached.operations", { operation = "decrement", type = "miss" } },
}
local ratios = { get = "get", increment = "incr", decrement = "decr" }

local check = virgo.check {
  name = "virgo.memcached", api = 1,
  summary = "memcached: items, memory, connections, hits and misses",
  params = {
    host = { default = "127.0.0.1", help = "name or IP address" },
    port = { type = "int", default = 11211 },
    socket = { help = "path of a unix socket; host and port do not count then" },
    username = { help = "if the server has an --auth-file" },
    password = { secret = true },
  },
  metrics = {
    { name = "memcached.bytes", unit = "By", type = "u64", help = "Used to store items" },
    { name = "memcached.current_items", unit = "{items}", type = "u64", help = "Items stored" },
    { name = "memcached.connections.current", unit = "{connections}", type = "u64",
      help = "Connections open, this check's among them" },
    { name = "memcached.connections.total", unit = "{connections}", kind = "counter", type = "u64",
      help = "Connections opened" },
    { name = "memcached.evictions", unit = "{evictions}", kind = "counter", type = "u64",
      help = "Items dropped for want of memory" },
    { name = "memcached.threads", unit = "{threads}", type = "u64", help = "Worker threads" },
    { name = "memcached.cpu.usage", unit = "s", kind = "counter", help = "Time by state" },
    { name = "memcached.network", unit = "By", kind = "counter", type = "u64",
      help = "Bytes by direction" },
    { name = "memcached.commands", unit = "{commands}", kind = "counter", type = "u64",
      help = "Commands executed, by command" },
    { name = "memcached.operations", unit = "{operations}", kind = "counter", type = "u64",
      help = "Keys found (hit) and not found (miss), by operation" },
    { name = "memcached.operation_hit_ratio", unit = "%",
      help = "Hits among an operation's look-ups, since the server started" },
  },
  needs = { net = { "tcp", "unix" } },
}

local function connect(self)
  if self.socket then return assert(virgo.unix.connect(self.socket)) end
  return assert(virgo.tcp.connect(self.host, self.port))
end

-- The text protocol's way to log in: a "set" of any key, its value the two words.
local function log_in(self, sock)
  local words = ("%s %s"):format(self.username, self.password or "")
  assert(sock:write(("set login 0 0 %d\r\n%s\r\n"):format(#words, words)))
  local answer = assert(sock:read_line())
  if answer ~= "STORED" then error { message = "memcached refuses the log-in: " .. answer } end
end

local function stats(sock)
  local found = {}
  assert(sock:write("stats\r\n"))
  for _ = 1, 1000 do -- it has less than a hundred
    local line = assert(sock:read_line())
    if line == "END" then return found end
    local key, value = line:match("^STAT (%S+) (.*)$")
    if not key then
      error { message = ("memcached gives no stats, it says '%s'"):format(line:sub(1, 80)) }
    end
    found[key] = value
  end
  error { message = "this is not memcached: its stats do not end" }
end

function check:collect(run)
  local sock = connect(self)
  if self.username then log_in(self, sock) end
  local found = stats(sock)
  sock:close()
  for _, f in ipairs(fields) do
    if found[f[1]] then run:emit(f[2], found[f[1]], f[3]) end
  end
  for operation, prefix in pairs(ratios) do
    local hits, misses = tonumber(found[prefix .. "_hits"]), tonumber(found[prefix .. "_misses"])
    if hits and misses and hits + misses > 0 then -- without look-ups there is no ratio
      run:emit("memcached.operation_hit_ratio", 100 * hits / (hits + misses),
        { operation = operation })
    end
  end
  run:explain(("memcached %s, %s items"):format(found.version or "?", found.curr_items or "?"))
end
