-- Reads a hundred files at once, each as large as it may be.
-- expect: limit virgo.fs.read: what this run waits for would hold more than 32MiB together
local check = virgo.check {
  name = "hostile.read_flood", needs = { read = { "/etc/hostname" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local all = {}
  for i = 1, 50 do all[i] = function() assert(virgo.fs.read("/etc/hostname", 2 ^ 21)) end end
  for _, one in ipairs(virgo.parallel(all)) do
    if not one.ok and tostring(one.error):find("hold more") then error(one.error) end
  end
end
