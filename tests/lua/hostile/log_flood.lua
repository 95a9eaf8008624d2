-- Writes into the log as fast as it can.
-- expect: ok
local check = virgo.check { name = "hostile.log_flood", metrics = { { name = "hostile.value" } } }
function check:collect()
  for i = 1, 10000 do virgo.log.warn("line " .. i .. "\nforged") end
end
