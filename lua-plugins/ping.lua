-- virgo.ping: ICMP echo: how many packets are lost, and how long do the others take?
--
--   - name: gateway
--     type: virgo.ping
--     timeout: 5s
--     params: { host: 192.0.2.1, warn_loss: 0.2 }
--
-- Needs no privilege where the agent's group is within net.ipv4.ping_group_range, as it is
-- on systems with systemd.

local check = virgo.check {
  name = "virgo.ping", summary = "ICMP echo: loss and round-trip times", api = 1,
  params = {
    host = { required = true, help = "name or IP address" },
    family = { type = "int", help = "4 or 6; default: what the name has" },
    count = { type = "int", default = 3, help = "packets in a run, 1 to 100" },
    interval = { type = "duration", default = "200ms", help = "between packets" },
    wait = { type = "duration", default = "1s", help = "for an answer; then the packet is lost" },
    size = { type = "size", default = "56B", help = "of a packet's data" },
    warn_loss = { type = "number", help = "share of lost packets, 0 to 1, that is a warning" },
    critical_loss = { type = "number", default = 1, help = "share that is critical" },
  },
  needs = { net = { "icmp", "dns" } },
  metrics = { -- no OpenTelemetry convention names these
    { name = "virgo.ping.loss", unit = "1", help = "Share of packets without an answer" },
    { name = "virgo.ping.rtt.min", unit = "s", help = "Shortest round trip" },
    { name = "virgo.ping.rtt.avg", unit = "s", help = "Mean of the round trips" },
    { name = "virgo.ping.rtt.max", unit = "s", help = "Longest round trip" },
    { name = "virgo.ping.rtt.mdev", unit = "s", help = "Standard deviation of the round trips" },
  },
}

function check:configure()
  if self.count < 1 or self.count > 100 then error { param = "count", message = "must be from 1 to 100" } end
  if self.family and self.family ~= 4 and self.family ~= 6 then
    error { param = "family", message = "must be 4 or 6" }
  end
end

function check:collect(run)
  local address = assert(virgo.dns.lookup(self.host, { family = self.family }))[1]
  local times, lost, trouble = {}, 0, nil
  for i = 1, self.count do
    if i > 1 then virgo.sleep(self.interval) end
    local seconds, err = virgo.icmp.ping(address, { timeout = self.wait, size = self.size })
    if seconds then
      table.insert(times, seconds)
    elseif err.status == "timeout" or err.status == "unreachable" then
      lost, trouble = lost + 1, err
    else
      error(err) -- not allowed: no packet was sent
    end
  end

  local labels = { ["server.address"] = self.host }
  local loss = lost / self.count
  run:emit("virgo.ping.loss", loss, labels)
  if #times > 0 then
    local sum, squares = 0, 0
    for _, t in ipairs(times) do sum, squares = sum + t, squares + t * t end
    local mean = sum / #times
    run:emit("virgo.ping.rtt.min", math.min(unpack(times)), labels)
    run:emit("virgo.ping.rtt.avg", mean, labels)
    run:emit("virgo.ping.rtt.max", math.max(unpack(times)), labels)
    run:emit("virgo.ping.rtt.mdev", math.sqrt(math.max(squares / #times - mean * mean, 0)), labels)
  end
  local text = ("%d of %d lost"):format(lost, self.count) .. (trouble and ": " .. tostring(trouble) or "")
  if loss >= self.critical_loss then
    run:state("critical", text)
  elseif self.warn_loss and loss >= self.warn_loss then
    run:state("warn", text)
  else
    run:state("ok", text)
  end
  run:explain(text .. ", " .. address)
end
