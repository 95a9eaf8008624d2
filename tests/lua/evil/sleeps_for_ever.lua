-- Waits longer than any deadline.
local check = virgo.check { name = "evil.sleeps_for_ever", metrics = { { name = "evil.value" } } }
function check:collect(run)
  run:emit("evil.value", 1)
  while true do virgo.sleep(3600) end
end
