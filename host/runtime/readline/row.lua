-- A line on a terminal, drawn: on one row, which scrolls sideways where it is too long.
local core = require('core')
local width = require('readline/width')

local sub = string.sub

--- A line as it is seen on a terminal.
---@class Row: Object
---@field line string
---@field position integer the byte before which the cursor is, from 1
---@field prompt string what is before the line
---@field stdout any where it is drawn
local Row = core.Object:extend()

function Row:_columns()
  local columns = self.stdout.get_winsize and self.stdout:get_winsize()
  return type(columns) == 'number' and columns >= 4 and columns or 80
end

-- A character as it is shown.
local function shown(character, code)
  if not code then return '\239\191\189' end
  if code == 10 then return '\226\134\181', 1 end
  if code < 32 then return '^' .. string.char(code + 64) end
  if code == 127 then return '^?' end
  if code < 160 and code > 127 then return '^' .. string.char(code - 64) end
  return character
end

-- The columns of the line between two places.
function Row:_span(from, to)
  local total, at = 0, from
  while at < to do
    local code, next_at = width.decode(self.line, at)
    total = total + (code == 10 and 1 or width.columns(code))
    at = next_at
  end
  return total
end

-- The first place from which no more than `room` columns are left to `to`.
function Row:_back(to, room)
  local at, used = to, 0
  while at > 1 do
    local previous = width.before(self.line, at)
    used = used + self:_span(previous, at)
    if used > room then break end
    at = previous
  end
  return at
end

-- Whether all of the line has room.
function Row:_fits(room)
  local used, at = 0, 1
  while at <= #self.line and used < room do
    local next_at = width.after(self.line, at)
    used, at = used + self:_span(at, next_at), next_at
  end
  return used < room
end

-- Keeps the cursor in sight: the first byte shown is moved if it is not.
function Row:_follow(room)
  if self.scroll >= self.position then -- some of what is left of the cursor is always seen
    self.scroll = self:_back(self.position, math.floor(room / 2))
  end
  self.scroll = math.max(self.scroll, self:_back(self.position, room - 1))
  if self:_fits(room) then self.scroll = 1 end
end

--- Draws the row anew.
function Row:refreshLine()
  local columns = self:_columns()
  local room = columns - self.promptWidth
  local prompt, promptWidth = self.prompt, self.promptWidth
  if room < 4 then -- a prompt wider than the terminal is left out
    prompt, promptWidth, room = '', 0, columns
  end
  self:_follow(room)
  local parts, used, at, cursor = {}, 0, self.scroll, 0
  while at <= #self.line do
    if at == self.position then cursor = used end
    local code, next_at = width.decode(self.line, at)
    local wide = code == 10 and 1 or width.columns(code)
    if used + wide > room - 1 then break end
    parts[#parts + 1] = shown(sub(self.line, at, next_at - 1), code)
    used, at = used + wide, next_at
  end
  if at == self.position then cursor = used end
  local column = promptWidth + cursor
  self.stdout:write('\r' .. prompt .. table.concat(parts) .. '\27[0K\r' ..
    (column > 0 and '\27[' .. column .. 'C' or ''))
end

--- Shows a text above the row that is edited.
---@param text string
function Row:insertAbove(text)
  self.stdout:write('\r\27[0K' .. text:gsub('\r?\n', '\r\n') .. '\r\n')
  self:refreshLine()
end

function Row:beep()
  self.stdout:write('\7')
end

function Row:clearScreen()
  self.stdout:write('\27[H\27[2J')
  self:refreshLine()
end

return Row
