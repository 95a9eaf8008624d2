-- Waits where that cannot be.
-- expect: failed cannot wait here
local check = virgo.check { name = "hostile.waits_wrongly", metrics = { { name = "hostile.value" } } }
function check:collect()
  ("abc"):gsub(".", function() virgo.sleep(1) end)
end
