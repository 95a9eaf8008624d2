-- Never comes back, and swallows every error.
local check = virgo.check { name = "evil.endless_pcall", metrics = { { name = "evil.value" } } }
function check:collect()
  while true do pcall(function() while true do end end) end
end
