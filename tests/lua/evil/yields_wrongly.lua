-- Yields to nobody.
local check = virgo.check { name = "evil.yields_wrongly", metrics = { { name = "evil.value" } } }
function check:collect()
  coroutine.yield("anyone?")
end
