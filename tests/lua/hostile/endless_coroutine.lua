-- Never comes back, from a coroutine of its own.
-- expect: limit stopped after
local check = virgo.check { name = "hostile.endless_coroutine", metrics = { { name = "hostile.value" } } }
function check:collect()
  while true do pcall(coroutine.wrap(function() while true do end end)) end
end
