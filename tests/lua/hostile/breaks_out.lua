-- Looks for a way out of the sandbox.
-- expect: ok
local check = virgo.check { name = "hostile.breaks_out", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  assert(not (io or debug or ffi or jit or package or require or newproxy or dofile))
  assert(not os.execute and not os.getenv and not os.exit and not string.dump)
  assert(load("\27LJ\2\2\0\0") == nil)
  assert(getmetatable(run) == false and getmetatable(_G) == false)
  assert(not pcall(function() run.emit(nil, "hostile.value", 1) end))
  assert(not pcall(function() run.emit({}, "hostile.value", 1) end))
  assert(not pcall(virgo.check, { name = "late" }))
  assert(not (getfenv or setfenv) and getmetatable("") == false)
  assert(not pcall(function() tostring = nil end) and not pcall(rawset, string, "find", nil))
  assert(not pcall(function() virgo.log = nil end) and not pcall(function() virgo.log.warn = nil end))
  assert(not pcall(function() _G.print = nil end) and not pcall(setmetatable, virgo, {}))
  run:emit("hostile.value", 1)
end
