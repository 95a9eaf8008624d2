-- Opens sockets and closes none.
local check = virgo.check {
  name = "evil.socket_flood", params = { port = { type = "int", required = true } },
  metrics = { { name = "evil.value" } },
}
sockets = {}
function check:collect()
  while true do sockets[#sockets + 1] = assert(net.connect("127.0.0.1", self.port)) end
end
