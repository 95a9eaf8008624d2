-- Tests of haproxy.lua: virgo plugin test haproxy.lua

local names = "# pxname,svname,scur,status,weight,type,hrsp_2xx,last_chk,bin,\n"

test("reads quoted fields, empty ones, and lists of listeners", function(t)
  local server = t:unix_server { { expect = "show stat\n", close = true, reply = names
    .. 'www,FRONTEND,3,OPEN,,0,7,,18446744073709551615,\n'
    .. 'www,sock-1,0,,,3,,,5,\n'
    .. 'app,"a, b",1,DOWN 1/2,1,2,0,"no, ""route"" to host",9,\n'
    .. 'app,"""b"", c",1,UP,1,2,0,"""",8,\n'
    .. 'app,BACKEND,1,UP,1,1,0,,9,\n\n' } }
  local run = t:run { socket = server.path }
  t:equal(run.status, "ok", run.explanation)
  local www = { proxy_name = "www", service_name = "FRONTEND" }
  t:equal(run:value("haproxy.sessions.count", www), 3)
  t:equal(run:value("haproxy.bytes.input", www), 18446744073709551615ULL)
  t:equal(run:value("virgo.haproxy.status", www), "OPEN")
  local server_labels = { proxy_name = "app", service_name = "a, b" }
  t:equal(run:value("virgo.haproxy.status", server_labels), "DOWN 1/2")
  t:equal(run:value("haproxy.bytes.input", server_labels), 9)
  t:equal(run:value("haproxy.bytes.input", { proxy_name = "app", service_name = '"b", c' }), 8)
  t:equal(run:value("haproxy.requests.total",
    { proxy_name = "www", service_name = "FRONTEND", status_code = "2xx" }), 7)
  t:equal(run.state, "warn")
  t:equal(run.state_reason, "down: app/a, b")
end)

test("reads the page, with a password", function(t)
  local server = t:http_server { ["/stats;csv"] = function(request)
    if request.headers.authorization ~= "Basic dmlyZ286c2VjcmV0" then return { status = 401 } end
    return names .. "app,BACKEND,1,UP,1,1,0,,9,\n"
  end }
  local url = server.url .. "/stats;csv"
  local run = t:run { url = url, username = "virgo", password = "secret" }
  t:equal(run.state, "ok")
  t:equal(run:value("haproxy.sessions.count", { proxy_name = "app", service_name = "BACKEND" }), 1)
  t:match(t:run { url = url }.explanation, "answers 401 ")
end)

test("is critical when a backend has nobody left", function(t)
  local server = t:unix_server { { expect = "show stat\n", close = true, reply = names
    .. "app,BACKEND,0,DOWN,0,1,0,,9,\napp,one,0,DOWN,1,2,0,,9,\n\n" } }
  local run = t:run { socket = server.path, servers = false }
  t:equal(run.state, "critical")
  t:equal(run.state_reason, "down: app/BACKEND, app/one")
  t:equal(run:value("haproxy.weight", { proxy_name = "app", service_name = "one" }), nil)
end)

test("says what it met in place of statistics", function(t)
  local server = t:unix_server { { expect = "show stat\n", reply = "Permission denied\n\n" } }
  t:equal(t:run { socket = server.path }.explanation,
    "these are not HAProxy's statistics: 'Permission denied'")
  server = t:unix_server { { expect = "show stat\n", reply = "\n" } }
  t:equal(t:run { socket = server.path }.explanation, "HAProxy gives no statistics")
  t:equal(t:run { socket = t:path("nobody") }.status, "unreachable")
end)
