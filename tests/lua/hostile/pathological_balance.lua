-- Looks for the end of 200,000 open brackets.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_balance",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("("):rep(2e5):find("%b()")
end
