return { name = "broken.declares_nothing", collect = function() end }
