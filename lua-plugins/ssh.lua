-- virgo.ssh: does an SSH server greet, how long does that take, and which one is it?
--
--   - name: ssh
--     type: virgo.ssh
--     timeout: 5s
--     params: { host: bastion.example.com }
--
-- Nobody logs in: a server that greets has a process and a connection to spare, which
-- a connected port alone does not prove. The server needs nothing for it.

local check = virgo.check {
  name = "virgo.ssh", summary = "Greeting of an SSH server", api = 1,
  params = {
    host = { default = "127.0.0.1", help = "name or IP address" },
    port = { type = "int", default = 22 },
  },
  metrics = {
    { name = "virgo.ssh.connect.duration", unit = "s",
      help = "From the look-up of the name to the established connection" },
    { name = "virgo.ssh.banner.duration", unit = "s",
      help = "From the established connection to the greeting" },
    { name = "virgo.ssh.banner", kind = "state", type = "text",
      help = "The greeting, as SSH-2.0-OpenSSH_9.2p1" },
  },
  needs = { net = { "tcp" } },
}

function check:collect(run)
  local begun = virgo.now()
  local sock = assert(virgo.tcp.connect(self.host, self.port))
  local connected = virgo.now()
  local line
  for _ = 1, 20 do -- RFC 4253, 4.2: other lines may come before
    line = assert(sock:read_line(255))
    if line:find("^SSH%-") then break end
  end
  local protocol = line:match("^SSH%-([%d.]+)%-")
  if not protocol then
    error { message = ("this is no SSH server, it says '%s'"):format(line:sub(1, 80)) }
  end
  if protocol ~= "2.0" and protocol ~= "1.99" then
    error { message = "the server speaks only version " .. protocol .. " of SSH" }
  end
  sock:write("SSH-2.0-virgo\r\n") -- polite: without it the server logs a broken client
  run:emit("virgo.ssh.connect.duration", connected - begun)
  run:emit("virgo.ssh.banner.duration", virgo.now() - connected)
  run:emit("virgo.ssh.banner", line)
  run:explain(line)
end
