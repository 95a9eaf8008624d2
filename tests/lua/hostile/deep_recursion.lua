-- Recurses without end, also through gsub, which holds a buffer on the C stack.
-- expect: failed stack overflow
local check = virgo.check { name = "hostile.deep_recursion", metrics = { { name = "hostile.value" } } }
function check:collect()
  local function gsub() return (("a"):gsub("a", gsub)) end
  assert(not pcall(gsub))
  local function wrap() return coroutine.wrap(wrap)() end
  assert(not pcall(wrap))
  local function plain() return 1 + plain() end
  return plain()
end
