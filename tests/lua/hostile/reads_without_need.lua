-- Reads what it did not ask for.
-- expect: failed virgo.fs.read: /etc/shadow is not among the needs of this check
local check = virgo.check {
  name = "hostile.reads_without_need",
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  virgo.fs.read("/etc/shadow")
end
