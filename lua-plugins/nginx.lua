-- virgo.nginx: connections and requests of an nginx server, from its stub_status page.
--
--   - name: web
--     type: virgo.nginx
--     timeout: 2s
--     params: { url: "http://127.0.0.1/nginx_status" }
--
-- On the server, in a `server` block that only the agent reaches:
--   location = /nginx_status { stub_status; allow 127.0.0.1; deny all; }

local check = virgo.check {
  name = "virgo.nginx", summary = "nginx: connections and requests", api = 1,
  params = {
    url = { default = "http://127.0.0.1/nginx_status", help = "the page of stub_status" },
    username = { help = "if the page wants one" }, password = { secret = true },
    verify = { type = "bool", default = true, help = "whether a certificate must be right" },
    ca = { help = "PEM file of who may sign it; default: the system's" },
  },
  metrics = {
    { name = "nginx.connections_accepted", unit = "connections", kind = "counter", type = "u64",
      help = "Connections accepted" },
    { name = "nginx.connections_handled", unit = "connections", kind = "counter", type = "u64",
      help = "Those of them that were not dropped, as at worker_connections" },
    { name = "nginx.requests", unit = "requests", kind = "counter", type = "u64",
      help = "Requests begun" },
    { name = "nginx.connections_current", unit = "connections", type = "u64",
      help = "By state: active (all), reading, writing, waiting" },
  },
  needs = { net = { "tcp" }, read = { "$ca" } },
}

local function fetch(self)
  local answer = assert(virgo.http.get(self.url, { user = self.username, password = self.password,
    verify = self.verify, ca = self.ca, max_body = 65536 }))
  if answer.status ~= 200 then
    error { message = ("%s answers %d %s"):format(answer.url, answer.status, answer.reason) }
  end
  return answer.body, answer.url -- the latter without a password
end

function check:collect(run)
  local page, url = fetch(self)
  local active = page:match("^Active connections: (%d+)")
  local accepted, handled, requests = page:match("\n (%d+) (%d+) (%d+) ")
  if not active or not accepted then
    error { message = url .. " is not nginx's stub_status" }
  end
  run:emit("nginx.connections_accepted", accepted)
  run:emit("nginx.connections_handled", handled)
  run:emit("nginx.requests", requests)
  run:emit("nginx.connections_current", active, { state = "active" })
  for state, n in page:gmatch("(%a+): (%d+) ") do -- Reading: 0 Writing: 1 Waiting: 0
    if state ~= "connections" then
      run:emit("nginx.connections_current", n, { state = state:lower() })
    end
  end
end
