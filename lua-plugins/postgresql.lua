-- virgo.postgresql: databases, connections, locks, replication of a PostgreSQL server, 10 or later, in its own protocol.
--   - name: orders-db
--     type: virgo.postgresql
--     timeout: 5s
--     params: { host: db1.example.com, tls: true, password: "${file:/etc/virgo/pg.password}" }
-- On the server: CREATE ROLE virgo LOGIN PASSWORD '...'; GRANT pg_monitor TO virgo;

-- Labels and their columns; metrics: name, unit, kind, expression, help. OpenTelemetry's but for "virgo.".
local queries = {
  { labels = { ["postgresql.database.name"] = "datname" },
    from = "FROM pg_stat_database JOIN pg_database USING (datname) WHERE NOT datistemplate",
    { "postgresql.backends", "{backend}", "gauge", "numbackends", "Connections to the database" },
    { "postgresql.commits", "{transaction}", "counter", "xact_commit", "Transactions committed" },
    { "postgresql.rollbacks", "{transaction}", "counter", "xact_rollback", "Transactions rolled back" },
    { "postgresql.blks_read", "{block}", "counter", "blks_read", "Blocks that were not in the cache" },
    { "postgresql.blks_hit", "{block}", "counter", "blks_hit", "Blocks found in the buffer cache" },
    { "postgresql.tup_inserted", "{row}", "counter", "tup_inserted", "Rows inserted" },
    { "postgresql.tup_updated", "{row}", "counter", "tup_updated", "Rows updated" },
    { "postgresql.tup_deleted", "{row}", "counter", "tup_deleted", "Rows deleted" },
    { "postgresql.temp.io", "By", "counter", "temp_bytes", "Written by sorts and hashes over work_mem" },
    { "postgresql.deadlocks", "{deadlock}", "counter", "deadlocks", "Found and broken" },
    { "postgresql.db_size", "By", "gauge", "pg_database_size(datid)", "On disk" } },
  { labels = {}, from = "FROM (SELECT count(*) n FROM pg_database WHERE NOT datistemplate) d",
    { "postgresql.database.count", "{database}", "gauge", "n", "Without templates" },
    { "postgresql.connection.max", "{connection}", "gauge", "current_setting('max_connections')", "Limit" },
    { "virgo.postgresql.uptime", "s", "gauge", "extract(epoch FROM now() - pg_postmaster_start_time())", "Up" },
    { "virgo.postgresql.standby.delay", "s", "gauge", [[CASE WHEN NOT pg_is_in_recovery() THEN NULL
        WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
        ELSE extract(epoch FROM now() - pg_last_xact_replay_timestamp()) END]], "Age of what a standby replays" } },
  { labels = { state = "coalesce(state, 'unknown')" },
    from = "FROM pg_stat_activity WHERE backend_type = 'client backend' GROUP BY state",
    { "virgo.postgresql.connections", "{connection}", "gauge", "count(*)", "Clients by state" } },
  { labels = { mode = "mode", lock_type = "locktype" }, from = "FROM pg_locks GROUP BY mode, locktype",
    { "postgresql.database.locks", "{lock}", "gauge", "count(*)", "Held or waited for" },
    { "virgo.postgresql.locks.waiting", "{lock}", "gauge", "count(*) FILTER (WHERE NOT granted)", "Waited for" } },
  { labels = { replication_client = "coalesce(host(client_addr), 'unix')", application_name = "application_name" },
    from = "FROM pg_stat_replication",
    { "postgresql.replication.data_delay", "By", "gauge", [[greatest(0, pg_wal_lsn_diff(CASE WHEN pg_is_in_recovery()
        THEN pg_last_wal_receive_lsn() ELSE pg_current_wal_lsn() END, replay_lsn))]], "Not yet replayed there" },
    { "postgresql.wal.delay", "s", "gauge", "extract(epoch FROM replay_lag)", "Until it was replayed there" } },
}
local metrics = {}
for _, q in ipairs(queries) do
  q.names, q.columns = {}, {} -- of the answer: first labels, with an @, then metrics
  for label, column in pairs(q.labels) do table.insert(q.names, "@" .. label); table.insert(q.columns, column) end
  for _, m in ipairs(q) do
    table.insert(q.names, m[1]); table.insert(q.columns, m[4])
    table.insert(metrics, { name = m[1], unit = m[2], kind = m[3], help = m[5], type = m[2] == "s" and "f64" or "u64" })
  end
end
local check = virgo.check {
  name = "virgo.postgresql", summary = "PostgreSQL: databases, connections, locks, replication", api = 1,
  params = {
    host = { default = "127.0.0.1", help = "name, IP address, or folder of the server's unix socket" },
    port = { type = "int", default = 5432 }, user = { default = "virgo" },
    password = { default = "", secret = true },
    database = { default = "postgres", help = "to log in to; all of the server are reported" },
    tls = { type = "bool", default = false, help = "connect with TLS" },
    ca = { help = "PEM file of who may sign the server's certificate; default: the system's" },
    verify = { type = "bool", default = true, help = "whether the certificate must be right" },
  },
  metrics = metrics, needs = { net = { "tcp", "unix" }, read = { "$ca" } },
}
local function fail(text, status) error { message = text, status = status } end
local function int32(n) return string.char(0, 0, bit.rshift(n, 8), bit.band(n, 255)) end -- below 64 KiB
local function read_int32(bytes, at)
  local a, b, c, d = bytes:byte(at, at + 3)
  return d and bit.tobit(((a * 256 + b) * 256 + c) * 256 + d) or fail("PostgreSQL's answer is cut off")
