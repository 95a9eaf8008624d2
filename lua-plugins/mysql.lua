-- virgo.mysql: connections, statements, InnoDB and replication of a MySQL or MariaDB
-- server, asked in its own protocol. agent.mysql does it with the older agents' names.
--
--   - name: shop-db
--     type: virgo.mysql
--     timeout: 5s
--     params: { host: db1.example.com, tls: true, password: "${file:/etc/virgo/mysql.password}" }
--
-- On the server: CREATE USER virgo@'%' IDENTIFIED BY '...'; to see its replication also
-- GRANT REPLICATION CLIENT ON *.* TO virgo@'%' (MariaDB: SLAVE MONITOR).

local params = {
  host = { default = "127.0.0.1", help = "name or IP address" },
  port = { type = "int", default = 3306 },
  socket = { help = "path of a unix socket; host and port do not count then" },
  username = { default = "virgo" },
  password = { default = "", secret = true },
  tls = { type = "bool", default = false, help = "connect with TLS" },
  ca = { help = "PEM file of who may sign the server's certificate; default: the system's" },
  verify = { type = "bool", default = true, help = "whether the certificate must be right" },
}

-- Metric, unit, kind, help, variable of the server; or the variables' common beginning, a
-- label and its values. The names are those of OpenTelemetry's collector.
local fields = {
  { "mysql.uptime", "s", "counter", "Since the server started", "uptime" },
  { "mysql.query.count", "1", "counter", "Statements, with those of stored programs", "queries" },
  { "mysql.query.slow.count", "1", "counter", "Slower than long_query_time", "slow_queries" },
  { "mysql.connection.count", "1", "counter", "Attempts to connect", "connections" },
  { "mysql.connection.errors", "1", "counter", "Not accepted", "connection_errors_", "error",
    "accept internal max_connections peer_address select tcpwrap" },
  { "mysql.max_used_connections", "1", "gauge", "Most at once", "max_used_connections" },
  { "mysql.threads", "1", "gauge", "Of connections", "threads_", "kind", "cached connected running" },
  { "mysql.client.network.io", "By", "counter", "With clients", "bytes_", "kind", "received sent" },
  { "mysql.commands", "1", "counter", "Statements", "com_", "command", "delete insert select update" },
  { "mysql.locks", "1", "counter", "Of tables", "table_locks_", "kind", "immediate waited" },
  { "mysql.tmp_resources", "1", "counter", "For statements", "created_tmp_", "resource", "disk_tables files tables" },
  { "mysql.buffer_pool.limit", "By", "gauge", "Size of InnoDB's cache", "innodb_buffer_pool_size" },
  { "mysql.buffer_pool.pages", "1", "gauge", "InnoDB's cache", "innodb_buffer_pool_pages_", "kind", "data free misc total" },
  { "mysql.buffer_pool.operations", "1", "counter", "reads: from disk", "innodb_buffer_pool_", "operation", "read_requests reads" },
  { "mysql.row_locks", "1", "counter", "InnoDB; time in ms", "innodb_row_lock_", "kind", "time waits" },
  { "mysql.row_operations", "1", "counter", "InnoDB", "innodb_rows_", "operation", "deleted inserted read updated" },
  { "mysql.replica.time_behind_source", "s", "gauge", "While it replicates", "seconds_behind_master" },
}
local legacy = { -- by kind; "core: uptime" is core.uptime, the variable uptime or core_uptime
  counter = [[core: connections queries; bytes: received sent; qcache: hits inserts lowmem_prunes not_cached;
    handler: delete read_first read_key read_next read_prev read_rnd read_rnd_next update write commit; innodb:
    row_lock_time rows_deleted rows_inserted rows_read rows_updated buffer_pool_read_requests buffer_pool_reads
    pages_created pages_read pages_written row_lock_waits buffer_pool_pages_flushed]],
  gauge = [[core: aborted_clients uptime; threads: connected created running; max: connections; key: buffer_size;
    thread: cache_size; qcache: free_blocks free_memory queries_in_cache total_blocks size; handler: rollback savepoint
    savepoint_rollback; innodb: row_lock_time_avg row_lock_time_max buffer_pool_pages_data buffer_pool_pages_dirty
    buffer_pool_pages_free buffer_pool_pages_total data_pending_fsyncs data_pending_reads data_pending_writes
    os_log_pending_fsyncs os_log_pending_writes buffer_pool_size; replication: read_master_log_pos exec_master_log_pos
    relay_log_pos relay_log_size seconds_behind_master last_errno last_io_errno slave_open_temp_tables
    slave_retried_transactions]],
  state = [[replication: slave_running slave_io_running slave_sql_running last_error slave_io_state last_io_error]],
}

