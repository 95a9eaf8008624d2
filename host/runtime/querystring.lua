--- The query of a URL: `a=1&b=two%20words`.

local querystring = {}

local byte, char, format, gsub = string.byte, string.char, string.format, string.gsub

local function escape(c)
  return format('%%%02X', byte(c))
end

local function unescape(hex)
  return char(tonumber(hex, 16))
end

--- Encodes everything but letters, digits and `-_.~` as %XX.
---@param text any
---@return string
function querystring.urlencode(text)
  return (gsub(tostring(text), '[^%w%-_.~]', escape))
end

--- Decodes %XX, and + as a space. What is not well formed stays as it is.
---@param text string
---@return string
function querystring.urldecode(text)
  text = gsub(tostring(text), '%+', ' ')
  return (gsub(text, '%%(%x%x)', unescape))
end

local urlencode, urldecode = querystring.urlencode, querystring.urldecode

local function scalar(value)
  local kind = type(value)
  if kind == 'string' or kind == 'number' or kind == 'boolean' or kind == 'cdata' then
    return urlencode(value)
  end
  local meta = debug.getmetatable(value)
  return meta and meta.__tostring and urlencode(value) or ''
end

--- Makes a query of a table, its keys sorted. A value that is a list gives a pair for each
--- of its elements; one that is no text, number or boolean is empty.
---@param params table<any, any>
---@param separator string|nil "&" when not given
---@param equals string|nil "=" when not given
---@return string
function querystring.stringify(params, separator, equals)
  if type(params) ~= 'table' then
    return ''
  end
  separator, equals = separator or '&', equals or '='
  local keys, pieces = {}, {}
  for key in pairs(params) do
    keys[#keys + 1] = key
  end
  table.sort(keys, function(a, b)
    return tostring(a) < tostring(b)
  end)
  for _, key in ipairs(keys) do
    local value, name = params[key], urlencode(key) .. equals
    local meta = type(value) == 'table' and getmetatable(value)
    if type(value) == 'table' and not (type(meta) == 'table' and meta.__tostring) then
      for i = 1, #value do
        pieces[#pieces + 1] = name .. scalar(value[i])
      end
    else
      pieces[#pieces + 1] = name .. scalar(value)
    end
  end
  return table.concat(pieces, separator)
end

--- Takes a query apart. A key that comes more than once has a list of its values; one
--- without a value has an empty text.
---@param text string
---@param separator string|nil "&" when not given
---@param equals string|nil "=" when not given
---@return table<string, string|string[]>
function querystring.parse(text, separator, equals)
  separator, equals = separator or '&', equals or '='
  local params, at = {}, 1
  text = tostring(text or '')
  if separator == '' or equals == '' then
    error('querystring.parse: a separator must not be empty', 2)
  end
  while at <= #text do
    local from, to = text:find(separator, at, true)
    local piece = text:sub(at, from and from - 1)
    at = to and to + 1 or #text + 1
    if piece ~= '' then
      local first, last = piece:find(equals, 1, true)
      local key = urldecode(first and piece:sub(1, first - 1) or piece)
      local value = first and urldecode(piece:sub(last + 1)) or ''
      local present = params[key]
      if present == nil then
        params[key] = value
      elseif type(present) == 'table' then
        present[#present + 1] = value
      else
        params[key] = { present, value }
      end
    end
  end
  return params
end

return querystring
