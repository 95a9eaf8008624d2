-- Replaces for ever, with a function.
-- expect: limit stopped after
local check = virgo.check {
  name = "hostile.endless_gsub",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  while true do
    pcall(string.gsub, "hello world", "%w+", function(word) return word .. word end)
  end
end
