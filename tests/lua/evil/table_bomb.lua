-- A table that grows for ever, and outlives the run.
local check = virgo.check { name = "evil.table_bomb", metrics = { { name = "evil.value" } } }
local keep = {}
function check:collect()
  for i = 1, 1e9 do keep[#keep + 1] = { ("x"):rep(1000) .. i } end
end
