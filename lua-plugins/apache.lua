-- virgo.apache: workers, requests and traffic of an Apache HTTP server, from mod_status.
--
--   - name: web
--     type: virgo.apache
--     timeout: 2s
--     params: { url: "http://127.0.0.1/server-status?auto" }
--
-- On the server (Debian: `a2enmod status` is enough for 127.0.0.1):
--   ExtendedStatus On
--   <Location /server-status>
--     SetHandler server-status
--     Require local
--   </Location>
-- agent.apache, below, has the names of the older agents.

local params = {
  url = { default = "http://127.0.0.1/server-status?auto", help = "the page, with ?auto" },
  username = { help = "if the page wants one" }, password = { secret = true },
  verify = { type = "bool", default = true, help = "whether a certificate must be right" },
  ca = { help = "PEM file of who may sign it; default: the system's" },
}

-- A character of the scoreboard: its state here, and in the older agents.
local states = {
  ["_"] = { "waiting", "waiting" }, S = { "starting", "starting" }, R = { "reading", "reading" },
  W = { "sending", "sending" }, K = { "keepalive", "keepalive" }, D = { "dnslookup", "dns" },
  C = { "closing", "closing" }, L = { "logging", "logging" },
  G = { "finishing", "gracefully_finishing" }, I = { "idle_cleanup", "idle" },
  ["."] = { "open", "open" },
}

-- The page as key -> text; its first line, which has no colon, as `vhost`.
local function status(self)
  local answer = assert(virgo.http.get(self.url, { user = self.username, password = self.password,
    verify = self.verify, ca = self.ca, max_body = 262144 }))
  if answer.status ~= 200 then -- answer.url is without a password
    error { message = ("%s answers %d %s"):format(answer.url, answer.status, answer.reason) }
  end
  local found = {}
  for line in answer.body:gmatch("[^\r\n]+") do
    local key, value = line:match("^([^:]+): (.*)$")
    if key then found[key] = value elseif not found.vhost then found.vhost = line end
  end
  if not found.Scoreboard then
    error { message = answer.url .. " is not mod_status's page for programs; it ends in ?auto" }
  end
  return found
end

-- How many workers are in each state: character -> number.
local function count_workers(scoreboard)
  local counts = {}
  for character in pairs(states) do counts[character] = 0 end
  for character in scoreboard:gmatch(".") do
    if counts[character] then counts[character] = counts[character] + 1 end
  end
  return counts
end

local check = virgo.check {
  name = "virgo.apache", summary = "Apache httpd: workers, requests, traffic", api = 1,
  params = params,
  metrics = {
    { name = "apache.uptime", unit = "s", kind = "counter", type = "u64",
      help = "Since the server started" },
    { name = "apache.current_connections", unit = "{connections}", type = "u64",
      help = "Connections open; of the event MPM only" },
    { name = "apache.workers", unit = "{workers}", type = "u64", help = "By state: busy, idle" },
    { name = "apache.requests", unit = "{requests}", kind = "counter", type = "u64",
      help = "Requests served" },
    { name = "apache.traffic", unit = "By", kind = "counter", type = "u64",
      help = "Sent; the server counts whole KiB" },
    { name = "apache.request.time", unit = "ms", kind = "counter", type = "u64",
      help = "Spent serving requests" },
    { name = "apache.cpu.time", unit = "s", kind = "counter",
      help = "By level (self, children) and mode (user, system)" },
    { name = "apache.cpu.load", unit = "%", help = "Of one processor, since the start" },
    { name = "apache.scoreboard", unit = "{workers}", type = "u64", help = "Workers by state" },
  },
  needs = { net = { "tcp" }, read = { "$ca" } },
}

function check:collect(run)
  local found = status(self)
  local function emit(name, key, labels)
    if found[key] then run:emit(name, found[key], labels) end -- some need ExtendedStatus
  end
  emit("apache.uptime", found.ServerUptimeSeconds and "ServerUptimeSeconds" or "Uptime") -- of 2.2
  emit("apache.current_connections", "ConnsTotal")
  emit("apache.workers", "BusyWorkers", { state = "busy" })
  emit("apache.workers", "IdleWorkers", { state = "idle" })
  emit("apache.requests", "Total Accesses")
  if found["Total kBytes"] then run:emit("apache.traffic", found["Total kBytes"] * 1024) end
  emit("apache.request.time", "Total Duration")
  emit("apache.cpu.load", "CPULoad")
  emit("apache.cpu.time", "CPUUser", { level = "self", mode = "user" })
  emit("apache.cpu.time", "CPUSystem", { level = "self", mode = "system" })
  emit("apache.cpu.time", "CPUChildrenUser", { level = "children", mode = "user" })
  emit("apache.cpu.time", "CPUChildrenSystem", { level = "children", mode = "system" })
  for character, n in pairs(count_workers(found.Scoreboard)) do
    run:emit("apache.scoreboard", n, { state = states[character][1] })
  end
end

-- The page's key, the older agents' name, type, kind if it is not a gauge.
local legacy_fields = {
  { "vhost", "vhost", "text", "state" }, { "Total Accesses", "total_accesses", "u64", "counter" },
  { "Total kBytes", "total_kbytes", "u64" }, { "Uptime", "uptime", "u64" },
  { "BytesPerSec", "bytes_per_second", "u64" }, { "BytesPerReq", "bytes_per_request", "u64" },
  { "BusyWorkers", "busy_workers", "u64" }, { "IdleWorkers", "idle_workers", "u64" },
  { "CPULoad", "cpu_load", "f64" }, { "ReqPerSec", "requests_per_second", "f64" },
}
local legacy_metrics = {}
for _, f in ipairs(legacy_fields) do
  table.insert(legacy_metrics, { name = f[2], type = f[3], kind = f[4] })
end
for _, state in pairs(states) do
  table.insert(legacy_metrics, { name = state[2], type = "u64" })
end

local legacy = virgo.check {
  name = "agent.apache", summary = "Apache httpd, with the names of the older agents", api = 1,
  params = params, metrics = legacy_metrics, needs = { net = { "tcp" }, read = { "$ca" } },
}

function legacy:collect(run)
  local found = status(self)
  for _, f in ipairs(legacy_fields) do
    local value = found[f[1]]
    if value then run:emit(f[2], f[3] == "u64" and math.floor(value) or value) end
  end
  for character, n in pairs(count_workers(found.Scoreboard)) do
    run:emit(states[character][2], n)
  end
  run:explain(("Handling %.2f requests per second"):format(found.ReqPerSec or 0))
end
