-- Gives names and paths of megabytes, of which each call would keep copies.
-- expect: ok
local check = virgo.check {
  name = "hostile.long_names",
  needs = { net = { "tcp", "udp", "unix", "icmp", "dns" }, read = { "/" }, exec = { "/" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local long = ("x"):rep(2 ^ 20)
  local path = "/" .. long
  for _, call in ipairs {
    function() return virgo.tcp.connect(long, 9) end, function() return virgo.tls.connect(long, 9) end,
    function() return virgo.udp.connect(long, 9) end, function() return virgo.icmp.ping(long) end,
    function() return virgo.dns.query(long, "A") end, function() return virgo.dns.lookup(long) end,
    function() return virgo.unix.connect(path) end, function() return virgo.fs.read(path) end,
    function() return virgo.fs.list(path) end, function() return virgo.exec { path } end,
    function() return virgo.http.get("https://localhost/", { ca = long }) end,
  } do
    local good, err = pcall(call)
    assert(not good and #tostring(err) < 200, err)
  end
  run:emit("hostile.value", 1)
end
