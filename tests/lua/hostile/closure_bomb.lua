-- A chain of closures without end.
-- expect: limit reached its memory cap
local check = virgo.check {
  name = "hostile.closure_bomb",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local keep
  while true do
    local last = keep
    keep = function() return last end
  end
end
