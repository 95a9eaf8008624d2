-- Recurses without end, also through gsub, which holds a buffer on the C stack.
local check = virgo.check { name = "evil.recursion", metrics = { { name = "evil.value" } } }
function check:collect()
  local function gsub() return (("a"):gsub("a", gsub)) end
  assert(not pcall(gsub))
  local function wrap() return coroutine.wrap(wrap)() end
  assert(not pcall(wrap))
  local function plain() return 1 + plain() end
  return plain()
end
