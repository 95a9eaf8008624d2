-- An error of four megabytes.
-- expect: failed xxxxxxxxxx
local check = virgo.check { name = "hostile.long_error", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  error(("x"):rep(4e6), 0)
end
