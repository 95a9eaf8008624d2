-- Tests of tainted.lua: virgo plugin test tainted.lua

test("emits the sum of the flags", function(t)
  t:file("/proc/sys/kernel/tainted", "4097\n") -- the plugin finds it in place of the host's
  local run = t:run()
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.kernel.tainted"), 4097)
end)

test("says what it found in place of a number", function(t)
  t:file("/proc/sys/kernel/tainted", "none\n")
  local run = t:run()
  t:equal(run.status, "failed")
  t:match(run.explanation, "tainted holds none")
end)
