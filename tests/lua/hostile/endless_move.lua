-- Moves elements that are not there.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_move",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  table.move({}, 1, 2 ^ 52, 2)
end
