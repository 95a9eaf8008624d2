-- Waits where that cannot be.
local check = virgo.check { name = "evil.waits_wrongly", metrics = { { name = "evil.value" } } }
function check:collect()
  ("abc"):gsub(".", function() virgo.sleep(1) end)
end
