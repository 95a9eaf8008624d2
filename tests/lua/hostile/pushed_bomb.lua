-- Has the host make texts and never asks for memory itself.
-- expect: limit reached its memory cap
local check = virgo.check { name = "hostile.pushed_bomb", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local list, random = {}, virgo.random
  for i = 1, 2000 do list[i] = i end
  for i = 1, 2000 do list[i] = random(65536) end
  run:emit("hostile.value", #list)
end
