-- Writes a small table that holds itself twice, thirty times over.
-- expect: failed json: the text would have more than
local check = virgo.check { name = "hostile.json_dag", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local t = {}
  for _ = 1, 30 do t = { t, t } end
  virgo.json.encode(t)
end
