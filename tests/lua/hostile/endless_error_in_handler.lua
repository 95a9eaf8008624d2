-- Raises errors in the handler of errors, for ever.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_error_in_handler",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  while true do xpcall(error, function() error("again") end) end
end
