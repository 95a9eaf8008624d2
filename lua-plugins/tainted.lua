-- virgo.tainted: whether the kernel still vouches for itself.
-- One value from one small file: the shortest complete check.

local check = virgo.check {
  name = "virgo.tainted",
  summary = "The kernel's taint flags: foreign modules, machine checks, oopses",
  api = 1,
  needs = { read = { "/proc/sys/kernel/tainted" } },
  metrics = {
    { name = "virgo.kernel.tainted", unit = "1", kind = "gauge", type = "f64",
      help = "Sum of the flags of /proc/sys/kernel/tainted; 0 is untainted" },
  },
}

function check:collect(run)
  local text = assert(virgo.fs.read("/proc/sys/kernel/tainted"))
  local flags = tonumber(text)
  if not flags then error("/proc/sys/kernel/tainted holds " .. text) end
  run:emit("virgo.kernel.tainted", flags)
end

return check
