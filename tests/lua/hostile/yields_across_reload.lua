-- Is in the middle of a coroutine of its own whenever the file is replaced.
-- expect: timeout no answer by the deadline
local check = virgo.check {
  name = "hostile.yields_across_reload",
  metrics = { { name = "hostile.value" } },
}
function check:handover() while true do end end
function check:collect(run)
  local inside = coroutine.wrap(function()
    while true do pcall(virgo.sleep, 0.01) end
  end)
  while true do pcall(inside) end
end
