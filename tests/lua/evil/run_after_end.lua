-- Keeps the run, and uses it in the next one.
local check = virgo.check { name = "evil.run_after_end", metrics = { { name = "evil.value" } } }
function check:collect(run)
  local old = self.old
  self.old = run
  if old then old:emit("evil.value", 1) end
end
