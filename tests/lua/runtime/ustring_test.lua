local test = require('./harness')
local ustring = require('ustring')
local new = ustring.new

test('characters, length, text again', function(t)
  local text = new('aä€😀')
  t:equal(#text, 4)
  t:equal(text:len(), 4)
  t:equal(text[2], 'ä')
  t:equal(text[4], '😀')
  t:equal(tostring(text), 'aä€😀')
  t:equal(tostring(new('')), '')
  t:equal(tostring(new(text)), 'aä€😀')
  t:equal(#new(nil), 0)
end)

test('what is not well-formed stays, byte by byte', function(t)
  for bytes, count in pairs {
    ['\255'] = 1, ['\195'] = 1, ['\195('] = 2, ['\226\130'] = 2, ['\237\160\128'] = 3, ['\192\128'] = 2,
    ['\240\128\128\128'] = 4, ['\244\144\128\128'] = 4, ['\224\159\191'] = 3, ['a\128b'] = 3,
  } do
    t:equal(#new(bytes), count)
    t:equal(tostring(new(bytes)), bytes)
    t:equal(ustring.isValid(bytes), false)
  end
  t:equal(ustring.isValid('aä€😀\0'), true)
  t:equal(select(2, ustring.isValid('aä\255')), 4)
  t:equal(ustring.isValid('\244\143\191\191'), true)
  t:equal(ustring.isValid('\237\159\191\238\128\128'), true)
end)

test('sub, reverse, rep', function(t)
  local text = new('grün€')
  t:equal(tostring(text:sub(3)), 'ün€')
  t:equal(tostring(text:sub(-2, -1)), 'n€')
  t:equal(tostring(text:sub(2, 3)), 'rü')
  t:equal(tostring(text:sub(4, 2)), '')
  t:equal(tostring(text:sub(-100, 100)), 'grün€')
  t:equal(tostring(text:reverse()), '€nürg')
  t:equal(tostring(new('ä'):rep(3)), 'äää')
end)

test('upper and lower: A to Z', function(t)
  t:equal(tostring(new('Grün'):upper()), 'GRüN')
  t:equal(tostring(new('GRÜN'):lower()), 'grÜn')
end)

test('find, match, gmatch, gsub, format: positions count characters', function(t)
  local text = new('äöü äöü')
  t:same({ text:find('ö', 1, true) }, { 2, 2 })
  t:same({ text:find('ö', 3, true) }, { 6, 6 })
  t:same({ text:find('ö', -2) }, { 6, 6 })
  t:equal(text:find('x'), nil)
  t:same({ text:find('()ü()') }, { 3, 3, 3, 4 })
  t:same({ text:find(' (ä)') }, { 4, 5, 'ä' })
  t:equal(text:match('ö(.-) '), 'ü')
  t:equal(text:match('()ü', 4), 7)
  local words = {}
  for word in text:gmatch('[^ ]+') do words[#words + 1] = word end
  t:same(words, { 'äöü', 'äöü' })
  local replaced, count = text:gsub('ö', new('-'))
  t:equal(tostring(replaced), 'ä-ü ä-ü')
  t:equal(count, 2)
  t:equal(tostring(text:gsub('ö', 'x', 1)), 'äxü äöü')
  t:equal(tostring(new('%s: %d'):format(new('ü'), 5)), 'ü: 5')
end)

test('codepoint and char', function(t)
  local text = new('aä€😀\255')
  t:same({ text:codepoint(1, -1) }, { 97, 0xE4, 0x20AC, 0x1F600, 255 })
  t:equal(text:codepoint(), 97)
  t:equal(text:codepoint(2), 0xE4)
  for _, code in ipairs { 0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF } do
    t:equal(new(ustring.char(code)):codepoint(), code)
    t:equal(#new(ustring.char(code)), 1)
  end
  for _, code in ipairs { -1, 0x110000, 0xD800, 0xDFFF, 1.5, 'x' } do
    t:raises(function() ustring.char(code) end, 'not a code point')
  end
end)

test('operators', function(t)
  t:equal(tostring(new('ä') .. 'b' .. new('c')), 'äbc')
  t:ok(new('ä') == new('ä') and new('ä') ~= new('b'))
  t:ok(new('a') < new('b') and new('a') <= new('a') and not (new('b') < new('a')))
end)

test('the methods as functions, for strings too', function(t)
  t:equal(ustring.len('äöü'), 3)
  t:equal(tostring(ustring.reverse('äb')), 'bä')
  t:equal(tostring(ustring.sub(new('äöü'), 2, 2)), 'ö')
end)
