-- virgo.uptime: how long the machine has been up.
-- One value from one small file: the shortest complete check.

local check = virgo.check {
  name = "virgo.uptime",
  summary = "Time since the machine was started",
  metrics = {
    { name = "system.uptime", unit = "s", kind = "gauge", type = "f64",
      help = "Time since boot, with sleep" },
  },
}

function check:collect(run)
  -- "35013.48 139800.77": seconds since boot, seconds the processors were idle
  local text = assert(fs.read("/proc/uptime"))
  local seconds = tonumber(text:match("^(%S+)"))
  if not seconds then error("/proc/uptime holds " .. text) end
  run:emit("system.uptime", seconds)
end

return check
