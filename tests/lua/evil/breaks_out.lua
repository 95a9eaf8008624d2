-- Looks for a way out of the sandbox.
local check = virgo.check { name = "evil.breaks_out", metrics = { { name = "evil.value" } } }
function check:collect(run)
  assert(not (io or debug or ffi or jit or package or require or newproxy or dofile))
  assert(not os.execute and not os.getenv and not os.exit and not string.dump)
  assert(load("\27LJ\2\2\0\0") == nil)
  assert(getmetatable(run) == false and getmetatable(_G) == false)
  assert(not pcall(function() run.emit(nil, "evil.value", 1) end))
  assert(not pcall(function() run.emit({}, "evil.value", 1) end))
  assert(not pcall(virgo.check, { name = "late" }))
  getmetatable("").__index = function() error("no strings today") end
  error = nil; tostring = nil; setmetatable = nil; virgo.log = nil
  run:emit("evil.value", 1)
end
