-- Recurses through gsub, which takes some of the C stack each time.
-- expect: failed C stack overflow
local check = virgo.check {
  name = "hostile.gsub_recursion",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local function again() return (("a"):gsub("a", again)) end
  return again()
end
