-- Never comes back.
local check = virgo.check { name = "evil.endless_loop", metrics = { { name = "evil.value" } } }
function check:collect(run)
  run:emit("evil.value", 1)
  while true do end
end
