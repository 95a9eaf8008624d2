-- One step of gmatch that is cubic.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_gmatch",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  for word in ("x"):rep(1e5):gmatch(".-.-y") do run:explain(word) end
end
