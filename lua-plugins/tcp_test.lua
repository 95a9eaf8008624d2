-- Tests of tcp.lua: virgo plugin test tcp.lua

test("measures how long a connection takes", function(t)
  local server = t:tcp_server {}
  local run = t:run { host = server.host, port = server.port }
  t:equal(run.status, "ok", run.explanation)
  local labels = { ["server.address"] = server.host, ["server.port"] = server.port }
  local seconds = t:ok(run:value("virgo.tcp.connect.duration", labels))
  t:ok(seconds > 0 and seconds < 10, seconds)
  t:equal(server.connections, 1)
end)

test("looks at the first 8 KiB, in whatever pieces they come", function(t)
  local function state(said)
    local server = t:tcp_server { said }
    return t:run({ host = server.host, port = server.port, expect = "welcome" }).state
  end
  t:equal(state("welcome" .. ("x"):rep(50000)), "ok")
  t:equal(state(("x"):rep(8185) .. "welcome"), "ok")
  t:equal(state(("x"):rep(8186) .. "welcome"), "critical")
end)

test("is unreachable when nobody listens", function(t)
  local run = t:run { host = "127.0.0.1", port = t:closed_port() }
  t:equal(run.status, "unreachable")
  t:match(run.explanation, "refused")
  t:equal(#run.samples, 0)
end)

test("refuses what is no port", function(t)
  t:match(t:refused { host = "127.0.0.1", port = 65536 }, "port: must be from 1 to 65535")
  t:match(t:refused { host = "127.0.0.1" }, "port")
end)
