-- virgo.rabbitmq: queues and nodes of a RabbitMQ cluster, from its management plugin.
--
--   - name: broker
--     type: virgo.rabbitmq
--     timeout: 5s
--     params: { username: virgo, password: "${file:/etc/virgo/rabbitmq.password}" }
--
-- On the server:
--   rabbitmq-plugins enable rabbitmq_management
--   rabbitmqctl add_user virgo secret && rabbitmqctl set_user_tags virgo monitoring
--   rabbitmqctl set_permissions -p / virgo '' '' ''        for each virtual host
-- A node that is away, or blocks publishers for want of memory or disk, is critical.

local check = virgo.check {
  name = "virgo.rabbitmq", summary = "RabbitMQ: messages and consumers of queues, nodes", api = 1,
  params = {
    url = { default = "http://127.0.0.1:15672", help = "of the management plugin" },
    username = { default = "guest" }, password = { default = "guest", secret = true },
    verify = { type = "bool", default = true, help = "whether a certificate must be right" },
    ca = { help = "PEM file of who may sign it; default: the system's" },
    vhost = { help = "queues of this virtual host; without it all that the user may see" },
  },
  metrics = {
    { name = "rabbitmq.consumer.count", unit = "{consumers}", type = "u64",
      help = "Consumers of the queue" },
    { name = "rabbitmq.message.current", unit = "{messages}", type = "u64",
      help = "In the queue, by state: ready, unacknowledged" },
    { name = "rabbitmq.message.published", unit = "{messages}", kind = "counter", type = "u64",
      help = "Published to the queue" },
    { name = "rabbitmq.message.delivered", unit = "{messages}", kind = "counter", type = "u64",
      help = "Delivered to consumers, or fetched" },
    { name = "rabbitmq.message.acknowledged", unit = "{messages}", kind = "counter", type = "u64",
      help = "Acknowledged by consumers" },
    { name = "rabbitmq.message.dropped", unit = "{messages}", kind = "counter", type = "u64",
      help = "Of all queues: those that no queue took" },
    { name = "rabbitmq.node.mem_used", unit = "By", type = "u64" },
    { name = "rabbitmq.node.mem_limit", unit = "By", type = "u64", help = "At which it stops" },
    { name = "rabbitmq.node.mem_alarm", unit = "1", type = "u64", help = "1: publishers blocked" },
    { name = "rabbitmq.node.disk_free", unit = "By", type = "u64" },
    { name = "rabbitmq.node.disk_free_alarm", unit = "1", type = "u64",
      help = "1: publishers are blocked" },
    { name = "rabbitmq.node.fd_used", unit = "{fd}", type = "u64", help = "File descriptors" },
    { name = "rabbitmq.node.fd_total", unit = "{fd}", type = "u64", help = "Most it may open" },
    { name = "rabbitmq.node.proc_used", unit = "{processes}", type = "u64", help = "Of Erlang" },
    { name = "rabbitmq.node.uptime", unit = "ms", kind = "counter", type = "u64" },
    { name = "virgo.rabbitmq.node.running", unit = "1", type = "u64", help = "0: it is away" },
  },
  needs = { net = { "tcp" }, read = { "$ca" } },
}

local node_fields = { "mem_used", "mem_limit", "mem_alarm", "disk_free", "disk_free_alarm",
  "fd_used", "fd_total", "proc_used", "uptime" }

-- What the plugin answers at `path`, decoded.
local function get(self, path)
  local url = self.url:gsub("/$", "") .. path
  local answer = assert(virgo.http.get(url, { user = self.username, password = self.password,
    verify = self.verify, ca = self.ca, max_body = 1048576 }))
  if answer.status == 401 then
    error { message = ("RabbitMQ refuses user '%s'"):format(self.username) }
  elseif answer.status ~= 200 then
    error { message = ("%s answers %d %s"):format(answer.url, answer.status, answer.reason) }
  end
  local value, why = virgo.json.decode(answer.body)
  if type(value) ~= "table" then
    error { message = answer.url .. " is not RabbitMQ's: " .. tostring(why or answer.body:sub(1, 80)) }
  end
  return value, answer.url -- the latter without a password
end

-- `value` if it is a `kind`: what is not known is left out, or null.
local function only(kind, value) return type(value) == kind and value or nil end

local function emit_queue(run, queue)
  local function labels(state)
    return { ["rabbitmq.queue.name"] = queue.name, ["rabbitmq.vhost.name"] = queue.vhost,
      ["rabbitmq.node.name"] = only("string", queue.node), state = state }
  end
  local stats = only("table", queue.message_stats) or {} -- empty as long as nothing has happened
  -- A queue whose node is away has no figures at all.
  local consumers = only("number", queue.consumers)
  if consumers then run:emit("rabbitmq.consumer.count", consumers, labels()) end
  for _, state in ipairs { "ready", "unacknowledged" } do
    local n = only("number", queue["messages_" .. state])
    if n then run:emit("rabbitmq.message.current", n, labels(state)) end
  end
  run:emit("rabbitmq.message.published", stats.publish or 0, labels())
  run:emit("rabbitmq.message.delivered", stats.deliver_get or 0, labels())
  run:emit("rabbitmq.message.acknowledged", stats.ack or 0, labels())
end

-- Adds to `trouble` what is wrong with the node.
local function emit_node(run, node, trouble)
  local labels = { ["rabbitmq.node.name"] = node.name }
  if node.running ~= true then table.insert(trouble, node.name .. " is away") end
  if node.mem_alarm == true then table.insert(trouble, node.name .. " is out of memory") end
  if node.disk_free_alarm == true then table.insert(trouble, node.name .. "'s disk is full") end
  run:emit("virgo.rabbitmq.node.running", node.running == true and 1 or 0, labels)
  for _, field in ipairs(node_fields) do
    local value = node[field]
    if type(value) == "boolean" then value = value and 1 or 0 end
    if type(value) == "number" then run:emit("rabbitmq.node." .. field, value, labels) end
  end
end

function check:configure()
  self.queues = "/api/queues"
  if self.vhost then -- "/" is written %2F
    self.queues = self.queues .. "/" .. self.vhost:gsub("[^%w._~-]", function(c)
      return ("%%%02X"):format(c:byte())
    end)
  end
end

function check:collect(run)
  local overview, url = get(self, "/api/overview")
  if not overview.rabbitmq_version then error { message = url .. " is not RabbitMQ's" } end
  local dropped = (only("table", overview.message_stats) or {}).drop_unroutable
  run:emit("rabbitmq.message.dropped", dropped or 0)
  local trouble = {}
  for _, node in ipairs(get(self, "/api/nodes")) do emit_node(run, node, trouble) end
  run:state(#trouble > 0 and "critical" or "ok", table.concat(trouble, ", "))
  -- Only what is used: with thousands of queues the rest would be megabytes.
  local queues = get(self, self.queues .. "?columns=name,vhost,node,consumers,messages_ready,"
    .. "messages_unacknowledged,message_stats.publish,message_stats.deliver_get,message_stats.ack")
  for _, queue in ipairs(queues) do emit_queue(run, queue) end
  run:explain(("RabbitMQ %s, %d queues"):format(overview.rabbitmq_version, #queues))
end
