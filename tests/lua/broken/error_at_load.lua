-- Raises an error while it is loaded.
local nothing
local check = virgo.check { name = nothing.name }
