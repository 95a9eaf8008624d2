-- Sorts 100,000 references to one long text.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.pathological_sort",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local long, t = ("x"):rep(1e6), {}
  for i = 1, 1e5 do t[i] = long end
  table.sort(t)
end
