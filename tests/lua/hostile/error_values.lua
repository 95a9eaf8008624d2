-- Raises errors that are no texts, a different one in each run.
-- expect: failed raised an error that is a
local check = virgo.check { name = "hostile.error_values", metrics = { { name = "hostile.value" } } }
local values = { {}, print, true, setmetatable({}, { __tostring = function() error("again") end }), 42 }
function check:collect(run)
  error(values[run.number % 6 + 1])
end
