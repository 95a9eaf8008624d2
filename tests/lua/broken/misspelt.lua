local check = virgo.check {
  name = "broken.misspelt",
  params = { port = { tpye = "int" } },
  metrics = { { name = "broken.value" } },
}
function check:collect() end
