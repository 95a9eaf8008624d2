-- Sorts 20,000 references to one long text.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_sort",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local long, t = ("x"):rep(2e5), {}
  for i = 1, 2e4 do t[i] = long end
  table.sort(t)
end
