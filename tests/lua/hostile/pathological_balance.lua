-- Looks for the end of a million open brackets.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_balance",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("("):rep(1e6):find("%b()")
end
