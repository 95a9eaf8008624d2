-- virgo.certificate: for how long is a TLS server's certificate valid, and is it the
-- right one: signed by a known authority, for this name?
--
--   - name: shop-certificate
--     type: virgo.certificate
--     interval: 1h
--     params: { host: shop.example.com, warn_days: 30 }
--
-- The state is critical for a certificate that browsers would refuse, and when less than
-- `critical_days` are left; it is a warning below `warn_days`.

local check = virgo.check {
  name = "virgo.certificate", summary = "A TLS server's certificate: days left, chain, name", api = 1,
  params = {
    host = { required = true, help = "name or IP address" },
    port = { type = "int", default = 443 },
    server_name = { help = "whose certificate it must be; default: the host" },
    ca = { help = "PEM file of who may sign it; default: the system's authorities" },
    warn_days = { type = "number", default = 21 },
    critical_days = { type = "number", default = 7 },
  },
  needs = { net = { "tcp" }, read = { "$ca" } },
  metrics = { -- the first is of OpenTelemetry's tlscheck
    { name = "tlscheck.time_left", unit = "s", help = "Until it expires, below 0 afterwards" },
    { name = "virgo.certificate.trusted", unit = "1", type = "u64", help = "1: signed by a known authority" },
    { name = "virgo.certificate.name_match", unit = "1", type = "u64", help = "1: made for this name" },
    { name = "virgo.certificate.in_time", unit = "1", type = "u64", help = "1: not expired, and already valid" },
    { name = "virgo.certificate.handshake.duration", unit = "s", help = "To connect and agree on TLS" },
  },
}

function check:collect(run)
  local begun = virgo.now()
  -- With "report" a wrong certificate is no error: we are here to tell about it.
  local sock = assert(virgo.tls.connect(self.host, self.port,
    { verify = "report", ca = self.ca, server_name = self.server_name }))
  local c = assert(sock:certificate())
  local labels = { ["server.address"] = self.host, ["server.port"] = self.port }
  run:emit("virgo.certificate.handshake.duration", virgo.now() - begun, labels)
  for _, what in ipairs { "trusted", "name_match", "in_time" } do
    run:emit("virgo.certificate." .. what, c[what] and 1 or 0, labels)
  end
  labels["tlscheck.x509.cn"] = c.subject:match("CN=([^,]*)")
  labels["tlscheck.x509.issuer"] = c.issuer
  run:emit("tlscheck.time_left", c.not_after - virgo.time(), labels)

  local text = ("%s expires in %.1f days"):format(c.subject, c.days_left)
  if not c.valid then
    run:state("critical", c.error)
  elseif c.days_left < self.critical_days then
    run:state("critical", text)
  elseif c.days_left < self.warn_days then
    run:state("warn", text)
  else
    run:state("ok", text)
  end
  run:explain(("%s, signed by %s, expires %s"):format(c.subject, c.issuer, os.date("!%Y-%m-%d", c.not_after)))
end
