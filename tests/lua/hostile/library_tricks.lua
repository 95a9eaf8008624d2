-- Puts its own function into a library table.
-- expect: failed string.find cannot be written: string is read-only
local check = virgo.check {
  name = "hostile.library_tricks",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  assert(getmetatable(string) == false and getmetatable(virgo) == false)
  for _, library in ipairs { string, table, math, bit, coroutine, os, virgo, virgo.log, virgo.json, _G } do
    assert(not pcall(rawset, library, "find", error))
    assert(not pcall(setmetatable, library, {}))
    assert(not pcall(function() library.find = error end))
    assert(not pcall(table.insert, library, error))
  end
  string.find = error
end
