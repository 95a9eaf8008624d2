-- Tests of redis.lua: virgo plugin test redis.lua

local function bulk(text) return ("$%d\r\n%s\r\n"):format(#text, text) end
local info_command = "*1\r\n$4\r\nINFO\r\n"

-- What a replica of 2011 says: fewer fields, and other memory.
local old_replica = bulk(table.concat({
  "redis_version:2.4.18", "uptime_in_seconds:86400", "connected_clients:2", "blocked_clients:0",
  "used_memory:18446744073709551615", "used_cpu_sys:1.25", "role:slave", "",
  "db0:keys=5,expires=2", "db12:keys=1,expires=0,avg_ttl=99,subexpiry=7", "" }, "\r\n"))

test("makes do with what an old server says", function(t)
  local server = t:tcp_server { { expect = info_command, reply = old_replica } }
  local run = t:run("virgo.redis", { host = server.host, port = server.port })
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("redis.uptime"), 86400)
  t:equal(run:value("redis.cpu.time", { state = "sys" }), 1.25)
  t:equal(run:value("redis.role", { role = "replica" }), 1)
  t:equal(run:value("redis.db.keys", { db = "0" }), 5)
  t:equal(run:value("redis.db.keys", { db = "12" }), 1)
  t:equal(run:value("redis.db.avg_ttl", { db = "12" }), 99)
  t:equal(run:value("redis.memory.used"), 18446744073709551615ULL)
  t:equal(run:value("redis.maxmemory"), nil)
end)

test("has the older agents' names", function(t)
  local server = t:tcp_server { { expect = info_command, reply = old_replica } }
  local run = t:run("agent.redis", { host = server.host, port = server.port })
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("version"), "2.4.18")
  t:equal(run:value("connected_clients"), 2)
end)

test("logs in, over a unix socket", function(t)
  local server = t:unix_server {
    { expect = "*3\r\n$4\r\nAUTH\r\n$5\r\nvirgo\r\n$6\r\ns3 c\r\n\r\n", reply = "+OK\r\n" },
    { expect = info_command, reply = bulk("redis_version:7.0.15\r\nrole:master\r\n") },
  }
  local run = t:run("virgo.redis",
    { socket = server.path, username = "virgo", password = "s3 c\r\n" })
  t:equal(run.status, "ok", run.explanation)
  t:match(run.explanation, "^Redis 7%.0%.15, ")
end)

test("does not repeat the password", function(t)
  local server = t:tcp_server { { expect = "*2\r\n$4\r\nAUTH\r\n$4\r\nhush\r\n",
    reply = "-ERR unknown command 'AUTH', with args beginning with: 'hush' \r\n" } }
  local run = t:run("virgo.redis", { host = server.host, port = server.port, password = "hush" })
  t:equal(run.explanation, "Redis refuses AUTH: ERR unknown command 'AUTH'")
end)

test("a Sentinel has no role", function(t)
  local server = t:tcp_server {
    { expect = info_command, reply = bulk("redis_version:7.0.15\r\nredis_mode:sentinel\r\n") } }
  local run = t:run("virgo.redis", { host = server.host, port = server.port })
  t:equal(run.status, "ok", run.explanation)
  t:equal(#run:find("redis.role"), 0)
end)

test("says why the server refuses", function(t)
  local server = t:tcp_server {
    { expect = info_command, reply = "-LOADING Redis is loading the dataset in memory\r\n" },
  }
  local run = t:run("virgo.redis", { host = server.host, port = server.port })
  t:equal(run.status, "failed")
  t:equal(run.explanation, "Redis refuses INFO: LOADING Redis is loading the dataset in memory")
end)
