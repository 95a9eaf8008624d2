-- What a terminal sends, as keys. Bytes come in pieces of any size.
local width = require('readline/width')

local byte, sub = string.byte, string.sub

local CONTROL = {
  [0] = 'ctrl-space', [9] = 'tab', [10] = 'enter', [13] = 'enter', [27] = 'escape',
  [28] = 'ctrl-\\', [29] = 'ctrl-]', [30] = 'ctrl-^', [31] = 'ctrl-_', [127] = 'backspace',
  [8] = 'backspace',
}
for code = 1, 26 do
  CONTROL[code] = CONTROL[code] or 'ctrl-' .. string.char(96 + code)
end

local FINAL = { A = 'up', B = 'down', C = 'right', D = 'left', H = 'home', F = 'end', Z = 'shift-tab' }
local TILDE = {
  [1] = 'home', [2] = 'insert', [3] = 'delete', [4] = 'end', [5] = 'pageup', [6] = 'pagedown',
  [7] = 'home', [8] = 'end', [200] = 'paste',
}
local PASTE_END = '\27[201~'
-- No terminal sends longer sequences; what follows is text again.
local MAX_SEQUENCE = 32

-- xterm's modifiers: 1 + shift 1, alt 2, ctrl 4.
local function modified(name, modifier)
  local bits = (tonumber(modifier) or 1) - 1
  if bits % 8 >= 4 then name = 'ctrl-' .. name end
  if bits % 4 >= 2 then name = 'alt-' .. name end
  return name
end

-- CSI parameters and its final byte, as a key; '' if it is none we know.
local function sequence(parameters, final)
  local first, modifier = parameters:match('^(%d*);?(%d*)')
  local name = final == '~' and TILDE[tonumber(first)] or FINAL[final]
  return name and modified(name, modifier) or ''
end

-- The key at `at` of the bytes: its name, or nil and the character; then where the
-- next one begins. Nothing if there is not all of it yet.
local function read_key(bytes, at)
  local lead = byte(bytes, at)
  if not lead then return end
  if lead ~= 27 then
    if CONTROL[lead] then return CONTROL[lead], nil, at + 1 end
    local size = width.expected(lead) or 1
    local _, next_at = width.decode(bytes, at)
    if next_at == at + 1 and size > 1 and at + size - 1 > #bytes then
      -- The rest of a character is still to come, unless it is none already.
      if not bytes:find('[^\128-\191]', at + 1) then return end
    end
    return nil, sub(bytes, at, next_at - 1), next_at
  end
  local introducer = sub(bytes, at + 1, at + 1)
  if introducer == '' then return end
  if introducer == '[' then
    local _, stop, parameters, final = bytes:find('^([\48-\63]*)[\32-\47]*([\64-\126])', at + 2)
    if stop and stop - at < MAX_SEQUENCE then return sequence(parameters, final), nil, stop + 1 end
    if #bytes - at >= MAX_SEQUENCE or bytes:find('^[\48-\63]*[\32-\47]*[^\32-\126]', at + 2) then
      return '', nil, at + 2
    end
    return
  end
  if introducer == 'O' then
    local final = sub(bytes, at + 2, at + 2)
    if final == '' then return end
    return FINAL[final] or '', nil, at + 3
  end
  if introducer == '\27' then return '', nil, at + 1 end
  local name, text, next_at = read_key(bytes, at + 1)
  if not next_at then return end
  return 'alt-' .. (name or text), nil, next_at
end

return { read = read_key, PASTE_END = PASTE_END }
