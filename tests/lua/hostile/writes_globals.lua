-- Replaces what others use.
-- expect: failed global 'tostring' cannot be written
local check = virgo.check {
  name = "hostile.writes_globals",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  assert(not pcall(function() _G.tostring = error end))
  assert(not pcall(load("x = 1")))
  tostring = error
end
