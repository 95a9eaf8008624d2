-- Comes back once, then never again.
-- expect: limit stopped after
local check = virgo.check { name = "hostile.endless_after_wait", metrics = { { name = "hostile.value" } } }
function check:collect()
  virgo.sleep(0.001)
  while true do end
end
