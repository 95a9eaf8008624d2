-- virgo.haproxy: sessions, bytes, errors and states of HAProxy's frontends, backends and
-- servers, from its statistics.
--
--   - name: balancer
--     type: virgo.haproxy
--     timeout: 2s
--     params: { socket: /run/haproxy/admin.sock }
--
-- On the server, one of
--   global:  stats socket /run/haproxy/admin.sock mode 660 group virgo level user
--   a frontend:  bind 127.0.0.1:8404; stats enable; stats uri /stats
-- The second is read with `params: { url: "http://127.0.0.1:8404/stats;csv" }`.
-- A server that is down makes the state warn, a backend without any critical.

-- The column of the statistics, our metric after "haproxy.", unit, kind, help.
local columns = {
  { "rate", "sessions.rate", "{sessions}", "gauge", "Sessions begun in the last second" },
  { "scur", "sessions.count", "{sessions}", "gauge", "Sessions open" },
  { "stot", "sessions.total", "{sessions}", "counter", "Sessions begun" },
  { "ttime", "sessions.average", "ms", "gauge", "Mean time of the last 1024 sessions" },
  { "conn_rate", "connections.rate", "{connections}", "gauge", "Begun in the last second" },
  { "conn_tot", "connections.total", "{connections}", "counter", "Connections of a frontend" },
  { "econ", "connections.errors", "{errors}", "counter", "Connections to servers that failed" },
  { "wretr", "connections.retries", "{retries}", "counter", "Connections tried again" },
  { "lbtot", "server_selected.total", "{selections}", "counter", "Times a server was chosen" },
  { "bin", "bytes.input", "By", "counter", "Received from clients" },
  { "bout", "bytes.output", "By", "counter", "Sent to clients" },
  { "cli_abrt", "clients.canceled", "{cancellations}", "counter", "Transfers clients ended" },
  { "req_rate", "requests.rate", "{requests}", "gauge", "Requests in the last second" },
  { "qcur", "requests.queued", "{requests}", "gauge", "Requests that wait for a server" },
  { "dreq", "requests.denied", "{requests}", "counter", "Requests denied by rules" },
  { "ereq", "requests.errors", "{errors}", "counter", "Requests that were none, or ended early" },
  { "wredis", "requests.redispatched", "{requests}", "counter", "Given to another server" },
  { "dresp", "responses.denied", "{responses}", "counter", "Responses denied by rules" },
  { "eresp", "responses.errors", "{errors}", "counter", "Responses that failed" },
  { "chkfail", "failed_checks", "{checks}", "counter", "Health checks a server failed" },
  { "downtime", "downtime", "s", "counter", "Time a server or backend was down" },
  { "weight", "weight", "1", "gauge", "Weight of a server, or of a backend's in all" },
}
local metrics = {
  { name = "haproxy.requests.total", unit = "{requests}", kind = "counter", type = "u64",
    help = "Requests answered, by status_code: 1xx to 5xx, other" },
  { name = "virgo.haproxy.status", kind = "state", type = "text",
    help = "OPEN of a frontend; UP, DOWN, MAINT, 'no check', ... of others" },
}
for _, c in ipairs(columns) do
  table.insert(metrics,
    { name = "haproxy." .. c[2], unit = c[3], kind = c[4], type = "u64", help = c[5] })
end

local check = virgo.check {
  name = "virgo.haproxy", summary = "HAProxy: sessions, bytes, errors, states of servers", api = 1,
  params = {
    socket = { default = "/run/haproxy/admin.sock", help = "its stats socket" },
    url = { help = "of the statistics as CSV, instead of the socket" },
    username = { help = "if the page wants one" }, password = { secret = true },
    verify = { type = "bool", default = true, help = "whether a certificate must be right" },
    ca = { help = "PEM file of who may sign it; default: the system's" },
    servers = { type = "bool", default = true,
      help = "also each server of a backend, not only frontends and backends" },
  },
  metrics = metrics, needs = { net = { "tcp", "unix" }, read = { "$ca" } },
}

-- Calls `each` with the lines of the statistics.
local function each_line(self, each)
  if self.url then
    local answer = assert(virgo.http.get(self.url, { user = self.username,
      password = self.password, verify = self.verify, ca = self.ca, max_body = 1048576 }))
    if answer.status ~= 200 then
      -- answer.url is without a password
      error { message = ("%s answers %d %s"):format(answer.url, answer.status, answer.reason) }
    end
    for line in answer.body:gmatch("[^\n]+") do each(line) end
    return
  end
  local sock = assert(virgo.unix.connect(self.socket))
  assert(sock:write("show stat\n"))
  local line = assert(sock:read_line())
  while line ~= "" do -- an empty line is its end
    each(line)
    line = assert(sock:read_line())
  end
end

-- A line of CSV as a list; a field in quotes may have commas, and "" for a quote.
local function split(line)
  local fields, at = {}, 1
  while at <= #line do
    local field, after = line:match("^([^,]*),?()", at)
    if field:sub(1, 1) == '"' then
      local from, quoted = at + 1, ""
      repeat -- up to a quote that is not followed by another
        field, after = line:match('^([^"]*)"?()', from)
        quoted, from = quoted .. field, after + 1
        local more = line:sub(after, after) == '"'
        if more then quoted = quoted .. '"' end
      until not more
      field, after = quoted, line:match("^,?()", after)
    end
    fields[#fields + 1], at = field, after
  end
  return fields
end

local function emit(run, row)
  local labels = { proxy_name = row.pxname, service_name = row.svname }
  for _, c in ipairs(columns) do
    local value = row[c[1]]
    if value and value:find("^%d+$") then run:emit("haproxy." .. c[2], value, labels) end
  end
  for _, code in ipairs { "1xx", "2xx", "3xx", "4xx", "5xx", "other" } do
    local value = row["hrsp_" .. code]
    if value and value ~= "" then
      run:emit("haproxy.requests.total", value,
        { proxy_name = row.pxname, service_name = row.svname, status_code = code })
    end
  end
  run:emit("virgo.haproxy.status", row.status, labels)
end

function check:collect(run)
  local names -- of the columns, in the first line
  local down, state = {}, "ok"
  each_line(self, function(line)
    if not names then
      if line:sub(1, 9) ~= "# pxname," then
        error { message = ("these are not HAProxy's statistics: '%s'"):format(line:sub(1, 80)) }
      end
      names = split(line:sub(3))
      return
    end
    local row = {}
    for i, value in ipairs(split(line)) do row[names[i] or i] = value end
    if not row.status then return end
    if self.servers or row.type ~= "2" then emit(run, row) end
    if row.status:find("^DOWN") then
      down[#down + 1] = row.pxname .. "/" .. row.svname
      state = (row.type == "1" or state == "critical") and "critical" or "warn"
    end
  end)
  if not names then error { message = "HAProxy gives no statistics" } end
  run:state(state, #down > 0 and "down: " .. table.concat(down, ", ") or nil)
end
