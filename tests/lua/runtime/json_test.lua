local test = require('./harness')
local json = require('json')
local ffi = require('ffi')

local function meta(value)
  return (getmetatable(value) or {}).__jsontype
end

test('names of dkjson', function(t)
  t:equal(json.parse, json.decode)
  t:equal(json.stringify, json.encode)
  t:equal(json.use_lpeg(), json)
  t:ok(not json.using_lpeg)
  t:equal(type(json.version), 'string')
  t:equal(tostring(json.null), 'null')
end)

test('decode: each kind of value', function(t)
  for text, value in pairs {
    ['true'] = true, ['false'] = false, ['0'] = 0, ['-12'] = -12, ['1.5'] = 1.5, ['1e3'] = 1000,
    ['-2.5E-2'] = -0.025, ['""'] = '', ['"a b"'] = 'a b', ['9007199254740992'] = 2 ^ 53,
    ['12345678901234567890123'] = 12345678901234567890123, ['0.1'] = 0.1,
  } do
    t:equal((json.decode(text)), value, text)
  end
  t:equal(1 / json.decode('-0'), -1 / 0)
  t:equal(json.decode('1e400'), 1 / 0)
  t:same(json.decode('[1,"x",[],{"a":{"b":[true]}}]'), { 1, 'x', {}, { a = { b = { true } } } })
  t:same(json.decode('{"a":1,"a":2}'), { a = 2 }, 'the last one counts')
  t:equal(json.decode('{"":1}')[''], 1)
end)

test('decode: null', function(t)
  local value, next = json.decode('null')
  t:equal(value, nil)
  t:equal(next, 5)
  t:equal(json.decode('null', 1, json.null), json.null)
  local list = json.decode('[null,2,null]')
  t:equal(list[1], nil)
  t:equal(list[2], 2)
  t:same(json.decode('{"a":null,"b":[null]}', 1, 'none'), { a = 'none', b = { 'none' } })
end)

