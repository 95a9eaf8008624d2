-- Uses what stands for open sockets as something else, after its time, and by halves.
-- expect: ok
local check = virgo.check {
  name = "hostile.forged_handles", needs = { net = { "listen", "udp" } },
  metrics = { { name = "hostile.value" } },
}
local kept
function check:collect(run)
  local socket = assert(virgo.udp.bind("127.0.0.1", 0))
  local methods = { socket.send, socket.receive, socket.address, socket.close }
  assert(getmetatable(socket) == false and not pcall(setmetatable, socket, {}))
  for _, method in ipairs(methods) do
    for _, wrong in ipairs { 1, "x", {}, virgo, run, virgo.json.null, coroutine.create(print or error) } do
      assert(not pcall(method, wrong, "x", "127.0.0.1", 9))
    end
    assert(not pcall(method))
    if kept then assert(not pcall(method, kept, "x", "127.0.0.1", 9)) end
  end
  virgo.parallel({ function() socket:receive() end,
    function() assert(not pcall(socket.close, socket)) end }, { timeout = 0.001 })
  local receive = socket.receive
  socket:close()
  assert(not receive(socket) and not socket:address())
  kept = virgo.udp.bind("127.0.0.1", 0)
  run:emit("hostile.value", 1)
end
