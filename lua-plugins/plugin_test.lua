-- Tests of plugin.lua: virgo plugin test plugin.lua

local function params(t, script)
  t:program("queue.sh", script)
  return { folder = t:path() .. "/", file = "queue.sh" }
end

test("metrics, dimensions and the words of a status", function(t)
  local run = t:run(params(t, [[
    echo "status warn two queues"
    echo "metric mail.deferred.depth gauge 11"
    echo "metric age double 12.5 seconds"]]))
  t:equal(run.status, "ok", run.explanation)
  t:equal(run.state, "warn")
  t:equal(run.explanation, "two queues")
  t:equal(run:value("depth", { dimension = "mail.deferred" }), 11)
  t:equal(run:value("age"), 12.5)
  t:equal(run:value("legacy_state"), "warn")
end)

test("one wrong line and nothing is reported", function(t)
  local run = t:run(params(t, "echo metric a int 1; echo some unknown line"))
  t:equal(run.status, "failed")
  t:equal(run.explanation, 'Unrecognized line "some unknown line"')
  t:equal(#run.samples, 0)
end)

test("the exit code decides", function(t)
  local run = t:run(params(t, "echo metric a int 1; exit 3"))
  t:equal(run.explanation, "Plugin exited with non-zero status code (code=3)")
end)

test("output that was cut is not taken for whole", function(t)
  local run = t:run(params(t, "yes 'metric a int 1' | head -c 1048580"))
  t:equal(run.status, "failed")
  t:equal(run.explanation, "Plugin wrote more than 1048576 bytes")
end)

test("a long text is cut, and secrets stay here", function(t)
  local given = params(t, 'printf "metric s string %01500d\\n" 1; echo "metric e string $(env | grep -c RAX_DETAILS_)"')
  given.details = { host = "x", db_password = "hush", api_key = "hush" }
  local run = t:run(given)
  t:equal(run.status, "ok", run.explanation)
  t:equal(#run:value("s"), 1024)
  t:equal(run:value("e"), "3") -- file, timeout, host
end)

test("no way out of the folder", function(t)
  t:match(t:refused { folder = t:path() .. "/", file = "../x" }, "no '..' in it")
end)
