-- Writes into the log as fast as it can.
local check = virgo.check { name = "evil.log_flood", metrics = { { name = "evil.value" } } }
function check:collect()
  for i = 1, 10000 do virgo.log.warn("line " .. i .. "\nforged") end
end
