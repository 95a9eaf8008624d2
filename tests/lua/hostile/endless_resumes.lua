-- Resumes a coroutine that yields, for ever.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_resumes",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local step = coroutine.wrap(function() while true do coroutine.yield(1) end end)
  while true do step() end
end
