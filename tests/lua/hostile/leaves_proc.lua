-- Goes out of /proc by a link that stands for what a process has open.
-- expect: failed leads to /etc/passwd, which is not among the needs of this check
local check = virgo.check {
  name = "hostile.leaves_proc", needs = { read = { "/proc/" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  assert(virgo.fs.read("/proc/self/stat"))
  local self_root = "/proc/self/" .. "root"
  assert(not virgo.fs.list("/proc/self/cwd") and not virgo.fs.stat(self_root .. "/etc"))
  assert(virgo.fs.read(self_root .. "/etc/passwd", 2 ^ 20))
end
