-- Writes into the log as fast as it can.
-- expect: limit lines into the log
local check = virgo.check { name = "hostile.log_flood", metrics = { { name = "hostile.value" } } }
function check:collect()
  for i = 1, 10000 do virgo.log.warn("line " .. i .. "\nforged") end
end
