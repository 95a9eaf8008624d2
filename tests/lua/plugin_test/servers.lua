-- Reaches for everything that a plugin's test can put there.
local check = virgo.check {
  name = "test.servers",
  params = {
    url = {}, udp = { type = "int" }, unix = {}, program = {}, file = {},
  },
  needs = {
    net = { "tcp", "udp", "unix" },
    exec = { "$program", "/usr/bin/test-queue" },
    read = { "$file", "/etc/test-folder/" },
  },
  metrics = { { name = "test.answer", kind = "state", type = "text" } },
}

function check:collect(run)
  local function say(kind, text) run:emit("test.answer", text, { kind = kind }) end
  if self.url then
    local response = assert(virgo.http.request { url = self.url, method = "POST", body = "ping" })
    say("http", response.status .. " " .. response.body .. " " .. (response.headers["x-test"] or ""))
  end
  if self.udp then
    local socket = assert(virgo.udp.connect("127.0.0.1", self.udp))
    assert(socket:send("ping"))
    say("udp", assert(socket:receive()))
  end
  if self.unix then
    local socket = assert(virgo.unix.connect(self.unix))
    say("unix", assert(socket:read_line()))
  end
  if self.program then
    say("program", assert(virgo.exec { self.program, "a b" }).stdout)
    say("overlaid", assert(virgo.exec { "/usr/bin/test-queue" }).stdout)
  end
  if self.file then
    say("file", assert(virgo.fs.read(self.file)))
    say("folder", table.concat(assert(virgo.fs.list("/etc/test-folder/")), " "))
    say("size", tostring(assert(virgo.fs.stat("/etc/test-folder/one")).size))
  end
end

return check
