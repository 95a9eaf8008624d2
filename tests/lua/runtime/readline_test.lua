local test = require('./harness')
local uv = require('uv')
local readline = require('readline')
local core = require('core')
local Editor, History = readline.Editor, readline.History

-- A terminal of one row that understands what the editor writes. Cells are
-- characters; the second column of a wide one holds ''.
local WIDE = { ['日'] = true, ['本'] = true, ['語'] = true, ['🎉'] = true }
local MARK = { ['\204\129'] = true } -- combining acute

local function new_screen(columns)
  local screen = { columns = columns or 40, cells = {}, x = 0, above = {}, beeps = 0, cleared = 0 }

  local function put(character)
    if MARK[character] then
      screen.cells[screen.x - 1] = screen.cells[screen.x - 1] .. character
      return
    end
    screen.cells[screen.x] = character
    screen.x = screen.x + 1
    if WIDE[character] then
      screen.cells[screen.x] = ''
      screen.x = screen.x + 1
    end
    assert(screen.x < screen.columns + 1, 'written beyond the row')
  end

  function screen:get_winsize() return self.columns, 24 end

  function screen:text()
    local out = {}
    for x = 0, self.columns do out[#out + 1] = self.cells[x] end
    return (table.concat(out):gsub(' +$', ''))
  end

  function screen:write(data)
    local at = 1
    while at <= #data do
      local parameter, final, stop = data:match('^\27%[([?%d]*)(%a)()', at)
      if final == 'K' then
        for x = self.x, self.columns do self.cells[x] = nil end
      elseif final == 'C' then
        self.x = self.x + tonumber(parameter)
      elseif final == 'J' then
        self.cells, self.cleared = {}, self.cleared + 1
      elseif final == 'H' then
        self.x = 0
      end
      if final then
        at = stop
      else
        local character = data:match('^[%z\1-\127\194-\244][\128-\191]*', at) or data:sub(at, at)
        at = at + #character
        if character == '\r' then
          self.x = 0
        elseif character == '\n' then
          self.above[#self.above + 1] = self:text()
          self.cells = {}
        elseif character == '\7' then
          self.beeps = self.beeps + 1
        else
          put(character)
        end
      end
    end
  end
  return screen
end

local function editor(options, prompt)
  options = options or {}
  local screen = new_screen(options.columns)
  options.stdout = screen
  local made = Editor:new(options)
  made:_begin(prompt or '> ')
  made:refreshLine()
  return made, screen
end

local function check(t, keys, line, position, options)
  local made, screen = editor(options)
  made:onKey(keys)
  t:equal(made.line, line, ('%q'):format(keys))
  t:equal(made.position, position, ('cursor after %q'):format(keys))
  return made, screen
end

local LEFT, RIGHT, UP, DOWN = '\27[D', '\27[C', '\27[A', '\27[B'

test('text is inserted where the cursor is', function(t)
  local made, screen = check(t, 'ac' .. LEFT .. 'b', 'abc', 3)
  t:equal(screen:text(), '> abc')
  t:equal(screen.x, 4)
  made:onKey(RIGHT .. 'd')
  t:equal(screen:text(), '> abcd')
  t:equal(screen.x, 6)
end)

test('enter ends the line wherever the cursor is, and keeps what follows', function(t)
  local made = editor()
  local line = made:onKey('one' .. LEFT .. '\rtwo')
  t:equal(line, 'one')
  t:equal(made.pending, 'two')
  made:_begin('> ')
  t:equal(made:onKey(''), nil)
  t:equal(made.line, 'two')
  t:equal(made:onKey('\n'), 'two')
  t:same({ made.history[1], made.history[2] }, { 'one', 'two' })
end)

test('the keys that move', function(t)
  for _, keys in ipairs { '\1', '\27[H', '\27OH', '\27[1~', '\27[7~' } do check(t, 'ab cd' .. keys, 'ab cd', 1) end
  for _, keys in ipairs { '\5', '\27[F', '\27OF', '\27[4~', '\27[8~' } do
    check(t, 'ab cd\1' .. keys, 'ab cd', 6)
  end
  for _, keys in ipairs { '\2', LEFT, '\27OD' } do check(t, 'ab' .. keys, 'ab', 2) end
  for _, keys in ipairs { '\6', RIGHT, '\27OC' } do check(t, 'ab\1' .. keys, 'ab', 2) end
  check(t, 'a\1\2\2' .. LEFT, 'a', 1)
  check(t, 'a\6\6' .. RIGHT, 'a', 2)
  for _, keys in ipairs { '\27b', '\27[1;5D', '\27[1;3D' } do
    check(t, 'one  two.three' .. keys, 'one  two.three', 10)
    check(t, 'one  two.three' .. keys .. keys .. keys, 'one  two.three', 1)
    check(t, 'one' .. keys .. keys, 'one', 1)
  end
  for _, keys in ipairs { '\27f', '\27[1;5C', '\27[1;3C' } do
    check(t, ' one  two\1' .. keys, ' one  two', 5)
    check(t, ' one  two\1' .. keys .. keys .. keys, ' one  two', 10)
  end
end)

test('the keys that delete', function(t)
  check(t, 'abc\127', 'ab', 3)
  check(t, 'abc\8', 'ab', 3)
  check(t, 'abc' .. LEFT .. '\127', 'ac', 2)
  check(t, 'abc\1\27[3~', 'bc', 1)
  check(t, 'abc\1\4', 'bc', 1)
  local _, screen = check(t, '\127', '', 1)
  t:equal(screen.beeps, 1)
  _, screen = check(t, 'a\27[3~', 'a', 2)
  t:equal(screen.beeps, 1)
  _, screen = check(t, 'a\4', 'a', 2)
  t:equal(screen.beeps, 1)
end)

test('kill and yank', function(t)
  check(t, 'one two' .. LEFT .. LEFT .. '\11', 'one t', 6)
  check(t, 'one two' .. LEFT .. LEFT .. '\21', 'wo', 1)
  check(t, 'one two.x \23', 'one ', 5)
  check(t, 'one two.x\27\127', 'one two.', 9)
  check(t, 'one two\1\27d', ' two', 1)
  check(t, 'one two\21\25\25', 'one twoone two', 15)
  -- Kills in a row are one, in the order of the text.
  check(t, 'one two three\23\23\25', 'one two three', 14)
  check(t, 'one two\1\27d\27d\25', 'one two', 8)
  -- With something in between they are not.
  check(t, 'one two\23x\127\23\25', 'one ', 5)
  local _, screen = check(t, '\25', '', 1)
  t:equal(screen.beeps, 1)
  _, screen = check(t, 'a\11', 'a', 2)
  t:equal(screen.beeps, 1)
end)

test('transpose', function(t)
  check(t, 'abc\20', 'acb', 4)
  check(t, 'abc' .. LEFT .. '\20', 'acb', 4)
  check(t, 'abc\1' .. RIGHT .. '\20', 'bac', 3)
  check(t, 'éñ\20', 'ñé', 5)
  local _, screen = check(t, 'abc\1\20', 'abc', 1)
  t:equal(screen.beeps, 1)
  check(t, 'a\20', 'a', 2)
  check(t, '\20', '', 1)
end)

test('characters of several bytes are one', function(t)
  local made, screen = check(t, 'é日x' .. LEFT .. LEFT .. LEFT, 'é日x', 1)
  made:onKey(RIGHT)
  t:equal(made.position, 3)
  t:equal(screen.x, 3)
  made:onKey(RIGHT)
  t:equal(made.position, 6)
  t:equal(screen.x, 5) -- two columns
  made:onKey('\127')
  t:equal(made.line, 'éx')
  check(t, 'a🎉\127', 'a', 2)
end)

test('a mark goes with its character', function(t)
  local made, screen = check(t, 'xe\204\129' .. LEFT, 'xe\204\129', 2)
  t:equal(screen.x, 3)
  made:onKey('\4')
  t:equal(made.line, 'x')
  check(t, 'xe\204\129\127', 'x', 2)
end)

test('a character that comes in pieces is put together', function(t)
  local made, screen = editor()
  for piece in ('日é'):gmatch('.') do made:onKey(piece) end
  t:equal(made.line, '日é')
  t:equal(screen:text(), '> 日é')
  made:onKey('\27')
  made:onKey('[')
  made:onKey('D')
  t:equal(made.position, 4)
  made:onKey('\27[1;')
  made:onKey('5D')
  t:equal(made.position, 1)
end)

test('bytes that are no UTF-8 are shown and kept as they are', function(t)
  local made, screen = check(t, 'a\255b\192\128c', 'a\255b\192\128c', 7)
  t:equal(screen:text(), '> a\239\191\189b\239\191\189\239\191\189c')
  made:onKey('\127\127\127')
  t:equal(made.line, 'a\255b')
  -- An unfinished character ends at the next byte that cannot belong to it.
  check(t, '\228x', '\228x', 3)
  check(t, '\228\184x', '\228\184x', 4)
end)

test('sequences that mean nothing do nothing', function(t)
  for _, keys in ipairs { '\27[99~', '\27[I', '\27OP', '\27[1;2Q', '\27[?1;2c', '\27x', '\0', '\28' } do
    check(t, 'ab' .. keys .. 'c', 'abc', 4)
  end
  -- One that does not end is given up, and none of it is lost for ever.
  local made = editor()
  made:onKey('\27[' .. ('1;'):rep(100))
  made:onKey('x\5y')
  t:ok(made.line:find('xy$'), made.line)
  t:ok(#made.pending < 40)
end)

test('long lines scroll, with the cursor always in sight', function(t)
  local made, screen = editor({ columns = 20 })
  local text = ('0123456789'):rep(10)
  for i = 1, #text do
    made:onKey(text:sub(i, i))
    t:ok(screen.x < 20)
  end
  t:equal(screen:text(), '> ' .. text:sub(-#screen:text() + 2))
  for _ = 1, #text do
    made:onKey(LEFT)
    t:ok(screen.x >= 2 and screen.x < 20)
    local under = screen.cells[screen.x]
    t:equal(under, text:sub(made.position, made.position))
  end
  t:equal(screen:text(), '> ' .. text:sub(1, 17))
  made:onKey('\5')
  t:ok(screen:text():find('9$'))
end)

test('wide characters never go over the edge', function(t)
  local made, screen = editor({ columns = 11 })
  made:onKey(('日本語'):rep(6) .. '\1')
  t:equal(screen:text(), '> 日本語日')
  for _ = 1, 18 do made:onKey(RIGHT) end
  t:ok(screen.x <= 10)
  made:onKey('\1x')
  t:equal(screen:text(), '> x日本語')
end)

test('a prompt wider than the terminal is left out', function(t)
  local made, screen = editor({ columns = 10 }, 'a very long prompt> ')
  made:onKey('abc')
  t:equal(screen:text(), 'abc')
  -- Colours of a prompt take no room.
  made, screen = editor({ columns = 20 }, '\27[1;32m> \27[0m')
  made:onKey('abc')
  t:equal(screen.x, 5)
end)

test('control characters are shown as two', function(t)
  local made, screen = editor()
  made:insert('a\1b')
  t:equal(screen:text(), '> a^Ab')
  t:equal(screen.x, 6)
end)

test('the history goes back and forth, and keeps what was typed', function(t)
  local history = History:new()
  history:add('one')
  history:add('two')
  local made, screen = editor({ history = history })
  made:onKey('new' .. UP)
  t:equal(made.line, 'two')
  made:onKey('\16')
  t:equal(made.line, 'one')
  made:onKey(UP)
  t:equal(screen.beeps, 1)
  made:onKey(DOWN .. '\14')
  t:equal(made.line, 'new')
  made:onKey(DOWN)
  t:equal(screen.beeps, 2)
  t:equal(made:onKey(UP .. '!\r'), 'two!')
  t:equal(history[3], 'two!')
  t:equal(history[2], 'two')
end)

test('completion fills in what all candidates share, then lists them', function(t)
  local asked
  local made, screen = editor({ completionCallback = function(before)
    asked = before
    if before:find('x$') then return {} end
    return { 'string', 'strong', 'strip' }, 4
  end })
  made:onKey('p( y')
  made:onKey('\27[D\27[D\27[D s\27[D')
  made.line, made.position = 'p(=s)', 5
  made:onKey('\t')
  t:equal(asked, 'p(=s')
  t:equal(made.line, 'p(=str)')
  t:equal(#screen.above, 0)
  made:onKey('\t')
  t:equal(screen.beeps, 0)
  t:equal(screen.above[1], 'string  strong  strip')
  t:equal(screen:text(), '> p(=str)')
  made:onKey('x\t')
  t:equal(screen.beeps, 1)
end)

test('one candidate, a text, no callback', function(t)
  local made = editor({ completionCallback = function() return { 'print(' }, 1 end })
  made:onKey('pr\t')
  t:equal(made.line, 'print(')
  made = editor({ completionCallback = function(before) return before:upper() end })
  made:onKey('abc' .. LEFT .. '\t')
  t:equal(made.line, 'ABc')
  t:equal(made.position, 3)
  local plain, screen = editor()
  plain:onKey('a\t')
  t:equal(plain.line, 'a')
  t:equal(screen.beeps, 1)
end)

test('many candidates are listed in columns, or counted', function(t)
  local words = {}
  for i = 1, 12 do words[i] = ('w%02d'):format(i) end
  local made, screen = editor({ columns = 20, completionCallback = function() return words, 1 end })
  made:onKey('w\t\t')
  t:same(screen.above, { 'w01  w05  w09', 'w02  w06  w10', 'w03  w07  w11', 'w04  w08  w12' })
  for i = 1, 201 do words[i] = 'w' .. i end
  made, screen = editor({ columns = 30, completionCallback = function() return words, 1 end })
  made:onKey('w\t\t')
  t:same(screen.above, { '201 possibilities' })
end)

test('ctrl-c and ctrl-d', function(t)
  local made, screen = editor()
  local line, reason = made:onKey('abc\3')
  t:equal(line, false)
  t:equal(reason, 'SIGINT in readLine')
  t:equal(screen:text(), '> abc^C')
  made:_begin('> ')
  line, reason = made:onKey('\4')
  t:equal(line, false)
  t:equal(reason, 'EOF in readLine')
end)

test('ctrl-l clears the screen and keeps the line', function(t)
  local made, screen = editor()
  made:onKey('abc\12')
  t:equal(screen.cleared, 1)
  t:equal(screen:text(), '> abc')
end)

test('a text above the line', function(t)
  local made, screen = editor()
  made:onKey('abc')
  made:insertAbove('news\nmore')
  t:same(screen.above, { 'news', 'more' })
  t:equal(screen:text(), '> abc')
end)

test('what is pasted is text: no completion, no end of line', function(t)
  local made, screen = editor({ completionCallback = function() error('not asked') end })
  t:equal(made:onKey('p(\27[200~a\tb\rc\r\nd\3\27[201~)'), nil)
  t:equal(made.line, 'p(a\tb\nc\nd\3)')
  t:ok(screen:text():find('b↵c↵d^C', 1, true), screen:text())
  t:equal(made:onKey('\r'), 'p(a\tb\nc\nd\3)')
  -- In pieces of any size.
  made = editor()
  for piece in ('\27[200~x\ny\27[201~z'):gmatch('.') do made:onKey(piece) end
  t:equal(made.line, 'x\nyz')
end)

test('a line is bounded', function(t)
  local made, screen = editor()
  made:insert(('x'):rep(1024 * 1024))
  t:equal(#made.line, 1024 * 1024)
  made:onKey('y')
  t:equal(#made.line, 1024 * 1024)
  t:equal(screen.beeps, 1)
  made = editor()
  made:onKey('\27[200~')
  for _ = 1, 20 do made:onKey(('x'):rep(256 * 1024)) end
  t:ok(#made.pasting < 1.5 * 1024 * 1024)
  made:onKey('\27[201~')
  t:equal(made.pasting, false)
end)

test('a history is bounded, without repetitions and empty lines', function(t)
  local history = History:new(3)
  t:equal(history:add('a'), true)
  t:equal(history:add('a'), false)
  t:equal(history:add(''), false)
  for _, line in ipairs { 'b', 'c', 'd' } do history:add(line) end
  t:equal(#history, 3)
  t:equal(history[1], 'b')
  history:updateLastLine('D')
  t:equal(history:dump(), 'b\nc\nD')
  history:setMaxLength(1)
  t:equal(history:dump(), 'D')
  history:setMaxLength(0)
  t:equal(history:dump(), '')
  t:equal(history:add('x'), true)
  t:equal(#history, 0)
  t:raises(function() history:setMaxLength(-1) end, 'from 0')
  t:raises(function() history:add(7) end, 'must be a string')
end)

test('a history as a text, with lines of several lines', function(t)
  local history = History:new()
  history:add('for i = 1, 3 do\nprint("\\n")\nend')
  history:add('two')
  local copy = History:new()
  copy:add('gone')
  copy:load(history:dump() .. '\n\n')
  t:equal(#copy, 2)
  t:equal(copy[1], history[1])
  local short = History:new(2)
  short:load('1\n2\n3\n4\n')
  t:equal(short:dump(), '3\n4')
  short:load(('x'):rep(64 * 1024) .. '\n' .. ('x'):rep(64 * 1024 + 1))
  t:equal(#short, 1)
end)

-- ---- reading

-- Something that looks like a terminal to read from.
local function keyboard()
  return {
    modes = {},
    set_mode = function(self, mode) self.modes[#self.modes + 1] = mode end,
    read_start = function(self, callback) self.callback = callback end,
    read_stop = function(self) self.callback = nil end,
  }
end

test('a line is read in raw mode, and the mode goes back', function(t, expect)
  local stdin, screen = keyboard(), new_screen()
  readline.readLine('name: ', { stdin = stdin, stdout = screen }, expect(function(err, line, reason)
    t:equal(err, nil)
    t:equal(line, 'Ada')
    t:equal(reason, nil)
  end))
  t:same(stdin.modes, { 1 })
  stdin.callback(nil, 'Ad')
  t:equal(screen:text(), 'name: Ad')
  stdin.callback(nil, 'a\rrest')
  t:same(stdin.modes, { 1, 0 })
  t:equal(stdin.callback, nil)
  -- What was typed ahead belongs to the next line.
  readline.readLine('> ', { stdin = stdin, stdout = screen }, expect(function(_, line)
    t:equal(line, 'rest!')
  end))
  stdin.callback(nil, '!\r')
end)

test('a terminal that ends or fails', function(t, expect)
  for _, case in ipairs {
    { nil, nil, false, 'EOF in readLine' },
    { 'EIO: i/o error', nil, false, 'EOF in readLine' },
  } do
    local stdin = keyboard()
    readline.readLine('> ', { stdin = stdin, stdout = new_screen() }, expect(function(err, line, reason)
      t:equal(err, nil)
      t:equal(line, case[3])
      t:equal(reason, case[4])
    end))
    stdin.callback(case[1], case[2])
    t:same(stdin.modes, { 1, 0 })
  end
  local stdin = keyboard()
  readline.readLine('> ', { stdin = stdin, stdout = new_screen() }, expect(function(err)
    t:equal(err.code, 'EBADF')
  end))
  stdin.callback('EBADF: bad file descriptor')
end)

test('a completion that fails leaves the terminal as it was', function(t)
  local stdin = keyboard()
  readline.readLine('> ', { stdin = stdin, stdout = new_screen(),
    completionCallback = function() error('oops') end }, function() t:failed('no line') end)
  t:raises(function() stdin.callback(nil, 'a\t') end, 'oops')
  t:same(stdin.modes, { 1, 0 })
  t:equal(stdin.callback, nil)
end)

test('one line at a time', function(t)
  local stdin = keyboard()
  local made = Editor:new({ stdin = stdin, stdout = new_screen() })
  made:readLine('> ', function() end)
  t:raises(function() made:readLine('> ', function() end) end, 'already')
  t:raises(function() readline.readLine(7) end, 'must be a string')
end)

-- A pipe whose other end writes `pieces`.
local function fed(t, pieces)
  local fds = uv.pipe({ nonblock = true }, { nonblock = true })
  local reader, writer = uv.new_pipe(false), uv.new_pipe(false)
  reader:open(fds.read)
  writer:open(fds.write)
  t:defer(function() reader:close() end)
  for _, piece in ipairs(pieces) do writer:write(piece) end
  writer:shutdown(function() writer:close() end)
  return reader
end

test('without a terminal the lines are taken as they come', function(t)
  local shown = { text = '', write = function(self, data) self.text = self.text .. data end }
  local stdin = fed(t, { 'one\ntw', 'o\r\n\nlast' })
  local options = { stdin = stdin, stdout = shown }
  t:equal(readline.readLine('? ', options), 'one')
  t:equal(readline.readLine('', options), 'two')
  t:equal(readline.readLine('', options), '')
  t:equal(readline.readLine('', options), 'last')
  local line, reason = readline.readLine('', options)
  t:equal(line, false)
  t:equal(reason, 'EOF in readLine')
  t:equal(shown.text, '? ')
end)

test('a line without end is an error', function(t)
  local stdin = fed(t, { ('x'):rep(1024 * 1024), '\n', ('y'):rep(1024 * 1024 + 1), '\n' })
  local options = { stdin = stdin, stdout = { write = function() end } }
  t:equal(#readline.readLine('', options), 1024 * 1024)
  local line, err = readline.readLine('', options)
  t:equal(line, nil)
  t:equal(err.code, 'EMSGSIZE')
end)

test('a stream of the runtime can be read from', function(t)
  local stream = core.Emitter:new()
  function stream.resume() t.resumed = true end
  function stream.pause() t.paused = true end
  local options = { stdin = stream, stdout = { write = function() end } }
  local lines = {}
  readline.readLine('', options, function(_, line) lines[#lines + 1] = line end)
  stream:emit('data', 'one\ntwo')
  readline.readLine('', options, function(_, line) lines[#lines + 1] = line end)
  stream:emit('end')
  t:same(lines, { 'one', 'two' })
  t:ok(t.resumed and t.paused)
  t:equal(stream:listenerCount('data'), 0)
end)
