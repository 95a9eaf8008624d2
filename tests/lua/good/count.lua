-- The cheapest check there is: counts its runs.
local check = virgo.check {
  name = "good.count",
  params = { step = { type = "int", default = 1 } },
  metrics = { { name = "good.count", kind = "counter", type = "i64" } },
}
function check:collect(run)
  self.n = (self.n or 0) + self.step
  run:emit("good.count", self.n)
end
