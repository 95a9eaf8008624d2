-- One call of match that is quadratic in a long text.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_match",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("x"):rep(2e5):match("(.-)y")
end
