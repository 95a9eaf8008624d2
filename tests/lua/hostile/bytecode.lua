-- Loads bytecode, which could do anything.
-- expect: failed attempt to load
local check = virgo.check { name = "hostile.bytecode", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local code = assert(load("\27LJ\2\0\0"))
  return code()
end
