-- What was typed before: a list of lines, the oldest first, of bounded length.
local core = require('core')

-- A line that was pasted may have several; in a file an entry is one line.
local NEWLINE_IN_ENTRY = '\r'
local DEFAULT_LENGTH = 1000
-- Longer entries are not worth keeping in a file.
local MAX_ENTRY = 64 * 1024

---@class History: Object
---@field length integer how many lines are kept at most
local History = core.Object:extend()

---@param length? integer how many lines are kept at most; default 1000
function History:initialize(length)
  self.length = length or DEFAULT_LENGTH
end

--- Adds a line. Empty lines and a repetition of the last one are left out, and the oldest go when there are too many.
---@param line string
---@return boolean added
function History:add(line)
  if type(line) ~= 'string' then
    error('History:add: the line must be a string, not ' .. type(line), 2)
  end
  if line == '' or line == self[#self] or #line > MAX_ENTRY then return false end
  self[#self + 1] = line
  self:_trim()
  return true
end

--- Puts a line in the place of the newest one.
---@param line string
function History:updateLastLine(line)
  self[math.max(#self, 1)] = line
end

--- Bounds the number of lines; what is too much is dropped at once, the oldest first.
---@param length integer
function History:setMaxLength(length)
  if type(length) ~= 'number' or length < 0 then
    error('History:setMaxLength: the length must be a number from 0', 2)
  end
  self.length = math.floor(length)
  self:_trim()
end

function History:_trim()
  local surplus = #self - self.length
  if surplus <= 0 then return end
  local count = #self
  for i = 1, count do self[i] = self[i + surplus] end
end

--- Replaces the lines by those of a text, as `dump` gives it.
---@param text string
function History:load(text)
  for i = #self, 1, -1 do self[i] = nil end
  for line in text:gmatch('[^\n]+') do
    if #line <= MAX_ENTRY then self[#self + 1] = (line:gsub(NEWLINE_IN_ENTRY, '\n')) end
  end
  self:_trim()
end

--- All lines as one text, to be stored.
---@return string text
function History:dump()
  local lines = {}
  for i = 1, #self do lines[i] = self[i]:gsub('\n', NEWLINE_IN_ENTRY) end
  return table.concat(lines, '\n')
end

return History
