-- Opens sockets and closes none.
-- expect: limit sockets or processes are open in this run
local check = virgo.check {
  name = "hostile.socket_flood", params = { port = { type = "int", required = true } },
  needs = { net = { "tcp" } },
  metrics = { { name = "hostile.value" } },
}
local sockets = {}
function check:collect()
  while true do sockets[#sockets + 1] = assert(virgo.tcp.connect("127.0.0.1", self.port)) end
end
