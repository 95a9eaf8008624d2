-- Raises an error in each run.
local check = virgo.check { name = "evil.error_in_collect", metrics = { { name = "evil.value" } } }
local function inner() error("broken on purpose") end
function check:collect() inner() end
