-- A table that grows for ever, and outlives the run.
-- expect: limit reached its memory cap
local check = virgo.check { name = "hostile.table_bomb", metrics = { { name = "hostile.value" } } }
local keep = {}
function check:collect()
  for i = 1, 1e9 do keep[#keep + 1] = { ("x"):rep(1000) .. i } end
end
