-- Starts what it did not ask for.
-- expect: failed virgo.exec: /bin/sh is not among the needs of this check
local check = virgo.check {
  name = "hostile.exec_without_need",
  needs = { exec = { "/bin/true" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  virgo.exec { "/bin/sh", "-c", "id" }
end