test('decode: where to begin, and the next position', function(t)
  local text, got, pos = ' 1 [2] "3" {"4":4}', {}, 1
  while true do
    local value, next = json.decode(text, pos)
    if value == nil then break end
    got[#got + 1] = value
    pos = next
  end
  t:same(got, { 1, { 2 }, '3', { ['4'] = 4 } })
  t:equal(pos, #text + 1)
  t:equal(select(2, json.decode('  12  34')), 5)
  t:equal(json.decode('xx1', 3), 1)
  t:equal(json.decode('1', 99), nil)
  t:equal(json.decode('7', -5), 7)
  t:equal(json.decode('\239\187\1917'), 7, 'a byte order mark is passed over')
end)

test('decode: integers beyond 2^53 are exact', function(t)
  local function exact(text, ctype)
    local value = json.decode('[' .. text .. ']')[1]
    t:ok(ffi.istype(ctype, value), text .. ' is ' .. type(value))
    t:equal(json.encode { value }, '[' .. text .. ']')
    return value
  end
  t:ok(exact('9007199254740993', 'int64_t') == 9007199254740993LL)
  t:ok(exact('-9007199254740993', 'int64_t') == -9007199254740993LL)
  t:ok(exact('9223372036854775807', 'int64_t') == 9223372036854775807LL)
  t:ok(exact('-9223372036854775808', 'int64_t') == -9223372036854775807LL - 1)
  t:ok(exact('9223372036854775808', 'uint64_t') == 9223372036854775808ULL)
  t:ok(exact('18446744073709551615', 'uint64_t') == 18446744073709551615ULL)
  t:equal(json.decode('18446744073709551616'), 2 ^ 64, 'too large even for that')
  t:equal(type(json.decode('-9007199254740992')), 'number')
end)

test('decode: strings', function(t)
  t:equal(json.decode([["\"\\\/\b\f\n\r\t"]]), '"\\/\b\f\n\r\t')
  t:equal(json.decode([["\u0041\u00e9\u20ac\ud83d\ude00"]]), 'A\195\169\226\130\172\240\159\152\128')
  t:equal(json.decode([["a\u0000b"]]), 'a\0b')
  t:equal(json.decode('"\255\254"'), '\255\254', 'bytes that are not UTF-8 stay as they are')
  local long = ('x\\n'):rep(100000)
  t:equal(json.decode('"' .. long .. '"'), ('x\n'):rep(100000))
  t:same(json.decode([[{"a\tb":"c\td"}]]), { ['a\tb'] = 'c\td' })
end)

test('decode: metatables', function(t)
  local value = json.decode('{"a":[],"o":{}}')
  t:equal(meta(value), 'object')
  t:equal(meta(value.a), 'array')
  t:equal(meta(value.o), 'object')
  local om, am = {}, {}
  value = json.decode('{"a":[]}', 1, nil, om, am)
  t:equal(getmetatable(value), om)
  t:equal(getmetatable(value.a), am)
  value = json.decode('{"a":[]}', 1, nil, nil)
  t:equal(getmetatable(value), nil)
  t:equal(getmetatable(value.a), nil)
end)

test('decode: comments are white space', function(t)
  t:same(json.decode('/* a */ [1, // b\n 2 /* c */] // d'), { 1, 2 })
  t:equal(json.decode('[1 /* never closed'), nil)
end)

test('decode: what is wrong, and where', function(t)
  local function wrong(text, place, line, column)
    local value, pos, message = json.decode(text)
    t:equal(value, nil, text)
    t:equal(pos, place, text)
    t:match(message, ('.+ at line %d, column %d$'):format(line, column), text)
  end
  wrong('', 1, 1, 1)
  wrong('  ', 3, 1, 3)
  wrong('[1,2', 5, 1, 5)
  wrong('[1,]', 4, 1, 4)
  wrong('{"a" 1}', 6, 1, 6)
  wrong('[1,\n  x]', 7, 2, 3)
  wrong('"abc', 5, 1, 5)
  wrong('nul', 4, 1, 4)
  for _, text in ipairs { '[01]', '[+1]', '[1.]', '[.5]', '[1e]', '[-]', '[NaN]', "['a']", '{a:1}', '{1:2}',
    '"\\x"', '"\\u12g4"', '"\\ud800"', '"\\ude00"', '"\n"', '"\1"', ']', '{"a":1,}', '[1 2]', '\0', 'tru', '[' } do
    local value, pos, message = json.decode(text)
    t:equal(value, nil, text)
    t:ok(pos >= 1 and pos <= #text + 1, text)
    t:match(message, 'at line %d+, column %d+', text)
  end
  t:raises(function() json.decode(nil) end, 'string expected')
  t:raises(function() json.decode({}) end, 'string expected')
end)

test('decode: as deep as 1000 levels, no deeper', function(t)
  local function nested(n) return ('['):rep(n) .. (']'):rep(n) end
  t:ok(json.decode(nested(1000)))
  local value, _, message = json.decode(nested(1001))
  t:equal(value, nil)
  t:match(message, 'nested deeper than 1000 at line 1')
  t:equal(json.decode(('['):rep(1e6)), nil)
  t:equal(json.decode(('{"a":'):rep(1e5)), nil)
end)

test('encode: each kind of value', function(t)
  t:equal(json.encode(nil), 'null')
  t:equal(json.encode(true), 'true')
  t:equal(json.encode(12), '12')
  t:equal(json.encode(-0.5), '-0.5')
  t:equal(json.encode(0.1), '0.1')
  t:equal(json.encode(1e15), '1000000000000000')
  t:equal(json.encode(2 ^ 53), '9007199254740992')
  t:equal(json.encode(1e300), '1e+300')
  t:equal(json.encode(1 / 3), '0.3333333333333333', 'the shortest text that reads back the same')
  t:equal(json.encode('x'), '"x"')
  t:equal(json.encode(json.null), 'null')
  t:equal(json.encode({ json.null, 1 }), '[null,1]')
  t:equal(json.encode(0 / 0), 'null')
  t:equal(json.encode({ 1 / 0, -1 / 0 }), '[null,null]')
  t:equal(json.encode(ffi.new('int64_t', -5)), '-5')
  t:equal(json.encode(5ULL), '5')
end)

test('encode: arrays and objects', function(t)
  t:equal(json.encode({}), '[]')
  t:equal(json.encode(setmetatable({}, { __jsontype = 'object' })), '{}')
  t:equal(json.encode(setmetatable({}, { __jsontype = 'array' })), '[]')
  t:equal(json.encode({ 1, { 2 } }), '[1,[2]]')
  t:equal(json.encode({ 1, nil, 3 }), '[1,null,3]')
  t:equal(json.encode({ [3] = 'c' }), '[null,null,"c"]')
  t:equal(json.encode({ [11] = 'k' }), '{"11":"k"}', 'too many holes')
  t:equal(json.encode({ n = 2 }), '[null,null]', 'n is the length')
  t:equal(json.encode({ n = 1e9 }), '{"n":1000000000}', 'but not any')
  t:equal(json.encode({ n = 'x' }), '{"n":"x"}')
  t:equal(json.encode({ [1.5] = 1 }), '{"1.5":1}')
  t:equal(json.encode({ [0] = 1 }), '{"0":1}')
  t:equal(json.encode({ [-2] = 1 }), '{"-2":1}')
  t:same(json.decode(json.encode({ 'a', x = 1 })), { ['1'] = 'a', x = 1 })
  t:equal(json.encode(json.decode('[[],{},[{}]]')), '[[],{},[{}]]', 'empty ones stay what they were')
end)

test('encode: strings', function(t)
  t:equal(json.encode('"\\/\b\f\n\r\t\1\127'), [["\"\\/\b\f\n\r\t\u0001\u007f"]])
  t:equal(json.encode('h\195\169\240\159\152\128'), '"h\195\169\240\159\152\128"')
  t:equal(json.encode('\226\128\168\226\128\169\194\173\239\187\191'), [["\u2028\u2029\u00ad\ufeff"]])
  t:equal(json.encode('a\255b\195'), '"a\239\191\189b\239\191\189"', 'bad bytes become U+FFFD')
  t:equal(json.encode('\239\191\189'), '"\239\191\189"')
  t:equal(json.quotestring('a"b'), [["a\"b"]])
  for code = 0, 255 do
    local text = string.char(code)
    if code < 128 then t:equal(json.decode(json.encode(text)), text) end
  end
end)

test('encode: indent, level and keyorder', function(t)
  t:equal(json.encode({ b = 1, a = { c = { 1, 2 } } }, { indent = true, keyorder = { 'a', 'b' } }),
    '{\n  "a":{\n    "c":[1,2]\n  },\n  "b":1\n}')
  t:equal(json.encode({ a = 1 }, { indent = true, level = 1 }), '{\n    "a":1\n  }')
  t:equal(json.encode(setmetatable({}, { __jsontype = 'object' }), { indent = true }), '{\n}')
  t:equal(json.encode({ z = 1, y = 2, x = 3 }, { keyorder = { 'y', 'nothing', 'z', 'y', 'x' } }),
    '{"y":2,"z":1,"x":3}')
  local ordered = setmetatable({ a = 1, b = 2 }, { __jsonorder = { 'b', 'a' } })
  t:equal(json.encode(ordered), '{"b":2,"a":1}')
  t:same(json.decode(json.encode({ a = 1, b = 2, c = 3 }, { keyorder = { 'c' } })), { a = 1, b = 2, c = 3 })
end)

test('encode: into a buffer', function(t)
  local state = { buffer = { 'x = ' }, bufferlen = 1 }
  t:equal(json.encode({ 1 }, state), true)
  t:equal(json.encode({ 2 }, state), true)
  t:equal(table.concat(state.buffer, '', 1, state.bufferlen), 'x = [1][2]')
end)

test('encode: __tojson', function(t)
  local point = { __tojson = function(self) return '"' .. self.x .. '/' .. self.y .. '"' end }
  t:equal(json.encode({ setmetatable({ x = 1, y = 2 }, point) }), '["1/2"]')

  local list = { __tojson = function(self, state)
    local buffer = state.buffer
    buffer[#buffer + 1] = '<'
    state.bufferlen = #buffer
    json.encode(self.inner, state)
    state.buffer[state.bufferlen + 1] = '>'
    state.bufferlen = state.bufferlen + 1
    return true
  end }
  t:equal(json.encode({ 0, setmetatable({ inner = { 1, 2 } }, list) }), '[0,<[1,2]>]')

  local lines = { __tojson = function(self, state)
    state.level = 1
    json.addnewline(state)
    return true
  end }
  t:equal(json.encode(setmetatable({}, lines), { indent = true }), '\n  ')

  local cyclic = { __tojson = function(self, state)
    json.encode(self.me, state)
    return true
  end }
  local value = setmetatable({}, cyclic)
  value.me = { value }
  t:raises(function() json.encode(value) end, 'reference cycle')

  local failing = { __tojson = function() return nil, 'no luck' end }
  t:raises(function() json.encode(setmetatable({}, failing)) end, 'no luck')
  t:raises(function() json.encode(setmetatable({}, { __tojson = function() error('inside') end })) end, 'inside')
end)

test('encode: what JSON lacks', function(t)
  t:raises(function() json.encode({ f = print }) end, "type 'function' is not supported by JSON")
  t:raises(function() json.encode(coroutine.create(print)) end, "type 'thread'")
  t:raises(function() json.encode({ ffi.new('int[2]') }) end, "type 'cdata'")
  t:raises(function() json.encode({ [true] = 1 }) end, 'a key of type boolean')
  local cycle = {}
  cycle[1] = { cycle }
  t:raises(function() json.encode(cycle) end, 'reference cycle')
  local twice = { 1 }
  t:equal(json.encode({ twice, twice }), '[[1],[1]]', 'the same table twice is no cycle')
  t:equal(json.encode({ 1 }), '[1]', 'and an error leaves nothing behind')
end)

test('encode: exception handlers', function(t)
  t:equal(json.encode({ print }, { exception = json.encodeexception }),
    [=[["<type 'function' is not supported by JSON.>"]]=])
  local seen
  local handler = function(reason, value, state, message)
    seen = { reason, value, type(state), message }
    return '0'
  end
  t:equal(json.encode({ print }, { exception = handler }), '[0]')
  t:same(seen, { 'unsupported type', print, 'table', "type 'function' is not supported by JSON." })
  local cycle = {}
  cycle[1] = cycle
  t:equal(json.encode(cycle, { exception = handler }), '[0]')
  t:equal(seen[1], 'reference cycle')
  t:raises(function()
    json.encode({ print }, { exception = function() return nil, 'not that' end })
  end, 'not that')
  t:equal(json.encode({ print }, { exception = function(_, _, state)
    state.buffer[1], state.bufferlen = '42', 1
    return true
  end }), '[42]')
end)

test('encode: as deep as 1000 levels, no deeper', function(t)
  local function nested(n)
    local value = 1
    for _ = 1, n do value = { value } end
    return value
  end
  t:equal(json.encode(nested(1000)), ('['):rep(1000) .. '1' .. (']'):rep(1000))
  t:raises(function() json.encode(nested(1001)) end, 'nested deeper than 1000 levels')
  local inside = coroutine.wrap(function() return json.encode(nested(1000)) end)
  t:equal(#inside(), 2001)
end)

test('big documents round-trip', function(t)
  local rows = {}
  for i = 1, 20000 do
    rows[i] = { id = i, name = 'row ' .. i, ratio = i / 7, tags = { 'a', 'b\n' }, on = i % 2 == 0 }
  end
  local text = json.encode(rows)
  t:ok(#text > 1e6)
  t:same(json.decode(text), rows)
end)

test('errors and hooks in between do not disturb each other', function(t)
  local nested = { __tojson = function() return json.encode({ (json.decode('[9007199254740993]')) }) end }
  for _ = 1, 200 do
    t:raises(function() json.encode({ print }) end)
    t:equal(json.encode({ setmetatable({}, nested), 'x' }), '[[[9007199254740993]],"x"]')
    t:equal(json.decode('[1'), nil)
  end
end)
