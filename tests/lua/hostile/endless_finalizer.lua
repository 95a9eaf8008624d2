-- A finalizer that loops: tables have none here, and there is no newproxy.
-- expect: ok
local check = virgo.check {
  name = "hostile.endless_finalizer",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  for i = 1, 100 do
    setmetatable({}, { __gc = function() while true do end end })
  end
  collectgarbage()
  assert(not newproxy)
  run:emit("hostile.value", 1)
end
