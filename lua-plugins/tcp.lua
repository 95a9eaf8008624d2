-- virgo.tcp: can a TCP port be connected to, and how long does it take?
--
--   - name: database
--     type: virgo.tcp
--     timeout: 2s
--     params: { host: db.example.com, port: 5432 }
--
-- When nobody answers, the run's status says why: "unreachable" (refused, no
-- such name, no route) or "timeout" (nothing came back by the deadline).

local check = virgo.check {
  name = "virgo.tcp",
  summary = "Time to connect to a TCP port",
  params = {
    host = { type = "text", required = true, help = "name or IP address" },
    port = { type = "int", required = true, help = "1 to 65535" },
  },
  needs = { net = { "tcp" } },
  metrics = {
    -- No OpenTelemetry convention names this; Virgo's own begin with "virgo.".
    { name = "virgo.tcp.connect.duration", unit = "s", kind = "gauge", type = "f64",
      help = "From the look-up of the name to the established connection" },
  },
}

-- Called once, before the first run: what is wrong here is shown with file, line
-- and column by `virgo config check`.
function check:configure()
  if self.port < 1 or self.port > 65535 then
    error { param = "port", message = "must be from 1 to 65535" }
  end
  self.labels = { ["server.address"] = self.host, ["server.port"] = self.port }
end

function check:collect(run)
  local begun = virgo.now()
  local socket = assert(virgo.tcp.connect(self.host, self.port)) -- waits; others run meanwhile
  run:emit("virgo.tcp.connect.duration", virgo.now() - begun, self.labels)
  socket:close()
end

return check
