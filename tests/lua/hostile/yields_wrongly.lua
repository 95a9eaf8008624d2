-- Yields to nobody.
-- expect: failed coroutine.yield outside
local check = virgo.check { name = "hostile.yields_wrongly", metrics = { { name = "hostile.value" } } }
function check:collect()
  coroutine.yield("anyone?")
end
