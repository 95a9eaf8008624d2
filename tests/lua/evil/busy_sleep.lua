-- Comes back to the loop, again and again, but never ends.
local check = virgo.check { name = "evil.busy_sleep", metrics = { { name = "evil.value" } } }
function check:collect()
  while true do virgo.sleep(0) end
end
