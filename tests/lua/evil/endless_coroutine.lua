-- Never comes back, from a coroutine of its own.
local check = virgo.check { name = "evil.endless_coroutine", metrics = { { name = "evil.value" } } }
function check:collect()
  while true do pcall(coroutine.wrap(function() while true do end end)) end
end
