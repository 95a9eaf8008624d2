-- Asks for 1 GiB at once, then doubles.
-- expect: limit reached its memory cap
local check = virgo.check { name = "hostile.string_bomb", metrics = { { name = "hostile.value" } } }
function check:collect()
  pcall(string.rep, "x", 1024 * 1024 * 1024)
  local s = "x"
  while true do s = s .. s end
end
