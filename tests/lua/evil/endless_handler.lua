-- Never comes back, from an error handler.
local check = virgo.check { name = "evil.endless_handler", metrics = { { name = "evil.value" } } }
local function loop() while true do end end
function check:collect()
  while true do xpcall(loop, loop) end
end