end
local function send(sock, kind, body) assert(sock:write(kind .. int32(#body + 4) .. body)) end

-- The next message: its kind, a letter, and its body. The server's errors are raised.
local function receive(sock)
  local head = assert(sock:read(5))
  local kind, size = head:sub(1, 1), read_int32(head, 2) - 4
  if size < 0 or size > 65536 then fail("this is not PostgreSQL, or too much of it") end
  local body = size > 0 and assert(sock:read(size)) or ""
  if kind == "E" then -- fields: a letter, a text, a zero; M is the message
    fail("PostgreSQL says: " .. (("\0" .. body):match("%zM(%Z*)") or "an error"))
  end
  return kind, body
end

-- SCRAM-SHA-256 (RFC 5802, 7677) without channel binding; the server proves itself, too.
local function scram(sock, password)
  local encode, hmac = virgo.base64.encode, function(key, text) return virgo.hash.hmac("sha256", key, text) end
  local ours = encode(virgo.random(18))
  send(sock, "p", "SCRAM-SHA-256\0" .. int32(#ours + 8) .. "n,,n=,r=" .. ours)
  local challenge = select(2, receive(sock)):sub(5)
  local nonce, salt, rounds = challenge:match("^r=([^,]+),s=([^,]+),i=(%d+)$")
  if not nonce or nonce:sub(1, #ours) ~= ours then fail("the server's SCRAM challenge is wrong") end
  if #rounds > 5 then fail(rounds .. " rounds of SCRAM are too many; set scram_iterations to 99999 at most") end
  local salted = virgo.hash.pbkdf2("sha256", password, assert(virgo.base64.decode(salt)), tonumber(rounds), 32)
  local key, final = hmac(salted, "Client Key"), "c=biws,r=" .. nonce
  local all = ("n=,r=%s,%s,%s"):format(ours, challenge, final)
  local signature, proof = hmac(virgo.hash.sha256(key), all), {}
  for i = 1, #key do proof[i] = string.char(bit.bxor(key:byte(i), signature:byte(i))) end
  send(sock, "p", final .. ",p=" .. encode(table.concat(proof)))
  local expected = "v=" .. encode(hmac(hmac(salted, "Server Key"), all))
  if select(2, receive(sock)):sub(5) ~= expected then fail("the server is not who it should be") end
end

local function connect(self, unix)
  if unix then return virgo.unix.connect(("%s/.s.PGSQL.%d"):format(self.host, self.port)) end
  return virgo.tcp.connect(self.host, self.port)
end
local function log_in(self)
  local unix = self.host:sub(1, 1) == "/"
  local sock = assert(connect(self, unix))
  if self.tls and not unix then
    send(sock, "", "\4\210\22\47") -- SSLRequest
    if assert(sock:read(1)) ~= "S" then fail("the server has no TLS") end
    assert(sock:start_tls { server_name = self.host, ca = self.ca, verify = self.verify })
  end
  send(sock, "", ("\0\3\0\0user\0%s\0database\0%s\0application_name\0virgo\0client_encoding\0UTF8\0\0")
    :format(self.user, self.database))
  repeat
    local kind, body = receive(sock)
    local method = kind == "R" and read_int32(body, 1) or 0 -- 0: logged in
    if method == 3 then
      if not (self.tls or unix) then fail("the password would go in clear text; set tls: true") end
      send(sock, "p", self.password .. "\0")
    elseif method == 5 then
      local function md5(text) return virgo.hash.hex(virgo.hash.md5(text)) end
      send(sock, "p", "md5" .. md5(md5(self.password .. self.user) .. body:sub(5, 8)) .. "\0")
    elseif method == 10 then scram(sock, self.password)
    elseif method ~= 0 then fail("authentication method " .. method .. " is not known here", "unsupported") end
  until kind == "Z" -- ready for a query
  return sock
end

function check:collect(run)
  local sock = log_in(self)
  for _, q in ipairs(queries) do
    send(sock, "Q", ("SELECT %s %s\0"):format(table.concat(q.columns, ", "), q.from))
    repeat
      local kind, body = receive(sock)
      local at, labels = 3, {} -- after the number of columns
      for _, name in ipairs(kind == "D" and q.names or {}) do -- each its size, or -1, and its text
        local size = read_int32(body, at)
        local text = size >= 0 and body:sub(at + 4, at + 3 + size)
        at = at + 4 + math.max(size, 0)
        if name:sub(1, 1) == "@" then labels[name:sub(2)] = text or ""
        elseif text then run:emit(name, text, labels) end
      end
    until kind == "Z"
  end
  send(sock, "X", "")
end
