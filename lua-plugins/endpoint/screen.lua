-- What the endpoint received, for a person: a table redrawn each second on a
-- terminal, a line per report elsewhere.

local screen = {}
screen.__index = screen

local BINARY = { "", "Ki", "Mi", "Gi", "Ti", "Pi" }

local function trim_number(v)
  if v == math.floor(v) and math.abs(v) < 1e15 then return string.format("%.0f", v) end
  return string.format("%.4g", v)
end

-- What came from an agent, fit for a terminal: no control characters (those of
-- U+0080 to U+009F take two bytes).
local function clean(v) return (tostring(v):gsub("%c", "?"):gsub("\194[\128-\159]", "?")) end

local function clean_labels(labels)
  local out = {}
  for k, v in pairs(type(labels) == "table" and labels or {}) do out[clean(k)] = clean(v) end
  return out
end

-- A value and its unit as a person reads it: bytes in binary multiples, seconds
-- below a millisecond in microseconds, the UCUM braces left out.
local function human(value, unit)
  local v = tonumber(value)
  if not v then return clean(value), (unit:gsub("[{}]", "")) end
  if unit == "By" then
    local i = 1
    while v >= 1024 and i < #BINARY do v, i = v / 1024, i + 1 end
    return i == 1 and trim_number(v) or string.format("%.2f", v), BINARY[i] .. "B"
  elseif unit == "s" then
    if v > 0 and v < 0.001 then return string.format("%.0f", v * 1e6), "us" end
    if v > 0 and v < 1 then return string.format("%.2f", v * 1e3), "ms" end
    return string.format("%.2f", v), "s"
  end
  return trim_number(v), (unit:gsub("[{}]", ""):gsub("^1$", ""))
end

local function micros(us)
  if us < 1000 then return string.format("%d us", us) end
  if us < 1e6 then return string.format("%.1f ms", us / 1e3) end
  return string.format("%.2f s", us / 1e6)
end

