test("http", function(t)
  local server = t:http_server {
    ["POST /status"] = { status = 201, headers = { ["X-Test"] = "yes" }, body = "fine" },
    ["/upper"] = function(request) return request.body:upper() end,
  }
  local function answer(path)
    return t:run({ url = server.url .. path }):value("test.answer", { kind = "http" })
  end
  t:equal(answer("/status"), "201 fine yes")
  t:equal(answer("/upper?a=b"), "200 PING ")
  t:match(answer("/other"), "^404 ")
  t:equal(#server.requests, 3)
  t:equal(server.requests[2].target, "/upper?a=b")
  t:equal(server.requests[1].body, "ping")
  t:ok(server.requests[1].headers.host)
end)

test("datagrams and sockets of the host", function(t)
  local udp = t:udp_server(function(datagram) return datagram .. " pong" end)
  local unix = t:unix_server { "hello\n" }
  local run = t:run { udp = udp.port, unix = unix.path }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("test.answer", { kind = "udp" }), "ping pong")
  t:equal(run:value("test.answer", { kind = "unix" }), "hello")
  t:equal(udp.received, { "ping" })
end)

test("programs", function(t)
  t:program("/usr/bin/test-queue", "echo overlaid")
  local run = t:run { program = t:program("count", "echo \"$#: $1\"") }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("test.answer", { kind = "program" }), "1: a b\n")
  t:equal(run:value("test.answer", { kind = "overlaid" }), "overlaid\n")
end)

test("files", function(t)
  t:file("/etc/test-folder/one", "12345")
  t:file("/etc/test-folder/two", "")
  local run = t:run { file = t:file("a/b.txt", "inside") }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("test.answer", { kind = "file" }), "inside")
  t:equal(run:value("test.answer", { kind = "folder" }), "one two")
  t:equal(run:value("test.answer", { kind = "size" }), "5")
end)
