--- Printing values for people, with colours on terminals that have them. NO_COLOR and
--- TERM=dumb in the environment turn them off.

local uv = require('uv')
local stdio = require('pretty-print/stdio')

local pretty = {}

--- What kind of value has which colour, as the parameters of the terminal's SGR sequence;
--- may be changed. Kinds: property sep braces nil boolean number string quotes escape function
--- thread table userdata cdata err success failure highlight.
pretty.theme = {}

pretty.stdin = stdio.Input:new(0)
pretty.stdout = stdio.Output:new(1)
pretty.stderr = stdio.Output:new(2)

local theme, stdout = pretty.theme, pretty.stdout

local THEMES = {
  [16] = {
    property = '0;37', sep = '1;30', braces = '1;30',
    ['nil'] = '1;30', boolean = '0;33', number = '1;33', string = '0;32', quotes = '1;32',
    escape = '1;36', ['function'] = '0;35', thread = '1;35', table = '1;34', userdata = '1;36',
    cdata = '0;36', err = '1;31', success = '1;32', failure = '1;31', highlight = '1;36',
  },
  [256] = {
    property = '38;5;253', sep = '38;5;242', braces = '38;5;247',
    ['nil'] = '38;5;244', boolean = '38;5;220', number = '38;5;202', string = '38;5;34',
    quotes = '38;5;40', escape = '38;5;46', ['function'] = '38;5;129', thread = '38;5;199',
    table = '38;5;27', userdata = '38;5;39', cdata = '38;5;69', err = '38;5;196',
    success = '38;5;120;48;5;22', failure = '38;5;215;48;5;52', highlight = '38;5;45;48;5;236',
  },
}

--- Chooses the colours.
---@param count integer|nil 16 or 256; anything else is none
function pretty.loadColors(count)
  for name in pairs(theme) do
    theme[name] = nil
  end
  for name, parameters in pairs(THEMES[count] or {}) do
    theme[name] = parameters
  end
end

--- The sequence that starts a colour; without a name the one that ends all.
---@param name string|nil a kind of the theme
---@return string sequence empty when there are no colours
function pretty.color(name)
  if next(theme) == nil then
    return ''
  end
  return '\27[' .. (theme[name] or '0') .. 'm'
end

local color = pretty.color

--- A text in a colour.
---@param name string a kind of the theme
---@param text any
---@param after string|nil the colour afterwards, none when not given
---@return string
function pretty.colorize(name, text, after)
  return color(name) .. tostring(text) .. color(after)
end

local colorize = pretty.colorize

--- A text without colours.
---@param text string
---@return string
function pretty.strip(text)
  return (tostring(text):gsub('\27%[[%d;]*m', ''))
end

--------------------------------------------------------------------------------

local ESCAPES = { ['\a'] = '\\a', ['\b'] = '\\b', ['\f'] = '\\f', ['\n'] = '\\n', ['\r'] = '\\r',
  ['\t'] = '\\t', ['\v'] = '\\v', ['\\'] = '\\\\', ["'"] = "\\'" }
local KEYWORDS = {}
for word in ([[and break do else elseif end false for function goto if in local nil not or
  repeat return then true until while]]):gmatch('%a+') do
  KEYWORDS[word] = true
end

local DEEPEST = 100

local function quote(text)
  local mark = (text:find("'", 1, true) and not text:find('"', 1, true)) and '"' or "'"
  local body = text:gsub("[%c\127\\']", function(char)
    if char == mark or char ~= "'" then
      return color('escape') .. (ESCAPES[char] or ('\\%03d'):format(char:byte())) .. color('string')
    end
  end)
  return color('quotes') .. mark .. color('string') .. body .. colorize('quotes', mark)
end

-- Text for a value that is not taken apart.
local function plain(value)
  local kind = type(value)
  if kind == 'string' then
    return quote(value)
  end
  local ok, text = pcall(tostring, value)
  if not ok then
    text = kind .. ' (its __tostring fails)'
  end
  return colorize(kind, text)
end

local ORDER = { number = 1, string = 2, boolean = 3 }

