-- One call of find that backtracks for years.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_find",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("a"):rep(30):find(("a*"):rep(25) .. "b")
end
