-- Counts for ever.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_numeric",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local x = 0
  for i = 1, 1e18 do x = x + i % 7 end
end
