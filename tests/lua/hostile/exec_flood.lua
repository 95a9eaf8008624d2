-- Starts programs that do not end, as many as it can.
-- expect: failed programs that this file has started still run
local check = virgo.check {
  name = "hostile.exec_flood",
  needs = { exec = { "/bin/sleep" } },
  metrics = { { name = "hostile.value" } },
}
local function all_at_once(f, n, timeout)
  local all = {}
  for i = 1, n do all[i] = f end
  for _, result in ipairs(virgo.parallel(all, { timeout = timeout })) do
    local refused = not result.ok and tostring(result.error):find("still run")
    if refused then error(result.error, 0) end
  end
end
local function sleep() virgo.exec { "/bin/sleep", "3600" } end
function check:collect(run)
  local patience = 0.05
  while true do -- a busy machine takes its time to start so many
    all_at_once(function() all_at_once(sleep, 60, patience) end, 3, 10)
    patience = patience * 2
  end
end
