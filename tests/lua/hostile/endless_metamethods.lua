-- Never comes back, from a metamethod.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_metamethods",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local t = setmetatable({}, { __index = function(_, k) while true do k = k + 1 end end })
  return t[1]
end