local function fail(text, status) error { message = text, status = status } end

local function number(bytes, at, size) -- little-endian
  local n = 0
  for i = at + size - 1, at, -1 do n = n * 256 + (bytes:byte(i) or fail("MySQL's answer is cut off")) end
  return n
end

-- A packet is its size in 3 bytes, a number that counts within one exchange, its bytes.
local function receive(link)
  local head = assert(link.sock:read(4))
  local size = number(head, 1, 3)
  if size < 1 or size > 65536 then fail("this is not MySQL, or too much of it") end
  link.count = head:byte(4)
  local packet = assert(link.sock:read(size))
  if packet:byte() == 255 then fail("MySQL says: " .. packet:sub(4):gsub("^#.....", "")) end
  return packet, packet:byte()
end
local function send(link, packet)
  local n, count = #packet, (link.count + 1) % 256
  assert(link.sock:write(string.char(n % 256, bit.rshift(n, 8) % 256, 0, count) .. packet))
  link.count = count
end

-- What proves the password to this server and no other.
local function proof(link, method, password, nonce)
  if password == "" then return "" end
  local hash = ({ mysql_native_password = virgo.hash.sha1, caching_sha2_password = virgo.hash.sha256 })[method]
  if method == "mysql_clear_password" and link.private then return password .. "\0" end
  if not hash then fail(("authentication method '%s' is not known here"):format(method), "unsupported") end
  local once, twice = hash(password), hash(hash(password))
  local mask = hash(hash == virgo.hash.sha1 and nonce .. twice or twice .. nonce)
  return (once:gsub("()(.)", function(at, c) return string.char(bit.bxor(c:byte(), mask:byte(at))) end))
end

local function connect(self)
  if self.socket then return virgo.unix.connect(self.socket) end
  return virgo.tcp.connect(self.host, self.port)
end

