-- A replacement that makes a thousandfold of its subject.
-- expect: limit reached its memory cap
local check = virgo.check {
  name = "hostile.replacement_bomb",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local found = ("x"):rep(1e5):gsub("x", ("y"):rep(1e4))
end
