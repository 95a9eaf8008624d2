-- Emits more than it may.
-- expect: limit different series
local check = virgo.check { name = "hostile.series_flood", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  for i = 1, 20000 do run:emit("hostile.value", i, { n = i }) end
end
