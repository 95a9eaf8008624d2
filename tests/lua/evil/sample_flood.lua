-- Emits more than it may.
local check = virgo.check { name = "evil.sample_flood", metrics = { { name = "evil.value" } } }
function check:collect(run)
  for i = 1, 20000 do run:emit("evil.value", i, { n = i }) end
end
