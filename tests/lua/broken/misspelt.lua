local check = virgo.check {
  name = "broken.misspelt",
  params = { port = { type = "interger" } },
  metrics = { { name = "broken.value" } },
}
function check:collect() end
