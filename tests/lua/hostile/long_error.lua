-- An error of 200,000 letters.
-- expect: failed xxxxxxxxxx
local check = virgo.check { name = "hostile.long_error", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  error(("x"):rep(2e5), 0)
end
