-- virgo.http: does a web server answer, how long does each part of it take, and is it
-- the right answer?
--
--   - name: shop
--     type: virgo.http
--     interval: 30s
--     timeout: 10s
--     params: { url: "https://shop.example.com/health", status: "200", contains: "all is well" }
--
-- An answer that is not the one expected makes the check's state critical; no answer
-- at all ends the run as "unreachable", "timeout" or "failed".

local check = virgo.check {
  name = "virgo.http", summary = "An HTTP answer: its status, its text, and the time of each phase", api = 1,
  params = {
    url = { required = true, help = "http: or https:" },
    method = { default = "GET" },
    headers = { type = "map", items = "text", secret = true, help = "of the request" },
    body = { help = "of the request" },
    user = { help = "for basic authentication" },
    password = { secret = true },
    socket = { help = "path of a unix socket to connect to instead of the URL's host" },
    follow = { type = "int", default = 0, help = "how many redirects to follow" },
    status = { default = "200-399", help = "the right ones: 200, 200-299, or several with commas" },
    contains = { help = "a text that must be in the answer's body" },
    pattern = { help = "a Lua pattern that the body must match" },
    max_body = { type = "size", default = "1MiB", help = "longer bodies are looked at up to here" },
    verify = { type = "bool", default = true, help = "whether the certificate must be right" },
    ca = { help = "PEM file of who may sign the certificate; default: the system's" },
    server_name = { help = "whose certificate it must be; default: the URL's host" },
  },
  needs = { net = { "tcp", "unix" }, read = { "$ca" } },
  metrics = { -- the names of OpenTelemetry's httpcheck, but for "virgo."
    { name = "httpcheck.duration", unit = "ms", help = "From the look-up of the name to the body's end" },
    { name = "httpcheck.dns.lookup.duration", unit = "ms", help = "Until the name was resolved" },
    { name = "httpcheck.client.connection.duration", unit = "ms", help = "Until it was connected" },
    { name = "httpcheck.tls.handshake.duration", unit = "ms", help = "Until TLS was agreed on" },
    { name = "httpcheck.response.duration", unit = "ms", help = "From the request to the first byte" },
    { name = "httpcheck.response.size", unit = "By", type = "u64", help = "Of the body, max_body at most" },
    { name = "httpcheck.status", unit = "1", type = "u64", help = "1: as expected; label http.status_code" },
    { name = "httpcheck.tls.cert_remaining", unit = "s", help = "Until the certificate expires" },
    { name = "virgo.http.body.match", unit = "1", type = "u64", help = "1: the body is as expected" },
  },
}

local phases = { -- of the response, and their metrics
  dns = "httpcheck.dns.lookup.duration", connect = "httpcheck.client.connection.duration",
  tls = "httpcheck.tls.handshake.duration", first_byte = "httpcheck.response.duration",
  total = "httpcheck.duration",
}

-- string.find sees a mistake only in a text that matches up to there.
local function is_pattern(text)
  local rest = text:gsub("%%.", "x"):gsub("%[%^?%]?[^%]]*%]", "x")
  local opened, closed = select(2, rest:gsub("%(", "")), select(2, rest:gsub("%)", ""))
  return opened == closed and not rest:find("[%%[]") and pcall(string.find, "", text)
end

function check:configure()
  self.ranges = {}
  for part in (self.status .. ","):gmatch("%s*([^,]-)%s*,") do
    local from, to = (part .. "-" .. part):match("^(%d%d%d)%-(%d%d%d)")
    if not part:find("^%d%d%d$") and not part:find("^%d%d%d%-%d%d%d$") or from > to then
      error { param = "status", message = "write 200, 200-299, or several with commas" }
    end
    table.insert(self.ranges, { from = tonumber(from), to = tonumber(to) })
  end
  if self.pattern and not is_pattern(self.pattern) then
    error { param = "pattern", message = "is no pattern of Lua" }
  end
  self.labels = { ["http.url"] = self.url:gsub("//[^/?#]*@", "//") } -- without a password
end

function check:collect(run)
  local answer = assert(virgo.http.request { -- waits; others run meanwhile
    url = self.url, method = self.method, headers = self.headers, body = self.body, user = self.user,
    password = self.password, unix = self.socket, follow = self.follow, max_body = self.max_body,
    truncate = true, verify = self.verify, ca = self.ca, server_name = self.server_name,
  })
  for phase, metric in pairs(phases) do
    if phase ~= "tls" or answer.tls then run:emit(metric, answer.phases[phase] * 1000, self.labels) end
  end
  run:emit("httpcheck.response.size", #answer.body, self.labels)
  if answer.certificate then
    run:emit("httpcheck.tls.cert_remaining", answer.certificate.not_after - virgo.time(), self.labels)
  end

  local trouble, expected = {}, 0
  for _, range in ipairs(self.ranges) do
    if answer.status >= range.from and answer.status <= range.to then expected = 1 end
  end
  run:emit("httpcheck.status", expected, { ["http.url"] = self.labels["http.url"],
    ["http.status_code"] = answer.status, ["http.status_class"] = math.floor(answer.status / 100) .. "xx" })
  if expected == 0 then table.insert(trouble, ("status %d %s"):format(answer.status, answer.reason)) end

  if self.contains or self.pattern then
    local match = not (self.contains and not answer.body:find(self.contains, 1, true))
      and not (self.pattern and not answer.body:find(self.pattern))
    run:emit("virgo.http.body.match", match and 1 or 0, self.labels)
    if not match then table.insert(trouble, "the body is not as expected") end
  end
  run:state(#trouble > 0 and "critical" or "ok", table.concat(trouble, "; "))
  run:explain(("%s %d %s"):format(answer.version, answer.status, answer.reason))
end
