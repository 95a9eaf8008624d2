-- COUNT timers, in waves of a thousand: half fire, half are cleared. After each tenth
-- part a line with the memory.
local timer, uv = require('timer'), require('uv')
local COUNT, WAVE = tonumber(process.argv[2]), 1000

local function report(done)
  collectgarbage()
  collectgarbage()
  print(done, uv.resident_set_memory(), collectgarbage('count') * 1024)
  io.stdout:flush()
end

local done = 0
local function wave()
  local waiting = WAVE / 2
  for i = 1, WAVE do
    local id = timer.setTimeout(1 + i % 5, function()
      waiting = waiting - 1
      if waiting > 0 then return end
      done = done + WAVE
      if done % math.max(WAVE, math.floor(COUNT / 10 / WAVE) * WAVE) == 0 then report(done) end
      if done < COUNT then wave() end
    end)
    if i % 2 == 0 then timer.clearTimeout(id) end
  end
end
wave()
process:on('exit', function()
  local open = 0
  uv.walk(function() open = open + 1 end)
  print('open', open)
end)
