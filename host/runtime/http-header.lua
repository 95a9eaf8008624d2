--- Header fields as a table: an ordered list of {name, value} pairs that is also read and
--- written by name, in any case.
---
--- `headers['content-type']` gives the value of the last field of that name; assigning
--- replaces all of that name, nil removes them; a list of values becomes a field each.
--- `for i = 1, #headers` goes over the pairs, pairs() over names (small letters) and values.

local lower = string.lower

local module = {}

local headerMeta = {}
--- The metatable of header tables.
---@type table
module.headerMeta = headerMeta

function headerMeta.__index(self, name)
  if type(name) ~= 'string' then
    return nil
  end
  name = lower(name)
  local found
  for i = 1, #self do
    local pair = self[i]
    if lower(pair[1]) == name then
      found = pair[2]
    end
  end
  return found
end

local function remove(self, name)
  local kept = 0
  for i = 1, #self do
    local pair = self[i]
    if lower(pair[1]) ~= name then
      kept = kept + 1
      rawset(self, kept, pair)
    end
  end
  for i = #self, kept + 1, -1 do
    rawset(self, i, nil)
  end
end

function headerMeta.__newindex(self, name, value)
  if type(name) ~= 'string' then
    return rawset(self, name, value)
  end
  local lowered = lower(name)
  if value ~= nil and type(value) ~= 'table' then
    -- The first of that name keeps its place.
    for i = 1, #self do
      if lower(self[i][1]) == lowered then
        local at = self[i]
        local copy = { name, value }
        for j = i + 1, #self do
          if lower(self[j][1]) == lowered then
            remove(self, lowered)
            rawset(self, #self + 1, copy)
            return
          end
        end
        at[1], at[2] = name, value
        return
      end
    end
    return rawset(self, #self + 1, { name, value })
  end
  remove(self, lowered)
  for i = 1, value and #value or 0 do
    rawset(self, #self + 1, { name, value[i] })
  end
end

-- Names and values; a name that is there several times comes once, with the last value.
function headerMeta.__pairs(self)
  local seen, i = {}, 0
  return function()
    i = i + 1
    while self[i] do
      local name = lower(self[i][1])
      if not seen[name] then
        seen[name] = true
        return name, self[name]
      end
      i = i + 1
    end
  end
end

--- An empty header table.
---@return table headers
function module.newHeaders()
  return setmetatable({}, headerMeta)
end

--- Makes a header table of a list of pairs, or of fields by name, or of both. The table
--- itself is changed when it holds pairs only.
---@param given table|nil
---@return table headers
function module.toHeaders(given)
  if given == nil then
    return module.newHeaders()
  elseif getmetatable(given) == headerMeta then
    return given
  end
  local names
  for name in next, given do
    if type(name) == 'string' then
      names = names or {}
      names[#names + 1] = name
    end
  end
  if not names then
    return setmetatable(given, headerMeta)
  end
  local made = module.newHeaders()
  for i = 1, #given do
    rawset(made, i, given[i])
  end
  table.sort(names)
  for i = 1, #names do
    made[names[i]] = given[names[i]]
  end
  return made
end

--- A new table with the fields of both; of a name in both those of `second` stand.
---@param first table|nil
---@param second table|nil
---@return table headers
function module.combineHeaders(first, second)
  local made = module.newHeaders()
  local over = module.toHeaders(second)
  local base = module.toHeaders(first)
  for i = 1, #base do
    if over[base[i][1]] == nil then
      rawset(made, #made + 1, { base[i][1], base[i][2] })
    end
  end
  for i = 1, #over do
    rawset(made, #made + 1, { over[i][1], over[i][2] })
  end
  return made
end

--- The pairs of a table that holds them beside other things, such as the head that
--- http-codec gives.
---@param from table
---@return table headers
function module.getHeaders(from)
  local made = module.newHeaders()
  for i = 1, #from do
    if type(from[i]) == 'table' then
      rawset(made, #made + 1, { from[i][1], from[i][2] })
    end
  end
  return made
end

return module
