-- One line on a terminal, edited in place: what is typed changes the line, and the row
-- is drawn anew.
local core = require('core')
local Row = require('readline/row')
local width = require('readline/width')
local keys = require('readline/keys')
local History = require('readline/history')
local terminal = require('native.terminal')

local sub = string.sub

local PASTE_ON, PASTE_OFF = '\27[?2004h', '\27[?2004l'
-- What is typed beyond this is refused with a beep.
local MAX_LINE = 1024 * 1024
-- More candidates than this are counted instead of listed.
local MAX_LISTED = 200

--- Edits one line. `position` is the byte before which the cursor is, from 1.
---@class Editor: Row
---@field history History
---@field stdin any where keys come from
---@field completionCallback? fun(before: string): string|string[]|nil, integer?
local Editor = Row:extend()

--- Options: `stdin`, `stdout` (handles of uv, or anything with their methods), `history`, `completionCallback` (gets
--- the text before the cursor; gives what to put in its place, or a list of candidates for its end and the byte where
--- that end begins), `wordPattern` (a pattern for the characters of a word, default `[%w_]`).
---@param options table
function Editor:initialize(options)
  options = options or {}
  self.stdin, self.stdout = options.stdin, options.stdout
  self.history = options.history or History:new()
  self.completionCallback = options.completionCallback
  self.wordPattern = options.wordPattern or '[%w_]'
  self.prompt = ''
  self.killed = ''
  self.pending = ''
  self:_begin('')
end

function Editor:_begin(prompt)
  self.prompt, self.promptWidth = prompt, width.width((prompt:gsub('\27%[[%d;]*m', '')))
  self.line, self.position, self.scroll = '', 1, 1
  self.historyIndex, self.draft = #self.history + 1, ''
  self.lastKey, self.pasting = nil, false
end

-- ---- changing

-- Replaces the bytes [from, to) and leaves the cursor after what is new.
function Editor:_replace(from, to, text)
  if #self.line - (to - from) + #text > MAX_LINE then return self:beep() end
  self.line = sub(self.line, 1, from - 1) .. text .. sub(self.line, to)
  self.position = from + #text
  self:refreshLine()
end

--- Puts a text at the cursor.
---@param text string
function Editor:insert(text)
  self:_replace(self.position, self.position, text)
end

function Editor:moveLeft()
  self.position = width.before(self.line, self.position)
  self:refreshLine()
end

function Editor:moveRight()
  self.position = width.after(self.line, self.position)
  self:refreshLine()
end

function Editor:moveHome()
  self.position = 1
  self:refreshLine()
end

function Editor:moveEnd()
  self.position = #self.line + 1
  self:refreshLine()
end

--- Deletes the character before the cursor.
function Editor:backspace()
  if self.position == 1 then return self:beep() end
  -- Marks go one by one, the last first, as they were typed.
  self:_replace(width.before(self.line, self.position), self.position, '')
end

--- Deletes the character under the cursor.
function Editor:deleteKey()
  if self.position > #self.line then return self:beep() end
  self:_replace(self.position, width.after(self.line, self.position), '')
end
Editor.deleteChar = Editor.deleteKey

function Editor:_isWord(at)
  local character = sub(self.line, at, at)
  return character:byte() and (character:byte() >= 128 or character:find(self.wordPattern) ~= nil)
end

function Editor:_wordLeft()
  local at = self.position
  while at > 1 and not self:_isWord(width.before(self.line, at)) do at = width.before(self.line, at) end
  while at > 1 and self:_isWord(width.before(self.line, at)) do at = width.before(self.line, at) end
  return at
end

function Editor:_wordRight()
  local at = self.position
  while at <= #self.line and not self:_isWord(at) do at = width.after(self.line, at) end
  while at <= #self.line and self:_isWord(at) do at = width.after(self.line, at) end
  return at
end

--- Moves to the beginning of the word before the cursor.
function Editor:jumpLeft()
  self.position = self:_wordLeft()
  self:refreshLine()
end

--- Moves behind the end of the next word.
function Editor:jumpRight()
  self.position = self:_wordRight()
  self:refreshLine()
end

-- Takes away [from, to) for a later yank. What is killed in a row is kept together.
function Editor:_kill(from, to)
  if from == to then return self:beep() end
  local text = sub(self.line, from, to - 1)
  if not self.killing then
    self.killed = text
  elseif from < self.position then
    self.killed = text .. self.killed
  else
    self.killed = self.killed .. text
  end
  self.killNow = true
  self:_replace(from, to, '')
end

