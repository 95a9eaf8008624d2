local check = virgo.check { name = "broken.syntax" 
  metrics = {} }
