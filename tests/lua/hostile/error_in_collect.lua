-- Raises an error in each run.
-- expect: failed broken on purpose
local check = virgo.check { name = "hostile.error_in_collect", metrics = { { name = "hostile.value" } } }
local function inner() error("broken on purpose") end
function check:collect() inner() end
