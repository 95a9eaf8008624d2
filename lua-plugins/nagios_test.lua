-- Tests of nagios.lua: virgo plugin test nagios.lua

test("the exit code is the state, the performance data are samples", function(t)
  -- Found in place of the host's own, if it has one of that name.
  local plugin = t:program("/usr/lib/nagios/plugins/check_x", [[
    echo "X WARNING - slow|time=1500ms;1000;2000 'disk /'=45%;; requests=17c"
    exit 1]])
  local run = t:run { command = { plugin } }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run.state, "warn")
  t:equal(run.explanation, "X WARNING - slow")
  t:equal(run:value("virgo.nagios.duration", { label = "time" }), 1.5)
  t:equal(run:value("virgo.nagios.ratio", { label = "disk /" }), 0.45)
  t:equal(run:value("virgo.nagios.counter", { label = "requests" }), 17)
end)

test("ranges are judged on request", function(t)
  local plugin = t:program("check_x", 'echo "OK|users=12;5;10"')
  t:equal(t:run({ command = { plugin } }).state, "ok")
  t:equal(t:run({ command = { plugin }, judge = true }).state, "critical")
end)

test("a plugin that is not there is unknown", function(t)
  local run = t:run { command = { "/nowhere/check_x" } }
  t:equal(run.status, "failed")
  t:equal(run.state, "unknown")
  t:match(run.explanation, "No such file")
end)
