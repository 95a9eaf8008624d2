-- Coroutines without end, all kept.
-- expect: limit reached its memory cap
local check = virgo.check {
  name = "hostile.coroutine_bomb",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local all = {}
  while true do all[#all + 1] = coroutine.create(function() coroutine.yield() end) end
end
