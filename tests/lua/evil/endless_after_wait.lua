-- Comes back once, then never again.
local check = virgo.check { name = "evil.endless_after_wait", metrics = { { name = "evil.value" } } }
function check:collect()
  virgo.sleep(0.001)
  while true do end
end
