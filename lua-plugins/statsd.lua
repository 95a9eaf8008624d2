-- virgo.statsd: a statsd server. Programs send it lines, each run reports what they said.
--
--   - name: statsd
--     type: virgo.statsd
--     params: { port: 8125, percentiles: [50, 95, 99] }
--   page.views:1|c            counter; 1|c|@0.1 stands for ten
--   queue.length:12|g         gauge; +3|g and -3|g change it
--   request.time:320|ms       timer; so are |h and |d, without the unit
--   users:4711|s              set: how many different ones between two runs
--   page.views:1|c|#page:home,tls       with labels: page=home, tls=true
-- A timer is NAME.count and .sum, which only grow like counters, and of the time since the last run
-- .min, .max, and NAME by `quantile`. More series than max_series also want limits.lua_series.

local check = virgo.check {
  name = "virgo.statsd", summary = "A statsd server: counters, gauges, timers, sets", api = 1,
  params = {
    address = { default = "127.0.0.1" }, port = { type = "int", default = 8125 },
    percentiles = { type = "list", items = "number", help = "of timers, from 0 to 100; without it 50, 90, 95, 99" },
    max_series = { type = "int", default = 1500, help = "that are reported; a timer is 4 and its percentiles" },
    expire = { type = "duration", default = "1h", help = "a series nobody sends is forgotten" },
  },
  undeclared = true, needs = { net = { "udp", "listen" } },
  metrics = {
    { name = "virgo.statsd.lines", unit = "{line}", kind = "counter", type = "u64", help = "By result: ok, bad, dropped" },
    { name = "virgo.statsd.series", unit = "{series}", type = "u64", help = "Of max_series, those in use" },
  },
}
local kinds = { c = "counter", g = "gauge", ms = "timer", h = "timer", d = "timer", s = "set" }
local max_values, max_labels = 250, 15 -- for percentiles; of more values, a fair choice

-- The series of a line; nil if it is new and there are too many.
local function find(self, type, name, tags)
  local key = type .. "|" .. name .. "|" .. tags
  local series = self.series[key]
  if not series then
    local size = kinds[type] == "timer" and 4 + #self.ranks or 1 -- series that are reported
    if self.count + size > self.max_series then return nil end
    series = { name = name, kind = kinds[type], unit = type == "ms" and "ms" or nil, labels = {},
      size = size, value = 0, count = 0, sum = 0, values = {}, seen = 0 }
    for tag in tags:gmatch("[^,]+") do -- "page:home" or "tls"
      series.labels[tag:match("^[^:]+") or "tag"] = tag:match(":(.*)$") or "true"
    end
    self.series[key], self.count = series, self.count + size
  end
  series.used = virgo.now()
  return series
end

function check:handover() -- what has been added up
  local sums = {}
  for key, s in pairs(self.series) do sums[key] = { s.value, s.count, s.sum } end
  return { lines = self.lines, sums = sums }
end

function check:configure(handed)
  self.ranks = self.percentiles or { 50, 90, 95, 99 }
  for _, rank in ipairs(self.ranks) do
    local n = tonumber(rank) or -1
    if n < 0 or n > 100 then error { param = "percentiles", message = "are from 0 to 100" } end
  end
  self.series, self.count, self.members = {}, 0, 0 -- by key; of series; of sets
  self.lines = handed and handed.lines or { ok = 0, bad = 0, dropped = 0 }
  for key, sums in pairs(handed and handed.sums or {}) do
    local s = find(self, key:match("^(%a+)|(.-)|(.*)$"))
    if s then s.value, s.count, s.sum = sums[1], sums[2], sums[3] end
  end
end

-- Counts one value in; false if there is no room for it.
local function add(self, series, text, rate)
  local value, values = tonumber(text), series.values
  if series.kind == "counter" then
    series.value = series.value + value / rate
  elseif series.kind == "gauge" then
    series.value = text:find("^[-+]") and series.value + value or value
  elseif series.kind == "timer" then
    series.count, series.sum = series.count + 1 / rate, series.sum + value / rate
    series.seen = series.seen + 1
    local at = series.seen <= max_values and series.seen or math.random(series.seen)
    if at <= max_values then values[at] = value end
  else
    if #text > 16 then text = virgo.hash.md5(text) end -- whatever is sent, it takes little memory
    if values[text] then return true end
    if self.members >= 10 * self.max_series then return false end
    values[text], series.seen, self.members = true, series.seen + 1, self.members + 1
  end
  return true
end

-- What becomes of a line.
local function take(self, line)
  local name, texts, type, rest = line:match("^([^:|@#]+):([^|]+)|(%a+)(.*)$")
  if not kinds[type] or #name > 200 or #rest > 1000 or name:find("^virgo%.statsd%.") then return "bad" end
  local rate, tags = tonumber(rest:match("|@([^|]*)") or 1), {}
  for tag in (rest:match("|#([^|]*)") or ""):gmatch("[^,]+") do tags[#tags + 1] = tag end
  table.sort(tags) -- the same labels in whatever order
  local labels = table.concat(tags, ",")
  if not rate or rate <= 0 or rate > 1 or #tags > max_labels or #labels > 350 then return "bad" end
  name = name:gsub("[^%w_.-]", "_")
  for text in texts:gmatch("[^:]+") do -- name:1:2:3|ms is three values
    local value = tonumber(text)
    if type ~= "s" and (not value or value - value ~= 0) then return "bad" end -- nan, inf
    local series = find(self, type, name, labels)
    if not series or not add(self, series, text, rate) then return "dropped" end
  end
  return "ok"
end

function check:background() -- as long as the check lives
  local sock = assert(virgo.udp.bind(self.address, self.port))
  while true do
    for line in assert(sock:receive()):gmatch("[^\r\n]+") do
      local result = take(self, line)
      self.lines[result] = self.lines[result] + 1
    end
  end
end

local function emit_timer(run, s, ranks)
  local values, gauge = s.values, { unit = s.unit }
  run:emit(s.name .. ".count", s.count, s.labels, { kind = "counter" })
  run:emit(s.name .. ".sum", s.sum, s.labels, { kind = "counter", unit = s.unit })
  if #values == 0 then return end
  table.sort(values)
  run:emit(s.name .. ".min", values[1], s.labels, gauge)
  run:emit(s.name .. ".max", values[#values], s.labels, gauge)
  for _, rank in ipairs(ranks) do -- the nearest rank
    s.labels.quantile = rank / 100
    run:emit(s.name, values[math.max(1, math.ceil(rank / 100 * #values))], s.labels, gauge)
  end
  s.labels.quantile = nil
end

function check:collect(run)
  for key, s in pairs(self.series) do
    if virgo.now() - s.used > self.expire then
      self.series[key], self.count = nil, self.count - s.size
    elseif s.kind == "timer" then
      emit_timer(run, s, self.ranks)
    else
      local value, kind = s.kind == "set" and s.seen or s.value, s.kind == "counter" and s.kind or "gauge"
      run:emit(s.name, value, s.labels, { kind = kind })
    end
    if s.seen > 0 then s.values, s.seen = {}, 0 end
  end
  self.members = 0
  for result, n in pairs(self.lines) do run:emit("virgo.statsd.lines", n, { result = result }) end
  run:emit("virgo.statsd.series", self.count)
end
