-- One call of gsub that backtracks for hours.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_gsub",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("a"):rep(1e5):gsub("a+a+a+b", "x")
end
