-- Starts thousands of functions at once.
-- expect: failed virgo.parallel
local check = virgo.check {
  name = "hostile.parallel_flood",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local all = {}
  for i = 1, 10000 do all[i] = function() virgo.sleep(3600) end end
  virgo.parallel(all)
end
