-- Reaches for the metatable that all texts share.
-- expect: failed attempt to index
local check = virgo.check {
  name = "hostile.string_metatable",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  getmetatable("").__index = function() error("no strings today") end
end
