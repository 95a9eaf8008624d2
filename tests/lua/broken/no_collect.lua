virgo.check { name = "broken.no_collect", metrics = { { name = "broken.value" } } }
