-- Catches "not enough memory", and asks again.
-- expect: limit reached its memory cap
local check = virgo.check {
  name = "hostile.catches_out_of_memory",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  while true do pcall(string.rep, "x", 1e9) end
end
