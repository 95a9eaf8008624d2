-- Mutated DNS messages: decoding never raises, says why it refuses, and takes bounded
-- time. As a program: virgo lua dns_fuzz.lua [SECONDS [SEED]]; without a number of
-- seconds 10. dns_test.lua runs it shortly.

local uv = require('uv')
local message = require('dns/message')

local fuzz = {}

local TYPES = { 1, 2, 5, 6, 12, 15, 16, 28, 33, 41, 255 }
local SLOW_MS = 500

local function header(questions, answers, flags)
  return '\18\52' .. (flags or '\129\128') .. string.char(0, questions, 0, answers, 0, 0, 0, 0)
end

-- Messages of every kind, some malformed already.
function fuzz.corpus()
  local corpus = {}
  local function add(bytes) corpus[#corpus + 1] = bytes end
  local records = {
    { name = 'example.org', type = message.TYPE_A, address = '192.0.2.1', ttl = 60 },
    { name = 'example.org', type = message.TYPE_AAAA, address = '2001:db8::1', ttl = 60 },
    { name = 'www.example.org', type = message.TYPE_CNAME, cname = 'example.org' },
    { name = 'example.org', type = message.TYPE_NS, nsdname = 'ns.example.org' },
    { name = '1.2.0.192.in-addr.arpa', type = message.TYPE_PTR, ptrdname = 'example.org' },
    { name = 'example.org', type = message.TYPE_MX, preference = 10, exchange = 'mx.example.org' },
    { name = 'example.org', type = message.TYPE_TXT, strings = { 'v=spf1', '-all', '' } },
    { name = '_x._tcp.example.org', type = message.TYPE_SRV, priority = 1, weight = 2, port = 3, target = '.' },
    { name = 'example.org', type = 99, rdata = 'raw' },
  }
  for _, record in ipairs(records) do
    add(message.encode { id = 4660, response = true,
      questions = { { name = record.name, type = record.type } }, answers = { record } })
  end
  add(message.encode { id = 4660, response = true, questions = { { name = 'all.example', type = 255 } },
    answers = records, authorities = records, additionals = records })
  add(message.encodeQuery(4660, 'query.example', message.TYPE_A))
  -- compressed, as real servers answer
  add(header(1, 2) .. '\3www\7example\3org\0\0\1\0\1'
    .. '\192\12\0\5\0\1\0\0\0\60\0\2\192\16' .. '\192\16\0\1\0\1\0\0\0\60\0\4\192\0\2\1')
  -- SOA
  add(header(1, 1) .. '\1a\0\0\6\0\1\192\12\0\6\0\1\0\0\0\60\0\24\192\12\192\12' .. ('\0\0\0\1'):rep(5))
  -- a pointer to itself, a chain of pointers, a name that only has pointers
  add(header(1, 0) .. '\192\12\0\1\0\1')
  local chain = { header(1, 0), '\1x\0' }
  for i = 1, 400 do
    local at = i == 1 and 12 or 12 + 3 + (i - 2) * 2
    chain[#chain + 1] = string.char(192 + math.floor(at / 256), at % 256)
  end
  add(table.concat(chain))
  -- the longest name there is
  add(header(1, 0) .. ('\63' .. ('n'):rep(63)):rep(3) .. '\61' .. ('n'):rep(61) .. '\0\0\1\0\1')
  -- more records than there are
  add(header(1, 255) .. '\1a\0\0\1\0\1')
  return corpus
end

local function mutate(random, corpus, bytes)
  for _ = 1, random(1, 8) do
    local kind, at = random(1, 7), random(1, math.max(#bytes, 1))
    if kind == 1 then -- a byte
      bytes = bytes:sub(1, at - 1) .. string.char(random(0, 255)) .. bytes:sub(at + 1)
    elseif kind == 2 then -- cut
      bytes = bytes:sub(1, at)
    elseif kind == 3 then -- a pointer
      bytes = bytes:sub(1, at - 1) .. string.char(192 + random(0, 1), random(0, 255)) .. bytes:sub(at + 2)
    elseif kind == 4 then -- a part again
      local from = random(1, math.max(#bytes, 1))
      bytes = bytes:sub(1, at) .. bytes:sub(from, from + random(0, 40)) .. bytes:sub(at + 1)
    elseif kind == 5 then -- a part of another one
      local other = corpus[random(1, #corpus)]
      bytes = bytes:sub(1, at) .. other:sub(random(1, #other))
    elseif kind == 6 then -- a count or a length
      bytes = bytes:sub(1, at - 1) .. string.char(255, random(0, 255)) .. bytes:sub(at + 2)
    else -- less
      bytes = bytes:sub(1, at - 1) .. bytes:sub(at + random(1, 10))
    end
  end
  return bytes:sub(1, 65535)
end
fuzz.mutate = mutate

local function hex(bytes)
  return (bytes:gsub('.', function(c) return ('%02x'):format(c:byte()) end))
end

-- What must hold for any bytes.
local function try(bytes)
  local began = uv.hrtime()
  for _, decode in ipairs { message.decodeHeader, message.decodeQuestions, message.decode } do
    local ok, decoded, why = pcall(decode, bytes)
    if not ok then
      error(('raised %s for %s'):format(decoded, hex(bytes)), 0)
    elseif decoded == nil and type(why) ~= 'string' then
      error('refused without a reason: ' .. hex(bytes), 0)
    elseif decoded then
      for _, section in ipairs { 'questions', 'answers' } do
        for _, record in ipairs(decoded[section] or {}) do
          if record.name ~= '.' and not message.encodeName(record.name) then
            error(('gave the name %q, which is none, for %s'):format(record.name, hex(bytes)), 0)
          end
        end
      end
    end
  end
  if (uv.hrtime() - began) / 1e6 > SLOW_MS * (os.getenv('VIRGO_SLOW') == '1' and 10 or 1) then
    error('took too long: ' .. hex(bytes), 0)
  end
end

-- Tries mutations for that long; returns how many. Raises what it finds.
function fuzz.run(seconds, seed)
  math.randomseed(seed or 1)
  local random, corpus = math.random, fuzz.corpus()
  for _, bytes in ipairs(corpus) do
    try(bytes)
    for cut = 0, #bytes do try(bytes:sub(1, cut)) end
  end
  -- the most work 64 KiB can make: records whose names are long chains
  local long = ('\63' .. ('n'):rep(63)):rep(3) .. '\58' .. ('n'):rep(58) .. '\0'
  local many = { '\18\52\129\128\0\1\20\255\0\0\0\0', long, '\0\1\0\1' }
  for _ = 1, 0x14ff do many[#many + 1] = '\192\12\0\99\0\1\0\0\0\0\0\0' end
  try(table.concat(many):sub(1, 65535))

  local count, until_ = 0, uv.hrtime() + seconds * 1e9
  repeat
    for _ = 1, 200 do
      try(mutate(random, corpus, corpus[random(1, #corpus)]))
      count = count + 1
    end
    for _ = 1, 20 do
      local noise = {}
      for i = 1, random(0, 300) do noise[i] = string.char(random(0, 255)) end
      try(table.concat(noise))
    end
  until uv.hrtime() > until_
  return count
end

if args and tostring(args[1]):find('dns_fuzz%.lua$') then
  local seed = tonumber(args[3]) or os.time()
  print('seed', seed)
  print(fuzz.run(tonumber(args[2]) or 10, seed) .. ' messages')
end

return fuzz
