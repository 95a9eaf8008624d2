-- Tests of http.lua: virgo plugin test http.lua

test("holds the answer against what is expected", function(t)
  local url = t:http_server { ["/"] = "all is well", ["/away"] = { status = 404 } }.url
  local run = t:run { url = url .. "/", contains = "well", pattern = "^all is %a+$" }
  t:equal(run.state, "ok", run.explanation)
  t:equal(run:value("virgo.http.body.match"), 1)
  run = t:run { url = url .. "/away", status = "200-299, 301" }
  t:equal(run.state, "critical")
  t:equal(run:value("httpcheck.status"), 0)
  t:equal(t:run({ url = url .. "/away", status = "200, 404" }).state, "ok")
end)

test("a password in the URL is not reported", function(t)
  local url = t:http_server { ["/"] = "x" }.url:gsub("//", "//virgo:hush@h@")
  local run = t:run { url = url .. "/" }
  t:equal(run.status, "ok", run.explanation)
  for _, sample in ipairs(run.samples) do
    t:ok(not sample.labels["http.url"]:find("hush", 1, true), sample.labels["http.url"])
  end
end)

test("refuses what is no status and no pattern", function(t)
  for _, status in ipairs { "2000", "299-200", "200-", "2xx", "200;201", "" } do
    t:match(t:refused { url = "http://x/", status = status }, "write 200, 200%-299", status)
  end
  t:match(t:refused { url = "http://x/", pattern = "ok [" }, "is no pattern of Lua")
end)