local function log_in(self)
  local tls = self.tls and not self.socket
  local link = { private = tls or self.socket ~= nil }
  link.sock = assert(connect(self))
  local greeting, version = receive(link)
  if version ~= 10 then fail("this is not MySQL 4.1 or later") end
  local at = (greeting:find("\0", 2, true) or 1) + 5 -- after the server's version and the connection's number
  local nonce, method = greeting:sub(at, at + 7) .. greeting:sub(at + 27, at + 38), greeting:match("^%Z*", at + 40)
  -- PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH, with SSL or without; packets; utf8mb4.
  local options = (tls and "\1\138\8\0" or "\1\130\8\0") .. "\0\0\0\1\45" .. ("\0"):rep(23)
  if tls then
    if bit.band(number(greeting, at + 9, 2), 0x800) == 0 then fail("the server has no TLS") end
    send(link, options)
    assert(link.sock:start_tls { server_name = self.host, ca = self.ca, verify = self.verify })
  end
  if method ~= "caching_sha2_password" then method = "mysql_native_password" end
  local answer = proof(link, method, self.password, nonce)
  send(link, ("%s%s\0%s%s%s\0"):format(options, self.username, string.char(#answer), answer, method))
  repeat
    local packet, kind = receive(link)
    if kind == 254 then -- it wants another method
      method, nonce = packet:match("^.(%Z*)%z(.-)%z?$")
      send(link, proof(link, method or "mysql_old_password", self.password, nonce))
    elseif packet == "\1\4" then -- caching_sha2_password has not cached this one
      if not link.private then fail("the server wants the password in clear text; set tls: true") end
      send(link, self.password .. "\0")
    end
  until kind == 0
  return link
end

local function texts(packet) -- each its size, or 251 for NULL, and its bytes
  local list, at = {}, 1
  while at <= #packet do
    local size, more = packet:byte(at), ({ [252] = 2, [253] = 3, [254] = 8 })[packet:byte(at)] or 0
    if more > 0 then size = number(packet, at + 1, more) end
    local null = size == 251 and more == 0
    list[#list + 1] = not null and packet:sub(at + 1 + more, at + more + size)
    at = at + 1 + more + (null and 0 or size)
  end
  return list
end

-- Rows of texts, and the columns' names.
local function query(link, sql)
  link.count = -1
  send(link, "\3" .. sql)
  receive(link) -- how many columns
  local names, rows, part = {}, {}, 1
  while part < 3 do -- the columns, then the rows; each part ends with a short packet 254
    local packet, kind = receive(link)
    if kind == 254 and #packet < 9 then part = part + 1
    elseif part == 1 then names[#names + 1] = texts(packet)[5]:lower()
    else rows[#rows + 1] = texts(packet) end
    if #names + #rows > 5000 then fail("MySQL's answer has no end") end
  end
  return rows, names
end

-- All that the server tells of itself: variable -> text.
local function ask(self)
  local link, found = log_in(self), {}
  for _, what in ipairs { "VARIABLES", "STATUS" } do
    for _, row in ipairs(query(link, "SHOW GLOBAL " .. what)) do found[row[1]:lower()] = row[2] end
  end
  local major, minor, patch = found.version:match("^(%d+)%.(%d+)%.(%d+)")
  local renamed = not found.version:find("MariaDB", 1, true) -- in MySQL 8.0.22; the older name is gone since 8.4
    and (major or 0) * 10000 + (minor or 0) * 100 + (patch or 0) >= 80022
  local ok, rows, names = pcall(query, link, renamed and "SHOW REPLICA STATUS" or "SHOW SLAVE STATUS")
  for i, name in ipairs(ok and rows[1] and names or {}) do
    found[name:gsub("source", "master"):gsub("replica", "slave")] = rows[1][i]
  end
  found.qcache_size, found.relay_log_size = found.query_cache_size, found.relay_log_space
  link.count = -1
  send(link, "\1") -- else the server counts an aborted client, and writes that into its log
  link.sock:close()
  return found, not ok and tostring(rows.message or rows)
end

local function define(name, summary, fields)
  local metrics = {}
  for i, f in ipairs(fields) do
    metrics[i] = { name = f[1], unit = f[2], kind = f[3], help = f[4], type = f[3] == "state" and "text" or "u64" }
  end
  local check = virgo.check { name = name, summary = summary, api = 1, params = params, metrics = metrics,
    needs = { net = { "tcp", "unix" }, read = { "$ca" } } }
  function check:collect(run)
    local found, trouble = ask(self)
    for _, f in ipairs(fields) do
      for value in (f[7] or "-"):gmatch("%S+") do
        local v = found[f[6] and f[5] .. value or f[5]]
        if v and v ~= "" then run:emit(f[1], v:sub(1, 1024), f[6] and { [f[6]] = value }) end
      end
    end
    run:explain(found.version .. (trouble and ", replication is not seen: " .. trouble or ""))
  end
end
define("virgo.mysql", "MySQL or MariaDB: connections, statements, InnoDB, replication", fields)

local names = {}
for kind, groups in pairs(legacy) do
  for group, list in groups:gmatch("(%a+):%s([^;]*)") do
    for name in list:gmatch("%S+") do
      local bare = group == "core" or group == "replication"
      table.insert(names, { group .. "." .. name, "", kind, "", bare and name or group .. "_" .. name })
    end
  end
end
table.sort(names, function(a, b) return a[1] < b[1] end)
define("agent.mysql", "MySQL or MariaDB, with the names of the older agents", names)