-- Labels as text; those in `first` (a set of keys) come first. The attribute's
-- last part says enough beside the metric's name.
local function labels_text(labels, first)
  local keys = {}
  for k in pairs(labels) do keys[#keys + 1] = k end
  table.sort(keys, function(a, b)
    if first and not first[a] ~= not first[b] then return first[a] ~= nil end
    return a < b
  end)
  for i, k in ipairs(keys) do keys[i] = k:match("[^.]*$") .. "=" .. labels[k] end
  return table.concat(keys, " ")
end

-- Per metric name of a report, the label keys whose values differ: what tells its
-- rows apart.
local function telling_keys(metrics)
  local seen, telling = {}, {}
  for _, m in ipairs(metrics) do
    seen[m.name], telling[m.name] = seen[m.name] or {}, telling[m.name] or {}
    for k, v in pairs(m.labels) do
      local before = seen[m.name][k]
      if before ~= nil and before ~= v then telling[m.name][k] = true end
      seen[m.name][k] = v
    end
  end
  return telling
end

local function cut(text, width)
  return #text > width and text:sub(1, width - 2) .. ".." or text
end

function screen.new(options)
  local self = setmetatable({
    reports = {}, started = uv.hrtime() / 1e9, title = options.title,
  }, screen)
  -- fd 1 as a terminal, or nothing.
  if uv.guess_handle(1) == "tty" then
    self.tty = uv.new_tty(1, false)
  end
  return self
end

-- One report (or gap record) of an agent.
function screen:received(agent, record)
  if record.gap then
    local g = record.gap
    self:line(string.format("%-12s GAP    runs %s..%s: %s", clean(g.check), g.from, g.to,
      clean(g.reason)))
    return
  end
  local id = agent .. "\0" .. record.check
  local report = self.reports[id] or { agent = agent }
  self.reports[id] = report
  report.check, report.runtime, report.status =
    clean(record.check), clean(record.runtime), clean(record.status)
  report.message = type(record.message) == "string" and clean(record.message) or nil
  -- What watching over it comes to, when it is not well.
  report.state = type(record.state) == "string" and record.state ~= "ok" and
    clean(record.state) .. ": " ..
      (type(record.state_reason) == "string" and clean(record.state_reason) or "") or nil
  report.duration, report.at = tonumber(record.duration_us) or 0, uv.hrtime() / 1e9
  report.metrics = {}
  for _, sample in ipairs(record.samples) do
    if type(sample) == "table" then
      local value, unit = human(sample.v, type(sample.u) == "string" and clean(sample.u) or "")
      report.metrics[#report.metrics + 1] = {
        name = clean(sample.n), labels = clean_labels(sample.l),
        value = value, unit = unit,
      }
    end
  end
  if not self.tty then self:plain(report) end
end

function screen:line(text)
  if not self.tty then io.stdout:write(text, "\n") io.stdout:flush() end
end

function screen:plain(report)
  local head = string.format("%-12s %-6s %-7s %8s", report.check, report.runtime, report.status,
    micros(report.duration))
  if report.message then self:line(head .. "  " .. report.message) end
  if report.state then self:line(head .. "  " .. report.state) end
  for _, m in ipairs(report.metrics) do
    local name = m.name .. (next(m.labels) and (" {" .. labels_text(m.labels) .. "}") or "")
    self:line(string.format("%s  %-62s %10s %s", head, name, m.value, m.unit))
  end
end

local function sorted_reports(self)
  local list = {}
  for _, report in pairs(self.reports) do list[#list + 1] = report end
  table.sort(list, function(a, b)
    if a.agent ~= b.agent then return a.agent < b.agent end
    if a.runtime ~= b.runtime then return a.runtime > b.runtime end -- native first
    return a.check < b.check
  end)
  return list
end

local FORMAT = "%-11s %-6s %-35s %-34s %10s %-10s %8s %5s"

-- The table as lines, at most `height` of them, `width` wide.
function screen:table(width, height)
  local lines = { string.format(FORMAT, "CHECK", "KIND", "METRIC", "LABELS", "VALUE", "UNIT",
    "RUN", "AGE") }
  for _, r in ipairs(sorted_reports(self)) do
    local age = string.format("%.0fs", uv.hrtime() / 1e9 - r.at)
    local metrics = r.metrics
    local function above(text)
      metrics = { { name = text, labels = {}, value = "", unit = "" }, unpack(metrics) }
    end
    if r.state then above(r.state) end
    if r.status ~= "ok" then above(r.status .. ": " .. (r.message or "")) end
    local telling = telling_keys(metrics)
    for _, m in ipairs(metrics) do
      lines[#lines + 1] = string.format(FORMAT, r.check:sub(1, 11), r.runtime, m.name,
        cut(labels_text(m.labels, telling[m.name]), 34), m.value, m.unit, micros(r.duration), age)
    end
  end
  for i, line in ipairs(lines) do lines[i] = line:sub(1, width) end
  if height and #lines > height then
    local more = #lines - height + 1
    for i = #lines, height, -1 do lines[i] = nil end
    lines[height] = string.format("... and %d more rows: make the window taller", more)
  end
  return lines
end

function screen:draw()
  if not self.tty then return end
  local width, height = self.tty:get_winsize()
  width, height = width or 120, height or 40
  local lines = self:table(width, height - 3)
  local head = string.format("%s   received for %.0f s   (Ctrl-C stops)", self.title,
    uv.hrtime() / 1e9 - self.started)
  -- Home, each line cleared to its end, then the rest: nothing flickers.
  local out = { "\27[H" .. head:sub(1, width) .. "\27[K\n\27[K\n" }
  for _, line in ipairs(lines) do out[#out + 1] = line .. "\27[K\n" end
  out[#out + 1] = "\27[J"
  self.tty:try_write(table.concat(out))
end

function screen:begin()
  if self.tty then self.tty:try_write("\27[2J\27[?25l") end
end

-- Leaves the last table on the screen, and the cursor back.
function screen:finish()
  if self.tty then
    self:draw()
    self.tty:try_write("\27[?25h")
    self.tty:close()
    self.tty = nil
  else
    io.stdout:write("\n", table.concat(self:table(200), "\n"), "\n")
  end
  io.stdout:flush()
end

return screen
