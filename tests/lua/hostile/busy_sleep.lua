-- Comes back to the loop, again and again, but never ends.
-- expect: timeout no answer by the deadline
local check = virgo.check { name = "hostile.busy_sleep", metrics = { { name = "hostile.value" } } }
function check:collect()
  while true do virgo.sleep(0) end
end
