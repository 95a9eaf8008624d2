-- One call of match that is quadratic in half a megabyte.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_match",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("x"):rep(5e5):match("(.-)y")
end
