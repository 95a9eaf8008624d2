-- my.plugin: the load of this host, as an example. Change it into what you want to know.
--
-- virgo plugin run my_plugin.lua --once    runs it here and shows what it measured
-- virgo plugin test my_plugin.lua          runs my_plugin_test.lua

local check = virgo.check {
  name = "my.plugin",
  summary = "Load averages of the kernel",
  api = 1,
  params = {
    path = { type = "text", default = "/proc/loadavg", help = "the file to read" },
    high = { type = "number", default = 100, help = "from this load on the state is warn" },
  },
  -- What it may reach. "$path" stands for what the parameter `path` says.
  needs = { read = { "$path" } },
  metrics = {
    { name = "my.plugin.load", unit = "{thread}", kind = "gauge", type = "f64",
      help = "Load average, by the label minutes" },
  },
}

-- Called when the check is made, with the parameters in `self`. What is wrong is shown at
-- its place in the configuration.
function check:configure()
  if self.high <= 0 then error { param = "high", message = "must be above 0" } end
end

-- One run. Where it waits the agent does other things.
function check:collect(run)
  local text = assert(virgo.fs.read(self.path))
  local one, five, fifteen = text:match("^(%S+) (%S+) (%S+)")
  if not tonumber(one) then error(self.path .. " has no load averages in it") end

  run:emit("my.plugin.load", tonumber(one), { minutes = 1 })
  run:emit("my.plugin.load", tonumber(five), { minutes = 5 })
  run:emit("my.plugin.load", tonumber(fifteen), { minutes = 15 })
  if tonumber(one) >= self.high then
    run:state("warn", "the load is " .. one)
  else
    run:state("ok")
  end
end

return check
