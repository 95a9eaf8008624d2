-- Walks up to the environment of its callers.
-- expect: failed attempt to call global 'getfenv'
local check = virgo.check {
  name = "hostile.getfenv_walk",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  for level = 0, 10 do getfenv(level).tostring = error end
end
