-- virgo.nagios: a Nagios plugin as a check.
--
--   - name: root-disk
--     type: virgo.nagios
--     interval: 1m
--     params: { command: [/usr/lib/nagios/plugins/check_disk, -w, "10%", -c, "5%", -p, /] }
--
-- Its exit code is the state (0 ok, 1 warn, 2 critical, 3 unknown), its text the
-- explanation. Each value of its performance data is a sample of the metric of its unit,
-- with the value's name as label: load1=0.7 is virgo.nagios.value{label="load1"}, and
-- rta=58ms is virgo.nagios.duration{label="rta"} 0.058. So no metric mixes units.

local check = virgo.check {
  name = "virgo.nagios",
  summary = "Runs a Nagios plugin: its state, its text and its performance data",
  api = 1,
  params = {
    command = { type = "list", items = "text", required = true,
      help = "the plugin's absolute path, then its arguments; no shell is involved" },
    env = { type = "map", items = "text", default = {},
      help = "variables for the plugin, beside PATH and a few" },
    judge = { type = "bool", default = false,
      help = "also hold each value against the ranges that stand beside it" },
    bounds = { type = "bool", default = false,
      help = "also report warn, crit, min and max of each value, with a label bound" },
  },
  needs = { exec = { "$command" } },
  metrics = {
    { name = "virgo.nagios.value", help = "Values without a unit, or of one that is not known" },
    { name = "virgo.nagios.counter", kind = "counter", help = "Values that only grow (c)" },
    { name = "virgo.nagios.ratio", unit = "1", help = "Values in percent: 45% is 0.45" },
    { name = "virgo.nagios.duration", unit = "s", help = "Values in s, ms, us, ns" },
    { name = "virgo.nagios.size", unit = "By", help = "Values in B, KB, MB...: powers of 1024" },
  },
}

local STATES = { [0] = "ok", "warn", "critical", "unknown" }

-- Unit of the plugin -> metric, factor.
local UNITS = {
  [""] = { "value", 1 }, c = { "counter", 1 }, ["%"] = { "ratio", 0.01 },
  s = { "duration", 1 }, ms = { "duration", 1e-3 }, us = { "duration", 1e-6 },
  ns = { "duration", 1e-9 }, B = { "size", 1 },
}
for power, letter in ipairs { "K", "M", "G", "T", "P", "E" } do
  UNITS[letter .. "B"] = { "size", 1024 ^ power }
  UNITS[letter .. "iB"] = UNITS[letter .. "B"]
end

-- "first | perf\nlong\nlong | perf\nperf" -> what people read, the performance data
local function split(output)
  local first, rest = output:match("^([^\n]*)\n?(.*)$")
  local text, perf = first:match("^([^|]*)|?(.*)$")
  local long, more = rest:match("^([^|]*)|?(.*)$")
  text = (text:match("^.*%S") or "") .. "\n" .. long
  return text:match("^.*%S") or "", perf .. " " .. more
end

-- Calls found(label, number, unit, {warn, crit, min, max}) for each of
-- 'label'=123UNIT;warn;crit;min;max. A quote within a label is doubled; U is "not known".
local function each_value(perf, found)
  local at = 1
  while true do
    at = perf:match("^%s*()", at)
    local label, value, after = perf:match("^([^%s'=][^'=]*)=(%S*)()", at)
    if perf:sub(at, at) == "'" then
      local from, quoted = at, ""
      repeat -- up to a quote that is not followed by another
        local part, next_at = perf:match("^'([^']*)'()", from)
        if not part then return end
        quoted = quoted .. (from > at and "'" or "") .. part
        from = next_at
      until perf:sub(from, from) ~= "'"
      label, value, after = quoted, perf:match("^=(%S*)()", from)
    end
    if not after then return end
    local fields = {}
    for field in (value .. ";"):gmatch("([^;]*);") do fields[#fields + 1] = field end
    local number, unit = fields[1]:match("^([-+]?[%d.]+[eE][-+]?%d+)(.*)$")
    if not number then number, unit = fields[1]:match("^([-+]?[%d.]+)(.*)$") end
    number = tonumber(number)
    if number then found(label, number, unit, { unpack(fields, 2, 5) }) end
    at = after
  end
end

-- Whether `value` is where `range` is not content with it: outside of "10" (0 to 10),
-- "10:", "~:10", "10:20", and inside of "@10:20".
local function breaks(range, value)
  local inverted, low, high = (range or ""):match("^(@?)([^:]*):?(.*)$")
  if not range or range == "" then return false end
  if not range:find(":", 1, true) then low, high = "0", low end
  low = low == "~" and -math.huge or tonumber(low == "" and 0 or low)
  high = high == "" and math.huge or tonumber(high)
  if not low or not high then return false end
  return (value < low or value > high) ~= (inverted == "@")
end

local function report(self, run, label, number, unit, bounds)
  local known = UNITS[unit]
  local metric, factor = "virgo.nagios." .. (known or UNITS[""])[1], known and known[2] or 1
  local labels = { label = label, uom = not known and unit or nil }
  run:emit(metric, number * factor, labels)
  for i, bound in ipairs { "warn", "crit", "min", "max" } do
    local limit = self.bounds and tonumber((bounds[i] or ""):match("[^:@~]+$"))
    labels.bound = bound
    if limit then run:emit(metric, limit * factor, labels) end
  end
  if not self.judge then return end
  local state = breaks(bounds[2], number) and "critical" or breaks(bounds[1], number) and "warn"
  local range = state == "critical" and bounds[2] or bounds[1]
  if state then
    run:state(state, ("%s is %s%s (%s %s)"):format(label, number, unit, state, range))
  end
end

function check:collect(run)
  local call = { env = self.env, max_output = 65536 }
  call.timeout = math.max(0.001, run:time_left() * 0.95)
  for i, word in ipairs(self.command) do call[i] = word end
  local done, err = virgo.exec(call)
  if not done then
    run:state("unknown", tostring(err))
    return nil, err
  end
  if done.truncated then run:log("its output was cut after 64 KiB") end
  local text, perf = split(done.stdout)
  if text == "" then text = (done.stderr:match("^%s*([^\n]+)")) or "it said nothing" end
  run:explain(text)
  local state = STATES[done.code]
  if not state then
    text = ("it ended %s: %s"):format(done.signal and "by " .. done.signal or
      "with exit code " .. done.code, text)
  end
  run:state(state or "unknown", state ~= "ok" and text or nil)
  each_value(perf, function(...) report(self, run, ...) end)
end

return check
