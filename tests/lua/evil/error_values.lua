-- Raises errors that are no texts, a different one in each run.
local check = virgo.check { name = "evil.error_values", metrics = { { name = "evil.value" } } }
local values = { {}, print, true, setmetatable({}, { __tostring = function() error("again") end }), 42 }
function check:collect(run)
  error(values[run.number % 6 + 1])
end
