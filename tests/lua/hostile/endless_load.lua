-- Compiles for ever; each source is slow to compile.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_load",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local names = {}
  for i = 1, 190 do names[i] = "n" .. i end
  local level = "return function() local " .. table.concat(names, ",") .. " "
  local source = level:rep(40) .. ("x=y "):rep(4000) .. ("end "):rep(40)
  while true do load(source) end
end
