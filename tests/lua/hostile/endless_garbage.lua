-- Makes garbage for ever, and keeps none of it.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_garbage",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  while true do
    local t = {}
    for i = 1, 1000 do t[i] = i end
  end
end
