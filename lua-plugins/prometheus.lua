-- virgo.prometheus: the metrics of a program that has a page for Prometheus, under the
-- names and labels of the page.
--
--   - name: node
--     type: virgo.prometheus
--     params:
--       url: http://127.0.0.1:9100/metrics
--       include: [node_network_*, node_load1]
--       labels: { job: node }
--
-- Histograms and summaries come as the series the page has: NAME_bucket by `le`, NAME_sum,
-- NAME_count; the quantiles by `quantile`. NaN is left out, and so are timestamps. What
-- bounds large pages: max_size, limits.lua_series, .samples_per_run and .lua_memory.

local check = virgo.check {
  name = "virgo.prometheus", summary = "Metrics of a page for Prometheus", api = 1,
  params = {
    url = { required = true, help = "of the page" },
    username = { help = "if the page wants one" }, password = { secret = true },
    verify = { type = "bool", default = true, help = "whether a certificate must be right" },
    ca = { help = "PEM file of who may sign it; default: the system's" },
    include = { type = "list", items = "text", help = "names, * for any text; without it all" },
    exclude = { type = "list", items = "text", help = "names that are left out" },
    labels = { type = "map", items = "text", help = "put to each sample" },
    max_size = { type = "size", default = "1MiB", help = "of the page" },
  },
  undeclared = true, needs = { net = { "tcp" }, read = { "$ca" } },
  metrics = {
    { name = "virgo.prometheus.duration", unit = "s", help = "Of fetching the page" },
    { name = "virgo.prometheus.samples", unit = "{sample}", type = "u64", help = "Samples that were wanted" },
    { name = "virgo.prometheus.bad_lines", unit = "{line}", type = "u64",
      help = "Left out: not of the format, or with more than 16 labels or 1 KiB in one" },
  },
}
local escapes = { n = "\n", ['"'] = '"', ["\\"] = "\\" }

-- The labels from `at` on, just after their "{", into `labels`. Returns where they end, or
-- nil if they are not labels.
local function read_labels(line, at, labels)
  while true do
    local name, from = line:match('^[%s,]*([%a_][%w_]*)%s*=%s*"()', at)
    if not name then return line:match("^[%s,]*}()", at) end
    local to = line:find('["\\]', from)
    while to and line:byte(to) == 92 do to = line:find('["\\]', to + 2) end -- \" is no end
    if not to then return nil end
    labels[name] = line:sub(from, to - 1):gsub("\\(.)", escapes)
    at = to + 1
  end
end

local specials = { NaN = 0 / 0, Nan = 0 / 0, nan = 0 / 0, Inf = math.huge, inf = math.huge }
specials["+Inf"], specials["-Inf"] = math.huge, -math.huge
local function read_number(text)
  return specials[text] or text:find("^[-+%d.eE]+$") and tonumber(text)
end

-- What a sample of this name is, by the page's "# TYPE" lines: of itself, or of the histogram, the
-- summary, or OpenMetrics' counter it is a part of.
local function kind_of(types, name)
  local base, suffix = name:match("^(.*)_(%l+)$")
  local type = types[name] or suffix == "total" and types[base]
  if suffix == "bucket" or suffix == "sum" or suffix == "count" then type = type or types[base] end
  local part = type ~= types[name] and (type == "histogram" or type == "summary")
  return (part or type == "counter") and "counter" or "gauge"
end

-- Whether a sample may have so much; with more a run ends as "limit".
local function fits(name, labels)
  local count, longest = 0, #name * 4
  for key, value in pairs(labels) do
    count, longest = count + 1, math.max(longest, #key, #tostring(value))
  end
  return count <= 16 and longest <= 1024
end

-- "node_*" as a pattern of Lua.
local function patterns(names)
  local out = {}
  for i, name in ipairs(names or {}) do
    out[i] = "^" .. name:gsub("[^%w_*]", "%%%0"):gsub("%*", ".*") .. "$"
  end
  return out
end

local function any(list, name)
  for _, pattern in ipairs(list) do
    if name:find(pattern) then return true end
  end
  return false
end

function check:configure()
  self.included, self.excluded = patterns(self.include), patterns(self.exclude)
end
local function wants(self, name)
  return (#self.included == 0 or any(self.included, name)) and not any(self.excluded, name)
end

local function fetch(self)
  local answer = assert(virgo.http.get(self.url, { user = self.username, password = self.password,
    verify = self.verify, ca = self.ca, max_body = self.max_size,
    headers = { Accept = "text/plain;version=0.0.4" } }))
  if answer.status ~= 200 then -- answer.url is without a password
    error { message = ("%s answers %d %s"):format(answer.url, answer.status, answer.reason) }
  end
  return answer.body
end

function check:collect(run)
  local begun = virgo.now()
  local page = fetch(self)
  run:emit("virgo.prometheus.duration", virgo.now() - begun)
  local types, wanted = {}, {} -- of names
  local samples, bad, first_bad, number = 0, 0, nil, 0
  for line in page:gmatch("[^\r\n]+") do
    number = number + 1
    if number % 1000 == 0 then virgo.sleep(0) end -- a large page: others have their turn
    local name, at = line:match("^%s*([%a_:][%w_:]*)%s*()")
    if name then
      if wanted[name] == nil then
        wanted[name] = wants(self, name) and { kind = kind_of(types, name) }
      end
      local labels = {}
      for key, value in pairs(self.labels or {}) do labels[key] = value end
      if line:byte(at) == 123 then at = read_labels(line, at + 1, labels) end -- {
      local value = at and read_number(line:match("^%s*(%S*)", at))
      if not value or not fits(name, labels) then
        bad, first_bad = bad + 1, first_bad or line
      elseif wanted[name] and value == value then
        run:emit(name, value, labels, wanted[name])
        samples = samples + 1
      end
    else
      local typed, type = line:match("^#%s*TYPE%s+(%S+)%s+(%l+)")
      if typed then
        types[typed] = type
      elseif line:find("^%s*[^#%s]") then -- no comment, and not empty
        bad, first_bad = bad + 1, first_bad or line
      end
    end
  end
  run:emit("virgo.prometheus.samples", samples)
  run:emit("virgo.prometheus.bad_lines", bad)
  if bad > 0 and samples == 0 then
    error { message = ("no page for Prometheus, it says '%s'"):format(first_bad:sub(1, 80)) }
  elseif bad > 0 then
    run:explain(("%d lines are left out, first '%s'"):format(bad, first_bad:sub(1, 80)))
  end
end
