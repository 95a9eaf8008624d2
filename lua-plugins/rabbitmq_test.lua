-- Tests of rabbitmq.lua: virgo plugin test rabbitmq.lua

local overview = '{"rabbitmq_version":"3.10.8","message_stats":{"drop_unroutable":4}}'

test("tells of a queue whose node is away, and of new ones", function(t)
  local server = t:http_server {
    ["/api/overview"] = overview,
    ["/api/nodes"] = '[{"name":"rabbit@a","running":true,"mem_used":5000000000,"mem_alarm":true,'
      .. '"uptime":1},{"name":"rabbit@b","running":false}]',
    ["/api/queues"] = '[{"name":"away","vhost":"/","node":null,"consumers":null,"message_stats":null},'
      .. '{"name":"new","vhost":"/","node":"rabbit@a","consumers":2,"messages_ready":7,'
      .. '"messages_unacknowledged":1}]',
  }
  local run = t:run { url = server.url .. "/" }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run.explanation, "RabbitMQ 3.10.8, 2 queues")
  t:equal(run.state, "critical")
  t:equal(run.state_reason, "rabbit@a is out of memory, rabbit@b is away")
  t:equal(run:value("rabbitmq.message.dropped"), 4)
  t:equal(run:value("rabbitmq.node.mem_used", { ["rabbitmq.node.name"] = "rabbit@a" }), 5e9)
  t:equal(run:value("rabbitmq.node.mem_alarm", { ["rabbitmq.node.name"] = "rabbit@a" }), 1)
  t:equal(run:value("virgo.rabbitmq.node.running", { ["rabbitmq.node.name"] = "rabbit@b" }), 0)
  t:equal(run:value("rabbitmq.consumer.count", { ["rabbitmq.queue.name"] = "away" }), nil)
  t:equal(run:value("rabbitmq.consumer.count", { ["rabbitmq.queue.name"] = "new" }), 2)
  t:equal(run:value("rabbitmq.message.current",
    { ["rabbitmq.queue.name"] = "new", state = "ready" }), 7)
  t:equal(run:value("rabbitmq.message.published", { ["rabbitmq.queue.name"] = "new" }), 0)
end)

test("asks for one virtual host", function(t)
  local server = t:http_server { ["/api/overview"] = overview, ["/api/nodes"] = "[]",
    ["/api/queues/%2Fa%20b"] = "[]" }
  local run = t:run { url = server.url, vhost = "/a b" }
  t:equal(run.status, "ok", run.explanation)
end)

test("says what it met in place of RabbitMQ", function(t)
  local server = t:http_server { ["/api/overview"] = { status = 401 } }
  t:equal(t:run { url = server.url, username = "virgo" }.explanation,
    "RabbitMQ refuses user 'virgo'")
  server = t:http_server { ["/api/overview"] = "{}" }
  t:match(t:run { url = server.url }.explanation, "is not RabbitMQ's$")
  server = t:http_server { ["/api/overview"] = "Hello" }
  t:match(t:run { url = server.url }.explanation, "is not RabbitMQ's: ")
end)
