-- Keeps the run, and uses it in the next one.
-- expect: failed this run is over
local check = virgo.check { name = "hostile.run_after_end", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local old = self.old
  self.old = run
  if old then old:emit("hostile.value", 1) end
end
