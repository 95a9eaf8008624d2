-- Inserts at -2^31, from where every element would be moved.
-- expect: failed position out of bounds
local check = virgo.check {
  name = "hostile.insert_far_away",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  table.insert({}, -2 ^ 31, "x")
end
