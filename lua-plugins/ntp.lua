-- virgo.ntp: how far is this host's clock from an NTP server's, and is that server
-- itself in step? One question of NTP version 4 in a run; nothing is set.
--
--   - name: clock
--     type: virgo.ntp
--     interval: 1m
--     timeout: 5s
--     params: { host: ntp1.example.com, warn_offset: 50ms }

local check = virgo.check {
  name = "virgo.ntp", summary = "Offset of the clock from an NTP server's, and the server's state", api = 1,
  params = {
    host = { required = true, help = "name or IP address" },
    port = { type = "int", default = 123 },
    warn_offset = { type = "duration", default = "100ms", help = "either way; more is a warning" },
    critical_offset = { type = "duration", default = "1s" },
    max_stratum = { type = "int", default = 15, help = "a server further from its source is critical" },
  },
  needs = { net = { "udp" } },
  metrics = { -- the names without "virgo." are those of OpenTelemetry's collector
    { name = "virgo.ntp.offset", unit = "s", help = "The server's clock minus ours" },
    { name = "virgo.ntp.delay", unit = "s", help = "Round trip without the server's own time" },
    { name = "virgo.ntp.leap", unit = "1", type = "u64", help = "1, 2: a leap second comes or is left out; 3: not in step" },
    { name = "virgo.ntp.root.dispersion", unit = "s", help = "Greatest error of the server, as it says" },
    { name = "ntp.time.root_delay", unit = "s", help = "Round trip from the server to its reference clock" },
    { name = "ntp.stratum", unit = "1", type = "u64", help = "1: has a reference clock; 2: asks one of 1, and so on" },
  },
}

local since_1900 = 2208988800 -- seconds from NTP's epoch to ours

local function uint32(bytes, at)
  local a, b, c, d = bytes:byte(at, at + 3)
  return ((a * 256 + b) * 256 + c) * 256 + d
end

-- A time stamp is seconds since 1900, which start anew in 2036, and 1/2^32 of them.
local function read_time(bytes, at)
  local seconds = uint32(bytes, at) - since_1900
  if seconds < 0 then seconds = seconds + 2 ^ 32 end
  return seconds + uint32(bytes, at + 4) / 2 ^ 32
end

function check:collect(run)
  local sock = assert(virgo.udp.connect(self.host, self.port))
  -- Version 4, client. Our time stamp is a random number: the answer repeats it, so that
  -- nobody can answer who has not seen the question.
  local cookie = virgo.random(8)
  local sent_wall, sent = virgo.time(), virgo.now()
  assert(sock:send("\35" .. ("\0"):rep(39) .. cookie))
  local answer, took
  repeat
    answer = assert(sock:receive(run:time_left()))
    took = virgo.now() - sent
  until #answer >= 48 and answer:sub(25, 32) == cookie and answer:byte() % 8 == 4

  local received, replied = read_time(answer, 33), read_time(answer, 41)
  local leap, stratum = math.floor(answer:byte() / 64), answer:byte(2)
  local refusal = stratum == 0 and answer:sub(13, 16):match("^%u+")
  if refusal and refusal ~= "INIT" and refusal ~= "STEP" then -- these two: it is not in step yet
    error { message = "the server refuses: " .. refusal }
  end
  local offset = ((received - sent_wall) + (replied - sent_wall - took)) / 2

  local labels = { ["server.address"] = self.host }
  run:emit("virgo.ntp.offset", offset, labels)
  run:emit("virgo.ntp.delay", took - (replied - received), labels)
  run:emit("virgo.ntp.leap", leap, labels)
  run:emit("virgo.ntp.root.dispersion", uint32(answer, 9) / 65536, labels)
  run:emit("ntp.time.root_delay", uint32(answer, 5) / 65536, labels)
  run:emit("ntp.stratum", stratum, labels)

  local text = ("offset %.6f s, stratum %d"):format(offset, stratum)
  if leap == 3 or stratum == 0 or stratum > self.max_stratum then
    run:state("critical", "the server is not in step: " .. text)
  elseif math.abs(offset) >= self.critical_offset then
    run:state("critical", text)
  elseif math.abs(offset) >= self.warn_offset then
    run:state("warn", text)
  else
    run:state("ok", text)
  end
  run:explain(text)
end
