-- Has a shell run what was not permitted.
-- expect: failed virgo.exec: BASH_ENV can make a program run something else
local check = virgo.check {
  name = "hostile.steers_program", needs = { exec = { "/bin/bash" } },
  metrics = { { name = "hostile.value" } },
}
function check:collect(run)
  local function env(variables) return pcall(virgo.exec, { "/bin/bash", env = variables }) end
  for _, name in ipairs { "PATH", "LD_PRELOAD", "BASH_FUNC_x%%", "PERL5OPT", "LD_A=B", "" } do
    assert(not env { [name] = "x" }, name)
  end
  assert(virgo.exec { "/bin/bash", "-c", "true", env = { BASH_ENV = "$(id >&2)" } })
end
