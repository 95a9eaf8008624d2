-- Reads what it did not ask for.
-- expect: failed 
local check = virgo.check {
  name = "hostile.reads_without_need",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  virgo.fs.read("/etc/shadow")
end
