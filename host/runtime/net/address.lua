--- IP addresses as text and as octets: pure functions.

local byte, char, sub, concat = string.byte, string.char, string.sub, table.concat

local address = {}

local function u16(data, at)
  local a, b = byte(data, at, at + 1)
  return a * 256 + b
end

local function put16(value)
  return char(math.floor(value / 256), value % 256)
end

--- The text of an IPv6 address, the way RFC 5952 writes it.
---@param octets string 16 of them
---@return string
function address.formatIpv6(octets)
  local groups = {}
  for i = 1, 8 do
    groups[i] = u16(octets, 2 * i - 1)
  end
  local best, bestLength, run = nil, 1, 0
  for i = 1, 8 do
    run = groups[i] == 0 and run + 1 or 0
    if run > bestLength then
      best, bestLength = i - run + 1, run
    end
  end
  if best == 1 and bestLength == 5 and groups[6] == 0xffff then
    return '::ffff:' .. concat({ byte(octets, 13, 16) }, '.')
  end
  for i = 1, 8 do
    groups[i] = ('%x'):format(groups[i])
  end
  if not best then
    return concat(groups, ':')
  end
  return concat(groups, ':', 1, best - 1) .. '::' .. concat(groups, ':', best + bestLength, 8)
end

--- The octets of an IPv4 address.
---@param text string
---@return string|nil octets 4 of them; nil if it is no address
function address.parseIpv4(text)
  local a, b, c, d = text:match('^(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)%.(%d%d?%d?)$')
  if not a then
    return nil
  end
  a, b, c, d = tonumber(a), tonumber(b), tonumber(c), tonumber(d)
  if a > 255 or b > 255 or c > 255 or d > 255 then
    return nil
  end
  return char(a, b, c, d)
end

-- The groups of one side of "::" as octets.
local function parseGroups(text, allowIpv4)
  if text == '' then
    return ''
  end
  local out = {}
  for group, separator in (text .. ':'):gmatch('([^:]*)(:)') do
    local value = group:match('^%x%x?%x?%x?$')
    local v4 = not value and allowIpv4 and address.parseIpv4(group)
    if value then
      out[#out + 1] = put16(tonumber(value, 16))
    elseif v4 and separator and sub(text, -#group) == group then
      out[#out + 1] = v4
    else
      return nil
    end
  end
  return concat(out)
end

--- The octets of an IPv6 address. A zone ("%eth0") is no part of one.
---@param text string
---@return string|nil octets 16 of them; nil if it is no address
function address.parseIpv6(text)
  local from, to = text:find('::', 1, true)
  if not from then
    local octets = parseGroups(text, true)
    return octets and #octets == 16 and octets or nil
  end
  local left, right = parseGroups(sub(text, 1, from - 1), false), parseGroups(sub(text, to + 1), true)
  if not left or not right or #left + #right > 14 then
    return nil
  end
  return left .. ('\0'):rep(16 - #left - #right) .. right
end

--- The family of an address; a zone ("fe80::1%eth0") is allowed for IPv6.
---@param text any
---@return string|nil family "inet" or "inet6"; nil if it is no address
function address.family(text)
  if type(text) ~= 'string' then
    return nil
  elseif address.parseIpv4(text) then
    return 'inet'
  end
  return address.parseIpv6((text:gsub('%%[%w._-]+$', ''))) and 'inet6' or nil
end

return address