--- Kills from the cursor to the end.
function Editor:deleteEnd()
  self:_kill(self.position, #self.line + 1)
end

--- Kills from the beginning to the cursor.
function Editor:deleteLine()
  self:_kill(1, self.position)
end

--- Kills the blank-separated word before the cursor.
function Editor:deleteWord()
  local at = self.position
  while at > 1 and self.line:find('^%s', at - 1) do at = at - 1 end
  while at > 1 and self.line:find('^%S', at - 1) do at = at - 1 end
  self:_kill(at, self.position)
end

function Editor:deleteWordLeft()
  self:_kill(self:_wordLeft(), self.position)
end

function Editor:deleteWordRight()
  self:_kill(self.position, self:_wordRight())
end

--- Puts what was killed last at the cursor.
function Editor:yank()
  if self.killed == '' then return self:beep() end
  self:insert(self.killed)
end

--- Exchanges the two characters around the cursor; at the end, the two before it.
function Editor:swap()
  local middle = self.position
  if middle > #self.line then middle = width.before(self.line, middle) end
  if middle == 1 then return self:beep() end
  local from, to = width.before(self.line, middle), width.after(self.line, middle)
  self:_replace(from, to, sub(self.line, middle, to - 1) .. sub(self.line, from, middle - 1))
end

--- Goes `delta` lines in the history: -1 is the one before. What was typed is kept as the last one.
---@param delta integer
function Editor:getHistory(delta)
  local index = self.historyIndex + delta
  if index < 1 or index > #self.history + 1 then return self:beep() end
  if self.historyIndex == #self.history + 1 then self.draft = self.line end
  self.historyIndex = index
  self.line = self.history[index] or self.draft
  self:moveEnd()
end

-- ---- completion

local function common_prefix(words)
  local prefix = words[1]
  for _, word in ipairs(words) do
    local same = 0
    while same < #prefix and prefix:byte(same + 1) == word:byte(same + 1) do same = same + 1 end
    prefix = sub(prefix, 1, same)
  end
  return prefix
end

-- In columns, as wide as the terminal allows.
function Editor:_list(words)
  if #words > MAX_LISTED then return self:insertAbove(#words .. ' possibilities') end
  local widest, rows = 0, {}
  for _, word in ipairs(words) do widest = math.max(widest, width.width(word)) end
  local per_row = math.max(1, math.floor((self:_columns() - 1) / (widest + 2)))
  local lines = math.ceil(#words / per_row)
  for index, word in ipairs(words) do
    local row = (index - 1) % lines + 1
    local padding = index + lines <= #words and (' '):rep(widest + 2 - width.width(word)) or ''
    rows[row] = (rows[row] or '') .. word .. padding
  end
  self:insertAbove(table.concat(rows, '\n'))
end

--- Completes what is before the cursor: as far as all candidates agree; the second time in a row they are listed.
function Editor:complete()
  if not self.completionCallback then return self:beep() end
  local before = sub(self.line, 1, self.position - 1)
  local found, from = self.completionCallback(before)
  if type(found) == 'string' then return self:_replace(1, self.position, found) end
  if type(found) ~= 'table' or #found == 0 then return self:beep() end
  from = from or self:_wordLeft()
  local prefix = common_prefix(found)
  if #prefix > self.position - from or (#found == 1 and prefix ~= sub(before, from)) then
    return self:_replace(from, self.position, prefix)
  end
  if #found == 1 then return end
  if self.lastKey == 'tab' then return self:_list(found) end
  self:beep()
end

-- ---- keys

local function finish_line(self)
  self:moveEnd()
  self.history:add(self.line)
  return self.line
end

-- A key does something to the editor; a value it returns is what the line ends with.
local BINDINGS = {
  enter = finish_line,
  tab = Editor.complete,
  ['ctrl-a'] = Editor.moveHome, home = Editor.moveHome,
  ['ctrl-e'] = Editor.moveEnd, ['end'] = Editor.moveEnd,
  ['ctrl-b'] = Editor.moveLeft, left = Editor.moveLeft,
  ['ctrl-f'] = Editor.moveRight, right = Editor.moveRight,
  ['alt-b'] = Editor.jumpLeft, ['ctrl-left'] = Editor.jumpLeft, ['alt-left'] = Editor.jumpLeft,
  ['alt-f'] = Editor.jumpRight, ['ctrl-right'] = Editor.jumpRight, ['alt-right'] = Editor.jumpRight,
  backspace = Editor.backspace, delete = Editor.deleteKey,
  ['ctrl-k'] = Editor.deleteEnd, ['ctrl-u'] = Editor.deleteLine, ['ctrl-w'] = Editor.deleteWord,
  ['alt-backspace'] = Editor.deleteWordLeft, ['alt-d'] = Editor.deleteWordRight,
  ['ctrl-y'] = Editor.yank, ['ctrl-t'] = Editor.swap, ['ctrl-l'] = Editor.clearScreen,
  ['ctrl-p'] = function(self) self:getHistory(-1) end,
  ['ctrl-n'] = function(self) self:getHistory(1) end,
  paste = function(self) self.pasting = '' end,
  ['ctrl-c'] = function(self)
    self:moveEnd()
    self.stdout:write('^C')
    return false, 'SIGINT in readLine'
  end,
  ['ctrl-d'] = function(self)
    if self.line == '' then return false, 'EOF in readLine' end
    self:deleteKey()
  end,
  ['ctrl-z'] = function(self) self:_suspend() end,
}
BINDINGS.up, BINDINGS.down = BINDINGS['ctrl-p'], BINDINGS['ctrl-n']
Editor.keyHandlers = BINDINGS

-- The text of a paste, up to its end; false while that has not come.
function Editor:_readPaste(bytes, at)
  self.pasting = self.pasting .. sub(bytes, at)
  local stop, after = self.pasting:find(keys.PASTE_END, 1, true)
  if not stop then
    if #self.pasting > MAX_LINE + #keys.PASTE_END then -- keeps what may be the end's beginning
      self.pasting = sub(self.pasting, 1, MAX_LINE) .. sub(self.pasting, -#keys.PASTE_END)
    end
    return false
  end
  local text, rest = sub(self.pasting, 1, stop - 1), sub(self.pasting, after + 1)
  self.pasting = false
  self:insert((text:gsub('\r\n?', '\n'):gsub('\27', '')))
  return rest
end

-- Printable characters that follow each other are inserted, and drawn, at once.
local function run_of_text(bytes, at)
  local _, stop = bytes:find('^[\32-\126]+', at)
  return stop
end

--- What the terminal sent. The line's end: the line, or false and the reason ("EOF in readLine", "SIGINT in readLine");
--- nothing while it goes on. Bytes after the line's end are kept for the next one.
---@param bytes string
---@return string|false|nil line
---@return string? reason
function Editor:onKey(bytes)
  bytes = self.pending .. bytes
  self.pending = ''
  local at = 1
  while at <= #bytes do
    if self.pasting then
      bytes, at = self:_readPaste(bytes, at), 1
      if not bytes then return end
    else
      local stop = run_of_text(bytes, at)
      if stop then
        self:insert(sub(bytes, at, stop))
        at, self.lastKey, self.killing = stop + 1, nil, false
      else
        local name, text, next_at = keys.read(bytes, at)
        if not next_at then break end
        at = next_at
        local line, reason = self:_press(name, text)
        if line ~= nil then
          self.pending = sub(bytes, at)
          return line, reason
        end
      end
    end
  end
  self.pending = sub(bytes, at)
end

function Editor:_press(name, text)
  self.killNow = false
  local line, reason
  if text then
    self:insert(text)
  elseif BINDINGS[name] then
    line, reason = BINDINGS[name](self)
  end
  self.lastKey, self.killing = name, self.killNow
  return line, reason
end

-- ---- reading

-- Stops the process group as ctrl-z does elsewhere; goes on where it was.
function Editor:_suspend()
  if not self.reading then return end
  local uv = require('uv')
  self:_mode(0)
  uv.kill(0, 'sigtstp')
  self:_mode(1)
  self:refreshLine()
end

function Editor:_mode(mode)
  local stdout = self.stdout
  local fd = type(stdout) == 'userdata' and stdout:fileno() or stdout.isTTY and stdout.fd
  if mode == 1 then
    if fd then terminal.guard(fd, '\r\n' .. PASTE_OFF) end
    self.stdin:set_mode(1)
    self.stdout:write(PASTE_ON)
  else
    self.stdout:write(PASTE_OFF)
    self.stdin:set_mode(0)
    if fd then terminal.guard(fd, nil) end
  end
end

--- Reads a line: shows the prompt and edits until it ends. The callback gets `err`, or the line, or false and the
--- reason. The terminal is in raw mode only meanwhile.
---@param prompt string
---@param callback fun(err: Error?, line: string|false|nil, reason: string?)
function Editor:readLine(prompt, callback)
  if self.reading then error('Editor:readLine: a line is being read already', 2) end
  local stdin = self.stdin
  self.reading = true
  self:_begin(prompt)
  local ended = false
  local function finish(err, line, reason)
    if ended then return end
    ended, self.reading, self.cancel = true, false, nil
    stdin:read_stop()
    self.stdout:write('\r\n')
    self:_mode(0)
    callback(err, line, reason)
  end
  self.cancel = finish
  self:_mode(1)
  self:refreshLine()
  local line, reason = self:onKey('') -- what was typed ahead
  if line ~= nil then return finish(nil, line, reason) end
  stdin:read_start(function(err, bytes)
    if err then
      -- A terminal that went away says EIO.
      if tostring(err):find('EIO') then return finish(nil, false, 'EOF in readLine') end
      return finish(core.Error.fromUv(err, 'read', 'the terminal'))
    end
    if not bytes then return finish(nil, false, 'EOF in readLine') end
    local ok, got, why = xpcall(self.onKey, debug.traceback, self, bytes)
    if not ok then -- a completion that failed; the terminal must not stay raw
      ended, self.reading = true, false
      stdin:read_stop()
      self:_mode(0)
      error(got, 0)
    end
    if got ~= nil then finish(nil, got, why) end
  end)
end

return Editor
