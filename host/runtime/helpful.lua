--- How alike two names are, for hints such as "did you mean ...?". `string.levenshtein` is
--- there without requiring this module.

local helpful = {}

--- How many characters must be added, removed or replaced to make one text of the other.
---@param a string
---@param b string
---@return integer
function string.levenshtein(a, b)
  if a == b then
    return 0
  end
  local above = {}
  for j = 0, #b do
    above[j] = j
  end
  for i = 1, #a do
    local diagonal, left = i - 1, i
    local char = a:byte(i)
    for j = 1, #b do
      local best = diagonal + (char == b:byte(j) and 0 or 1)
      if left + 1 < best then best = left + 1 end
      if above[j] + 1 < best then best = above[j] + 1 end
      diagonal, above[j - 1], left = above[j], left, best
    end
    above[#b] = left
  end
  return above[#b]
end

helpful.levenshtein = string.levenshtein

--- The name among the keys of a table that is most like a wanted one.
---@param names table<string, any>
---@param wanted string
---@return string|nil name nil if none is alike
function helpful.closest(names, wanted)
  local found, distance = nil, math.max(1, math.floor(#wanted / 3)) + 1
  for name in pairs(names) do
    if type(name) == 'string' and math.abs(#name - #wanted) < distance then
      local this = string.levenshtein(name, wanted)
      if this < distance or (this == distance and found and name < found) then
        found, distance = name, this
      end
    end
  end
  return found
end

return helpful
