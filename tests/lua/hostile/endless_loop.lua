-- Never comes back.
-- expect: limit stopped after
local check = virgo.check { name = "hostile.endless_loop", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  run:emit("hostile.value", 1)
  while true do end
end
