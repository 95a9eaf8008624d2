-- Tests that pass, and tests that fail on purpose; tests/functional/lua_plugin_tools_test.cpp
-- knows which.
local answer = { expect = "INFO clients\r\n", reply = "$22\r\nconnected_clients:30\r\n\r\n" }

test("counts clients", function(t)
  local server = t:tcp_server { answer }
  local run = t:run("test.redis", { host = server.host, port = server.port })
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("redis.clients.connected"), 30)
  t:equal(run:value("redis.clients.connected", { server = "127.0.0.1" }), 30)
  t:equal(run:value("redis.clients.connected", { server = "other" }), nil)
  t:equal(run.needs_used, { "net tcp" })
  t:equal(run.needs_unused, { "net udp" })
  t:equal(run.opened, { { kind = "tcp", what = "127.0.0.1:" .. server.port, times = 1 } })
  t:match(run.log[1].text, "^asked 127.0.0.1:")
  t:equal(server.received, "INFO clients\r\n")
  t:equal(server.connections, 1)
  t:near(run:value("redis.clients.connected"), 29, 1)
end)

test("keeps what an instance knows", function(t)
  local server = t:tcp_server { answer }
  local check = t:check { port = server.port }
  check:run()
  t:equal(check:run():value("redis.runs"), 2)
  t:equal(t:run({ port = server.port }):value("redis.runs"), 1)
end)

test("a script may be a function", function(t)
  local server = t:tcp_server(function(socket)
    socket:readLine()
    socket:writeAll("$0\r\n")
    socket:readAll()
  end)
  t:equal(t:run { port = server.port }.status, "failed") -- no bytes are no read
end)

test("a server that says nothing", function(t)
  local server = t:tcp_server { { expect = "INFO clients\r\n", wait = 30 } }
  local run = t:run({ port = server.port }, { timeout = 0.2 })
  t:equal(run.status, "timeout")
end)

test("is refused", function(t)
  t:match(t:refused(), "port")
end)

test("skipped", function(t)
  t:skip("there is no reason")
end)

test("FAILS: a wrong value", function(t)
  local server = t:tcp_server { answer }
  local run = t:run { port = server.port }
  t:equal(run:value("redis.clients.connected"), 3, "clients")
end)

test("FAILS: another question", function(t)
  local server = t:tcp_server { { expect = "PING\r\n", reply = "+PONG\r\n" } }
  t:run { port = server.port }
end)

test("FAILS: an unknown type", function(t)
  t:run("test.radish", {})
end)

test("FAILS: an error of the test's own", function(t)
  local nothing
  t:ok(nothing.field)
end)

test("FAILS: not refused", function(t)
  t:refused { port = 1 }
end)

test("FAILS: an error in a server", function(t)
  local server = t:tcp_server(function() error("no server today") end)
  t:run { port = server.port }
end)
