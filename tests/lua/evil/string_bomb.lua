-- Asks for 1 GiB at once, then doubles.
local check = virgo.check { name = "evil.string_bomb", metrics = { { name = "evil.value" } } }
function check:collect()
  pcall(string.rep, "x", 1024 * 1024 * 1024)
  local s = "x"
  while true do s = s .. s end
end
