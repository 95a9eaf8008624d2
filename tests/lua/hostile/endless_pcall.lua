-- Never comes back, and swallows every error.
-- expect: limit stopped after
local check = virgo.check { name = "hostile.endless_pcall", metrics = { { name = "hostile.value" } } }
function check:collect()
  while true do pcall(function() while true do end end) end
end
