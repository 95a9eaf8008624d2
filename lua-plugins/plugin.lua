-- virgo.plugin: a custom plugin as Rackspace's agents run it (agent.plugin).
--
--   - name: queue-depth
--     type: virgo.plugin
--     interval: 1m
--     params: { file: queue_depth.sh, args: [mail] }
--
-- The program writes lines:
--
--   status ok two queues looked at        metric mail.deferred.depth gauge 11
--   state available                       metric age double 12.5 seconds
--
-- and each metric becomes a sample of its name, here depth{dimension="mail.deferred"}
-- and age, with the unit as it stands there. gauge is what grows: a counter. The words
-- ok, warn and err of a status are the check's state, too. `timestamp 1760000000000`
-- (milliseconds since 1970) is the time of all samples.
--
-- `strict` reads as those agents did: \r and empty lines are errors, a last line without
-- its end is dropped, whole numbers go through doubles, timeouts are not mended.

local check = virgo.check {
  name = "virgo.plugin",
  summary = "Runs a custom plugin in Rackspace's (and Cloudkick's) format",
  api = 1,
  params = {
    folder = { type = "text", default = "/usr/lib/rackspace-monitoring-agent/plugins/",
      help = "where plugins are; ends in /" },
    file = { type = "text", required = true, help = "the plugin's path in the folder" },
    args = { type = "list", items = "text", default = {} },
    timeout = { type = "number", default = 60000,
      help = "milliseconds; below 1000 it is taken for seconds" },
    details = { type = "map", items = "text", secret = true,
      help = "for the plugin, as RAX_DETAILS_<KEY>, but for those that look like secrets" },
    strict = { type = "bool", default = false },
  },
  needs = { exec = { "$folder" } },
  metrics = { { name = "legacy_state", kind = "state", type = "text",
    help = "ok, warn or err: the first word of the status" } },
  undeclared = true,
}

local METRIC_FORM = "metric <name> <type> <value> [<unit>]"
local STATES = { ok = "ok", warn = "warn", err = "critical" }
local ALIASES = { int = "int64", float = "double" }
local KINDS = {
  string = { kind = "state", type = "text" }, gauge = { kind = "counter", type = "u64" },
  int32 = { type = "i64" }, int64 = { type = "i64" }, double = { type = "f64" },
  uint32 = { type = "u64" }, uint64 = { type = "u64" },
}
local LIMITS = { int32 = { -2 ^ 31, 2 ^ 31 - 1 }, uint32 = { 0, 2 ^ 32 - 1 } }

-- What `text` is as a value of `kind`; nil and why not.
local function exactly(kind, text)
  if kind == "string" then return text end
  local digits = text:match("^%+?(%-?%d+)$")
  local n = tonumber(digits or text)
  if not n or n ~= n or math.abs(n) == math.huge then return nil, "is not a number" end
  if kind == "double" then return n end
  local whole = n < 0 and math.ceil(n) or math.floor(n)
  local limits = LIMITS[kind]
  if limits and (whole < limits[1] or whole > limits[2]) then return nil, "is out of range" end
  return digits or whole
end

-- The same as the old agents did: 64 bits through doubles, the others unchecked.
local function as_before(kind, text)
  local n = tonumber(text)
  if kind == "string" then return text end
  if kind == "int32" or kind == "uint32" or kind == "double" then
    return exactly(kind, text) or text, not exactly(kind, text) and "string" or nil
  end
  if not n then return nil, "is not a number" end
  if kind ~= "int64" then return string.format("%u", n) end
  return string.format("%d", n >= 2 ^ 63 and n < 2 ^ 64 and n - 2 ^ 64 or n)
end

local lines = {}

