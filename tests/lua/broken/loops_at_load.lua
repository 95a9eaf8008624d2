-- Never comes back from being loaded.
while true do end
