-- A check for the tests of `virgo plugin test`.
local check = virgo.check {
  name = "test.redis",
  summary = "Clients connected to a Redis server",
  params = {
    host = { type = "text", default = "127.0.0.1" },
    port = { type = "int", required = true },
  },
  needs = { net = { "tcp", "udp" } },
  metrics = {
    { name = "redis.clients.connected", unit = "{client}", kind = "gauge", type = "i64" },
    { name = "redis.runs", kind = "counter", type = "i64" },
  },
}

function check:collect(run)
  self.runs = (self.runs or 0) + 1
  local sock = assert(virgo.tcp.connect(self.host, self.port))
  assert(sock:write("INFO clients\r\n"))
  local size = tonumber(assert(sock:read_line()):match("^%$(%d+)"))
  for line in assert(sock:read(size)):gmatch("[^\r\n]+") do
    local n = line:match("^connected_clients:(%d+)")
    if n then run:emit("redis.clients.connected", tonumber(n), { server = self.host }) end
  end
  run:log("asked " .. sock:peer())
  run:emit("redis.runs", self.runs)
end