function lines.status(out, text)
  if out.status then return end
  local words = {}
  for word in text:gmatch("%S+") do words[#words + 1] = word end
  if STATES[words[1]] then
    out.legacy = table.remove(words, 1)
    text = table.concat(words, " ")
  end
  out.status = text:sub(1, 256)
end

function lines.state(out, text)
  if text ~= "available" and text ~= "unavailable" then
    return "State line not in the following format: <available|unavailable>"
  end
  out.state = out.state or text
end

function lines.metric(out, text)
  local words = {}
  for word in text:gmatch("%S+") do words[#words + 1] = word end
  if #words < 3 then return "Metric line not in the following format: " .. METRIC_FORM end
  local name, kind = words[1], ALIASES[words[2]] or words[2]
  local value = table.concat(words, " ", 3)
  if not KINDS[kind] then return ('Invalid type "%s" for metric "%s"'):format(kind, name) end
  if kind ~= "string" and #words > 4 then
    return ('Invalid "<value> [<unit>]" combination "%s" for a non-string metric'):format(value)
  end
  local metric = { name = name, kind = kind, value = value }
  if kind ~= "string" then metric.value, metric.unit = words[3], words[4] end
  if not out.metrics[name] then out.names[#out.names + 1] = name end
  out.metrics[name] = metric
end

function lines.timestamp(out, text)
  out.time = text:match("^%d+")
  if not out.time then
    return "Timestamp line not in the following format: timestamp <timestamp>"
  end
end

-- What the plugin said, or nil and what is wrong with it.
local function read(output, strict)
  local out = { metrics = {}, names = {} }
  if not strict and output:sub(-1) ~= "\n" then output = output .. "\n" end
  for line in output:gmatch("([^\n]*)\n") do
    if not strict then line = line:gsub("\r+$", "") end
    if strict or line:find("%S") then
      local wrong = ('Unrecognized line "%s"'):format(line)
      for _, word in ipairs { "status", "state", "metric", "timestamp" } do
        if line:sub(1, #word) == word then
          wrong = lines[word](out, line:sub(#word + 2))
          break
        end
      end
      if wrong then return nil, wrong end
    end
  end
  return out
end

local function emit(run, metric, strict, time)
  local value, other = (strict and as_before or exactly)(metric.kind, metric.value)
  local kind = KINDS[value and other or metric.kind]
  if metric.kind == "string" then value = value:sub(1, 1024) end -- longer ones end the run
  local dimension, name = metric.name:match("^(.+)%.([^.]+)$")
  local ok, err = pcall(run.emit, run, name or metric.name, value, { dimension = dimension },
    { kind = kind.kind, type = kind.type, unit = metric.unit, time = time })
  if not value or not ok then
    run:log(("metric %s: '%s' %s"):format(metric.name, metric.value, other or err))
  end
end

local function environment(self, run)
  local env = { RAX_CHECK_ID = run.check, RAX_CHECK_TYPE = "agent.plugin",
    RAX_CHECK_PERIOD = run.interval, RAX_DETAILS_FILE = self.file,
    RAX_DETAILS_TIMEOUT = self.timeout }
  for key, value in pairs(self.details or {}) do
    local small = key:lower()
    local secret = false
    for _, word in ipairs { "pass", "secret", "token", "credential", "api_?key" } do
      secret = secret or small:find(word)
    end
    if not secret then env["RAX_DETAILS_" .. small:upper()] = value end
  end
  return env
end

function check:configure()
  if self.folder:sub(-1) ~= "/" then error { param = "folder", message = "must end in /" } end
  local file, parts = self.file, {}
  if file:sub(1, #self.folder) == self.folder then
    file = file:sub(#self.folder + 1)
  elseif file:sub(1, 1) == "/" and not self.strict then
    error { param = "file", message = "must lie in " .. self.folder }
  end
  for part in file:gmatch("[^/]+") do
    if part == ".." then
      error { param = "file", message = "must lie in the folder: no '..' in it" }
    end
    if part ~= "." then parts[#parts + 1] = part end
  end
  if not self.strict and self.timeout < 1000 then self.timeout = self.timeout * 1000 end
  self.program = self.folder .. table.concat(parts, "/")
end

function check:collect(run)
  local call = { self.program, env = environment(self, run) }
  for _, word in ipairs(self.args) do call[#call + 1] = word end
  call.timeout = math.max(0.001, math.min(self.timeout / 1000, run:time_left() * 0.95))
  local done, err = virgo.exec(call)
  local function fail(text) error { status = "failed", message = text } end
  if not done then
    run:log(tostring(err))
    if err.status == "timeout" then
      error { status = "timeout",
        message = ("Plugin didn't finish in %g seconds"):format(call.timeout) }
    end
    fail("Plugin exited with non-zero status code (code=-127)")
  end
  for line in done.stderr:gmatch("[^\n]+") do run:log(line) end

  -- Either output may have been cut: of the errors 64 KiB are kept.
  if done.truncated and (#done.stderr < 65536 or #done.stdout > 65536) then
    fail(("Plugin wrote more than %d bytes"):format(#done.stdout))
  end
  local out, wrong = read(done.stdout, self.strict)
  if done.signal then fail("Plugin was ended by " .. done.signal) end
  if done.code ~= 0 then
    local own = out and out.status
    if own == "success" or own == "" then own = nil end
    fail(wrong or own or ("Plugin exited with non-zero status code (code=%d)"):format(done.code))
  end
  if not out then fail(wrong) end
  local time = out.time and tonumber(out.time) / 1000
  for _, name in ipairs(out.names) do emit(run, out.metrics[name], self.strict, time) end
  if out.legacy then
    run:emit("legacy_state", out.legacy)
    run:state(STATES[out.legacy], out.status ~= "" and out.status or nil)
  end
  if out.state == "unavailable" then fail(out.status or "success") end
  if out.status then run:explain(out.status) end
end

return check
