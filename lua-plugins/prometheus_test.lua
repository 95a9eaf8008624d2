-- Tests of prometheus.lua: virgo plugin test prometheus.lua

-- One run against a page.
local function scrape(t, page, params)
  params = params or {}
  params.url = t:http_server { ["/metrics"] = page }.url .. "/metrics"
  return t:run(params)
end

local function kind_of(run, name)
  for _, sample in ipairs(run.samples) do
    if sample.metric == name then return sample.kind end
  end
end

test("reads labels of every kind", function(t)
  local run = scrape(t, [[
plain 1
empty_braces{} 2
one{a="b"} 3
spaces { a = "b" , c="d" , } 4
escapes{path="C:\\x",quoted="\"}\"",lines="a\nb",odd="\q"} 5
unicode{name="gr\u00fcn – 緑"} 6
timestamp{a="b"} 7 1395066363000
exemplar_bucket{le="1"} 8 # {trace_id="x"} 0.67
   indented 9
recorded:rate:sum 10]])
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.prometheus.bad_lines"), 0, run.explanation)
  t:equal(run:value("virgo.prometheus.samples"), 10)
  for name, number in pairs { plain = 1, empty_braces = 2, timestamp = 7, exemplar_bucket = 8,
    indented = 9, ["recorded:rate:sum"] = 10 } do
    t:equal(run:value(name), number, name)
  end
  t:equal(run:value("spaces", { a = "b", c = "d" }), 4)
  t:equal(run:value("escapes", { path = "C:\\x", quoted = '"}"', lines = "a\nb", odd = "\\q" }), 5)
end)

test("reads numbers of every kind", function(t)
  local run = scrape(t,
    "a 1e3\nb -1.5E-3\nc +2\nd .5\ne 18446744073709551615\nf +Inf\ng -Inf\nh NaN\n")
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.prometheus.samples"), 7) -- NaN is none
  for name, number in pairs { a = 1000, b = -0.0015, c = 2, d = 0.5, e = 2 ^ 64 } do
    t:equal(tonumber(run:value(name)), number, name)
  end
end)

test("knows counters, also of histograms, summaries and OpenMetrics", function(t)
  local run = scrape(t, [[
# TYPE c counter
c 1
# TYPE requests counter
requests_total 1
# TYPE g gauge
g 1
g_sum 1
# TYPE h histogram
h_bucket{le="+Inf"} 1
h_sum 1
h_count 1
# TYPE s summary
s{quantile="0.5"} 1
s_sum 1
# TYPE broken
unknown_total 1
# EOF
]])
  t:equal(run:value("virgo.prometheus.bad_lines"), 0, run.explanation)
  local kinds = { c = "counter", requests_total = "counter", h_bucket = "counter",
    h_sum = "counter", h_count = "counter", s_sum = "counter",
    g = "gauge", g_sum = "gauge", s = "gauge", unknown_total = "gauge" }
  for name, kind in pairs(kinds) do t:equal(kind_of(run, name), kind, name) end
end)

test("goes past what it does not understand, and counts it", function(t)
  local run = scrape(t, 'good 1\nno_value\nbad{a="b" 2\nbad{a=b} 2\nbad 0x10\nbad one\n{} 3\n'
    .. '"x" 4\nlast 1')
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.prometheus.bad_lines"), 7)
  t:equal(run:value("virgo.prometheus.samples"), 2)
  t:match(run.explanation, "7 lines are left out, first 'no_value'")
end)

test("leaves out what would be too much for a sample", function(t)
  local many = {}
  for i = 1, 17 do many[i] = ('l%d="x"'):format(i) end
  local page = ('a{l="%s"} 1\nb{%s} 1\n%s 1\n'):format(("x"):rep(1025), table.concat(many, ","), ("c"):rep(257))
    .. ('d{l="%s"} 1\ne{%s} 1\n%s 1\n'):format(("x"):rep(1024), table.concat(many, ",", 2), ("f"):rep(256))
  local run = scrape(t, page)
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.prometheus.bad_lines"), 3)
  t:equal(run:value("virgo.prometheus.samples"), 3)
  t:match(run.explanation, "^3 lines are left out, first 'a{l=")
end)

test("takes what is wanted, and adds labels", function(t)
  local page = 'node_load1 1\nnode_load15 2\nnode_cpu{cpu="0"} 3\ngo_info 4\nload 5\n'
  local run = scrape(t, page,
    { include = { "node_*", "load" }, exclude = { "*15" }, labels = { job = "node" } })
  t:equal(run:value("virgo.prometheus.samples"), 3, run.explanation)
  t:equal(run:value("node_load1", { job = "node" }), 1)
  t:equal(run:value("node_cpu", { cpu = "0", job = "node" }), 3)
  t:equal(run:value("load", { job = "node" }), 5)
end)

test("says what it met in place of a page", function(t)
  t:match(scrape(t, "<html>\n").explanation, "no page for Prometheus, it says '<html>'")
  t:match(scrape(t, nil).explanation, "/metrics answers 404 ")
  t:match(scrape(t, ("x 1\n"):rep(3000), { max_size = "10KiB" }).explanation, "max_body")
end)

test("gives way in a large page", function(t)
  local lines = {}
  for i = 1, 1990 do
    lines[i] = ('some_metric{number="%d",other="text of some length"} %d'):format(i, i)
  end
  local run = scrape(t, table.concat(lines, "\n"))
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.prometheus.samples"), 1990)
end)