local function before(a, b)
  local x, y = type(a), type(b)
  if x ~= y then
    return (ORDER[x] or 9) < (ORDER[y] or 9) or (ORDER[x] == ORDER[y] and x < y)
  elseif x == 'number' or x == 'string' then
    return a < b
  end
  return tostring(a) < tostring(b)
end

local render

local function key(value)
  if type(value) == 'string' and value:find('^[%a_][%w_]*$') and not KEYWORDS[value] then
    return colorize('property', value)
  end
  return colorize('sep', '[') .. plain(value) .. colorize('sep', ']')
end

-- The entries of a table as texts, and the width of all together on one line.
local function entries(value, state, indent)
  local texts, width, isLines = {}, 0, false
  local function add(text)
    texts[#texts + 1] = text
    width = width + #pretty.strip(text) + 2
    isLines = isLines or text:find('\n', 1, true)
  end
  local count = 0
  while rawget(value, count + 1) ~= nil do
    count = count + 1
    add(render(rawget(value, count), state, indent))
  end
  local keys = {}
  for each in next, value do
    if not (type(each) == 'number' and each >= 1 and each <= count and each % 1 == 0) then
      keys[#keys + 1] = each
    end
  end
  table.sort(keys, before)
  for _, each in ipairs(keys) do
    add(key(each) .. colorize('sep', ' = ') .. render(rawget(value, each), state, indent))
  end
  return texts, not isLines and width or math.huge
end

function render(value, state, indent)
  if type(value) ~= 'table' then
    return plain(value)
  end
  local meta = debug.getmetatable(value)
  if (meta and meta.__tostring) or state.seen[value] or state.depth > DEEPEST
    or (not state.recurse and state.depth > 0) then
    return plain(value)
  end
  if next(value) == nil then
    return colorize('braces', '{}')
  end
  state.seen[value], state.depth = true, state.depth + 1
  local texts, width = entries(value, state, indent + 2)
  state.seen[value], state.depth = nil, state.depth - 1
  local comma = colorize('sep', ',')
  if indent + width + 2 <= state.width then
    return colorize('braces', '{ ') .. table.concat(texts, comma .. ' ') .. colorize('braces', ' }')
  end
  local line = '\n' .. (' '):rep(indent + 2)
  return colorize('braces', '{') .. line .. table.concat(texts, comma .. line)
    .. '\n' .. (' '):rep(indent) .. colorize('braces', '}')
end

local function columns()
  if stdout.isTTY then
    local width = stdout:get_winsize()
    return width and width > 20 and width or 80
  end
  return 80
end

--- A value as text: tables with their contents, their keys sorted; on one line where
--- there is room. What has a `__tostring` is shown by it.
---@param value any
---@param recurse boolean|nil false shows tables inside of a table by their address only
---@param nocolor boolean|nil without colours
---@return string
function pretty.dump(value, recurse, nocolor)
  local state = { seen = {}, depth = 0, recurse = recurse ~= false, width = columns() }
  local text = render(value, state, 0)
  return nocolor and pretty.strip(text) or text
end

--- Prints texts, with tabs between them and a new line at the end; the global `print`.
---@param ... any
function pretty.print(...)
  local count, texts = select('#', ...), { ... }
  for i = 1, count do
    texts[i] = tostring(texts[i])
  end
  stdout:write(table.concat(texts, '\t', 1, count) .. '\n')
end

--- Prints values as `dump` shows them; the global `p`.
---@param ... any
function pretty.prettyPrint(...)
  local count, texts = select('#', ...), { ... }
  for i = 1, count do
    texts[i] = pretty.dump(texts[i])
  end
  stdout:write(table.concat(texts, '\t', 1, count) .. '\n')
end

pretty.p = pretty.prettyPrint

local function colorsOfTerminal()
  local term = uv.os_getenv('TERM') or ''
  local refused = uv.os_getenv('NO_COLOR')
  if not stdout.isTTY or term == 'dumb' or (refused and refused ~= '') then
    return nil
  end
  if term:find('256', 1, true) or uv.os_getenv('COLORTERM') then
    return 256
  end
  return 16
end

pretty.loadColors(colorsOfTerminal())

return pretty
