-- Errors in metamethods, coroutines, sort and gsub callbacks, and in the handler.
-- expect: failed from a callback
local check = virgo.check { name = "hostile.error_in_every_callback", metrics = { { name = "hostile.value" } } }
local function fail() error("from a callback") end
function check:collect(run)
  assert(not pcall(table.sort, { 3, 1, 2 }, fail))
  assert(not pcall(string.gsub, "abc", ".", fail))
  assert(not pcall(coroutine.wrap(fail)))
  assert(not coroutine.resume(coroutine.create(fail)))
  local t = setmetatable({}, { __index = fail, __newindex = fail, __call = fail, __tostring = fail })
  assert(not pcall(function() return t.x end))
  assert(not pcall(tostring, t))
  assert(not xpcall(fail, fail))
  run:emit("hostile.value", 1)
  return t.y
end
