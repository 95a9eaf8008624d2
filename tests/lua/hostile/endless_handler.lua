-- Never comes back, from an error handler.
-- expect: limit stopped after
local check = virgo.check { name = "hostile.endless_handler", metrics = { { name = "hostile.value" } } }
local function loop() while true do end end
function check:collect()
  while true do xpcall(loop, loop) end
end
