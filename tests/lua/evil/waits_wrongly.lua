-- Waits where that cannot be.
local check = virgo.check { name = "evil.waits_wrongly", metrics = { { name = "evil.value" } } }
function check:collect()
  table.sort({ 3, 1, 2 }, function(a, b) virgo.sleep(1) return a < b end)
end
