-- Waits longer than any deadline.
-- expect: timeout virgo.sleep(3600)
local check = virgo.check { name = "hostile.sleeps_for_ever", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  run:emit("hostile.value", 1)
  while true do virgo.sleep(3600) end
end
