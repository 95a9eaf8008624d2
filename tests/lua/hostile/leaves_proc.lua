-- Goes out of /proc by a link that stands for what a process has open.
-- expect: failed leads to /etc/passwd, which is not among the needs of this check
local check = virgo.check {
  name = "hostile.leaves_proc", needs = { read = { "/proc/" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local own = "/proc/self/"
  assert(virgo.fs.read(own .. "stat"))
  assert(not virgo.fs.list(own .. "cwd") and not virgo.fs.stat(own .. "root/etc"))
  assert(virgo.fs.read(own .. "root/etc/passwd", 2 ^ 20))
end
