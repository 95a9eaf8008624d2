-- virgo.tcp: can a TCP port be connected to, how long does it take, and does the
-- server say what it should?
--
--   - name: database
--     type: virgo.tcp
--     timeout: 2s
--     params: { host: db.example.com, port: 5432 }
--   - name: mail
--     type: virgo.tcp
--     params: { host: mx.example.com, port: 465, tls: true, expect: "220 ", send: "QUIT\r\n" }
--
-- When nobody answers, the run's status says why: "unreachable" (refused, no such
-- name, no route) or "timeout" (nothing came back by the deadline). A server that says
-- something else than `expect` makes the check's state critical.

local check = virgo.check {
  name = "virgo.tcp",
  summary = "Time to connect to a TCP port, and what is said there",
  api = 1,
  params = {
    host = { type = "text", required = true, help = "name or IP address" },
    port = { type = "int", required = true, help = "1 to 65535" },
    tls = { type = "bool", default = false, help = "connect with TLS" },
    verify = { type = "bool", default = true, help = "whether the certificate must be right" },
    ca = { type = "text", help = "PEM file of who may sign the certificate; default: the system's" },
    send = { type = "text", help = "sent once connected" },
    expect = { type = "text", help = "a text that must come within the first 8 KiB" },
  },
  needs = { net = { "tcp" }, read = { "$ca" } },
  metrics = {
    -- No OpenTelemetry convention names this; Virgo's own begin with "virgo.".
    { name = "virgo.tcp.connect.duration", unit = "s", kind = "gauge", type = "f64",
      help = "From the look-up of the name to the established connection" },
    { name = "virgo.tcp.tls.duration", unit = "s", kind = "gauge", type = "f64",
      help = "Of the TLS handshake" },
    { name = "virgo.tcp.answer.duration", unit = "s", kind = "gauge", type = "f64",
      help = "From then on until the expected text was there" },
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
  local function took(metric) -- since the step before
    local now = virgo.now()
    run:emit(metric, now - begun, self.labels)
    begun = now
  end

  local socket = assert(virgo.tcp.connect(self.host, self.port)) -- waits; others run meanwhile
  took("virgo.tcp.connect.duration")
  if self.tls then
    assert(socket:start_tls { server_name = self.host, verify = self.verify, ca = self.ca })
    took("virgo.tcp.tls.duration")
  end
  if self.send then assert(socket:write(self.send)) end
  if self.expect then
    local said = ""
    while not said:find(self.expect, 1, true) do
      local more, err
      if #said < 8192 then more, err = socket:read() end
      if not more then
        run:state("critical", said ~= "" and ("it says %q"):format(said:sub(1, 80)) or tostring(err))
        return
      end
      said = (said .. more):sub(1, 8192)
    end
    took("virgo.tcp.answer.duration")
    run:state("ok")
  end
  socket:close()
end

return check
