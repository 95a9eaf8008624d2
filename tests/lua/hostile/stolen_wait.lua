-- One function goes on with a coroutine that waits for another one.
-- expect: ok
local check = virgo.check { name = "hostile.stolen_wait", metrics = { { name = "hostile.value" } } }
function check:collect(run)
  local waits = coroutine.create(function()
    for _ = 1, 3 do virgo.sleep(0.001) end
    return setmetatable({}, { __index = function() virgo.sleep(0.001) end }).x
  end)
  local function steal() return coroutine.resume(waits, virgo, nil, 7) end
  for _ = 1, 10 do virgo.parallel { steal, steal, steal } end
  local looping = setmetatable({}, { __add = function() virgo.sleep(0.001) return 1 end })
  assert(pcall(function() return looping + 1 end))
  assert(select(2, xpcall(function() virgo.sleep(0.001) error("x") end,
    function() return pcall(virgo.sleep, 0.001) end)) ~= nil)
  virgo.sleep(0.001)
  run:emit("hostile.value", 1)
end
