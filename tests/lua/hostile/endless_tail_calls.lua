-- Calls itself for ever; tail calls need no stack.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_tail_calls",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local function again(n) return again(n + 1) end
  return again(0)
end
