-- Tests of my_plugin.lua: virgo plugin test my_plugin.lua

test("emits three averages", function(t)
  local path = t:file("loadavg", "0.50 1.25 2.00 1/200 4711\n")
  local run = t:run { path = path }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("my.plugin.load", { minutes = 1 }), 0.5)
  t:equal(run:value("my.plugin.load", { minutes = 15 }), 2)
  t:equal(run.state, "ok")
end)

test("warns of a high load", function(t)
  t:file("/proc/loadavg", "7.50 1.25 2.00 1/200 4711\n") -- in place of the host's
  local run = t:run { high = 5 }
  t:equal(run.state, "warn")
  t:match(run.state_reason, "7%.50")
end)

test("says what is wrong with the file", function(t)
  local run = t:run { path = t:file("loadavg", "nothing of use\n") }
  t:equal(run.status, "failed")
  t:match(run.explanation, "has no load averages")
end)

test("refuses a limit that makes no sense", function(t)
  t:match(t:refused { high = 0 }, "must be above 0")
end)
