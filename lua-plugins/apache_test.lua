-- Tests of apache.lua: virgo plugin test apache.lua

-- Without ExtendedStatus, of a prefork server.
local short = "Total Accesses: 3\nBusyWorkers: 1\nIdleWorkers: 2\nScoreboard: W_K.SDCLGIR_?\n"
-- With it, of a server before 2.4 that has no load yet.
local extended = "localhost\nTotal Accesses: 86400\nTotal kBytes: 2048\nUptime: 864\n"
  .. "ReqPerSec: 100\nBytesPerSec: 2427.26\nBytesPerReq: 24.27\n" .. short:match("Busy.*$")

local function serve(t, page)
  return t:http_server { ["/server-status?auto"] = page }.url .. "/server-status?auto"
end

test("counts the workers of the scoreboard", function(t)
  local run = t:run("virgo.apache", { url = serve(t, short) })
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("apache.requests"), 3)
  t:equal(run:value("apache.scoreboard", { state = "waiting" }), 2)
  for _, state in ipairs { "sending", "keepalive", "open", "starting", "dnslookup", "closing",
    "logging", "finishing", "idle_cleanup", "reading" } do
    t:equal(run:value("apache.scoreboard", { state = state }), 1, state)
  end
  t:equal(run:value("apache.uptime"), nil)
end)

test("has the older agents' names", function(t)
  local run = t:run("agent.apache", { url = serve(t, extended) })
  t:equal(run.status, "ok", run.explanation)
  t:equal(run.explanation, "Handling 100.00 requests per second")
  local expected = { vhost = "localhost", total_accesses = 86400, total_kbytes = 2048,
    uptime = 864, bytes_per_second = 2427, bytes_per_request = 24, requests_per_second = 100,
    busy_workers = 1, idle_workers = 2, waiting = 2, dns = 1, gracefully_finishing = 1, idle = 1 }
  for name, value in pairs(expected) do t:equal(run:value(name), value, name) end
end)

test("knows the uptime of a server before 2.4", function(t)
  t:equal(t:run("virgo.apache", { url = serve(t, extended) }):value("apache.uptime"), 864)
end)

test("says what it met in place of the page", function(t)
  local run = t:run("virgo.apache", { url = serve(t, "<html>Apache Status</html>") })
  t:match(run.explanation, "is not mod_status's page for programs; it ends in %?auto")
end)
