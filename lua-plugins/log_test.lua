-- Tests of log.lua: virgo plugin test log.lua

local function write(path, text, mode)
  local file = assert(require("io").open(path, mode or "wb"))
  file:write(text)
  file:close()
end

test("reads a large rest of the rotated file before the new one", function(t)
  local file = t:file("app", "old\n")
  local check = t:check { file = file, rotated = file .. ".1", max_read = "16KiB" }
  t:equal(check:run():value("virgo.log.lines"), 0)
  write(file, ("a line of 16 byt\n"):rep(3000), "ab")
  assert(require("os").rename(file, file .. ".1"))
  write(file, "new\n")
  local run = check:run()
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.log.rotations"), 0)
  t:equal(run:value("virgo.log.unread") + run:value("virgo.log.bytes"), 3000 * 17 + 4)
  for _ = 1, 4 do run = check:run() end
  t:equal(run:value("virgo.log.lines"), 3001)
  t:equal(run:value("virgo.log.rotations"), 1)
  t:equal(run:value("virgo.log.unread"), 0)
end)

test("a long line does not hold up what begins with .*", function(t)
  local file = t:file("app", ("x"):rep(60000) .. "\n" .. "an ERROR\n")
  local run = t:run { file = file, from_start = true, patterns = { all = ".*ERROR", any = ".*" } }
  t:equal(run.status, "ok", run.explanation)
  t:equal(run:value("virgo.log.matches", { pattern = "all" }), 1)
  t:equal(run:value("virgo.log.matches", { pattern = "any" }), 2)
end)

test("refuses what is no pattern, wherever it is wrong", function(t)
  for _, pattern in ipairs { "a[", "ERROR [", "%d+(", "x%", "a)" } do
    t:match(t:refused { file = "/x", patterns = { p = pattern } }, "p is no pattern of Lua", pattern)
  end
  local good = {}
  for _, pattern in ipairs { "100%%", "%f[%a]ERROR%f[%A]", "[]]", "[^]]+", "()", "%b()", "[%]x]", "(a)(b)", "[(]" } do
    good[pattern] = pattern
  end
  t:equal(t:run({ file = t:file("app", "x\n"), patterns = good }).status, "ok")
end)
