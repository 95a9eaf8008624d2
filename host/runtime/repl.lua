--- The prompt: reads Lua, runs it, prints what it gives.
---
--- A line that is no complete program goes on with `>>`. An expression is printed, with or without `=` before it; the
--- first value is kept as `_`. What yields is waited for. Ctrl-c gives up the line, or what runs; ctrl-d leaves.
--- Names are completed with tab. What was typed is kept in $XDG_STATE_HOME/virgo/lua_history, or ~/.virgo_lua_history.

local uv = require('uv')
local core = require('core')
local pretty = require('pretty-print')
local readline = require('readline')
local turn = require('internal/turn')
local generator = require('require')
local complete = require('repl/complete')
local terminal = require('native.terminal')
local builtins = require('native.builtins')

local MAX_HISTORY = 1000
local MAX_CHUNK = 16 * 1024 * 1024
local FOREVER_MS = 2 ^ 31

--- A prompt with its variables: globals assigned at it are those of the program.
---@class Repl: Object
local Repl = core.Object:extend()

-- Modules are there without `require`, unless the program has such a name.
local function new_environment()
  local require, module = generator.generator('repl')
  local own = { require = require, module = module, exports = module.exports }
  return setmetatable(own, {
    __index = function(_, name)
      local value = rawget(_G, name)
      if value ~= nil then return value end
      if type(name) == 'string' and name:find('^%l+$') and name ~= 'main' and builtins.load(name) then
        return require(name)
      end
    end,
    __newindex = function(_, name, value) rawset(_G, name, value) end,
  })
end

function Repl:initialize(stdin, stdout, greeting, environment)
  self.stdin, self.stdout = stdin or pretty.stdin, stdout or pretty.stdout
  self.greeting = greeting
  self.environment = environment or new_environment()
  self.lines = {}
  self.size = 0
end

function Repl:_say(text)
  io.stdout:flush()
  self.stdout:write(text .. '\n')
end

-- ---- evaluating

-- The lines so far as a function; nil and why not, or nil if more lines must come.
local function compile(text, environment)
  local expression = text:gsub('^%s*=', '', 1)
  local chunk = loadstring('return ' .. expression, '=repl')
  local why
  if not chunk then
    chunk, why = loadstring(text, '=repl')
    if not chunk and expression ~= text then
      chunk, why = nil, select(2, loadstring('return ' .. expression, '=repl'))
    end
  end
  if chunk then return setfenv(chunk, environment) end
  if why:find("near '?<eof>'?$") then return nil end
  return nil, why
end

local function pack(...)
  return { n = select('#', ...), ... }
end

-- Where an error comes from, without the frames of this file.
local function with_traceback(err)
  local text = debug.traceback(tostring(err), 2)
  local frames, kept = {}, {}
  for line in text:gmatch('[^\n]+') do frames[#frames + 1] = line end
  for _, line in ipairs(frames) do
    if line:find("^\t%[C%]: in function 'xpcall'") then break end
    if not line:find('^\t%[builtin#') then kept[#kept + 1] = line end
  end
  if kept[#kept] == 'stack traceback:' then kept[#kept] = nil end
  return { text = table.concat(kept, '\n') }
end

function Repl:_print(results)
  if results.n == 0 then return end
  rawset(_G, '_', results[1])
  local shown = {}
  for i = 1, results.n do shown[i] = pretty.dump(results[i]) end
  self:_say(table.concat(shown, ', '))
end

-- Runs a function in a coroutine of its own; `done` is called when it is over.
function Repl:_run(chunk, done)
  local run = {}
  self.running = run
  local thread = coroutine.create(function()
    local results = pack(xpcall(chunk, with_traceback))
    if self.running ~= run then return end -- given up meanwhile
    self.running = nil
    if not results[1] then
      self:_say(results[2].text)
    else
      local shown, why = pcall(self._print, self, { n = results.n - 1, unpack(results, 2, results.n) })
      if not shown then self:_say(tostring(why)) end
    end
    return done()
  end)
  run.thread = thread
  local ok, err = coroutine.resume(thread)
  if not ok then error(debug.traceback(thread, tostring(err)), 0) end
end

-- Takes a line; `done` gets the next prompt when it was dealt with.
function Repl:_take(line, done)
  self.lines[#self.lines + 1] = line
  self.size = self.size + #line + 1
  local text = table.concat(self.lines, '\n')
  if self.size > MAX_CHUNK then
    self:_drop()
    self:_say('too long: more than ' .. MAX_CHUNK .. ' bytes')
    return done('>')
  end
  local chunk, why = compile(text, self.environment)
  if not chunk and not why then return done('>>') end
  self:_drop()
  if not chunk then
    self:_say(why)
    return done('>')
  end
  self:_run(chunk, function() done('>') end)
end

function Repl:_drop()
  self.lines, self.size = {}, 0
end

--- Runs a line, or keeps it when it is no complete program yet. What it gives is printed.
---@param line string
---@return string prompt ">", or ">>" when more lines must follow
function Repl:evaluateLine(line)
  local prompt = '>'
  self:_take(line, function(next_prompt) prompt = next_prompt end)
  return prompt
end

-- ---- the history in a file

local function history_path()
  local state = os.getenv('XDG_STATE_HOME')
  if state and state:sub(1, 1) == '/' then
    return state .. '/virgo/lua_history', { state, state .. '/virgo' }
  end
  local home = os.getenv('HOME')
  if home and home ~= '' then return home .. '/.virgo_lua_history', {} end
end

local function load_history(history)
  local path = history_path()
  local file = path and io.open(path, 'rb')
  if not file then return end
  -- A file that somebody else made huge is read from its end.
  local size = file:seek('end') or 0
  file:seek('set', math.max(0, size - MAX_CHUNK))
  history:load(file:read('*a') or '')
  file:close()
end

-- In one step, so that two prompts that end together do not mix their lines.
local function save_history(history)
  local path, folders = history_path()
  if not path or #history == 0 then return end
  for _, folder in ipairs(folders) do uv.fs_mkdir(folder, 448) end
  local part = path .. '.' .. uv.os_getpid()
  local fd, err = uv.fs_open(part, 'wx', 384)
  if not fd then return nil, err end
  local text = history:dump() .. '\n'
  local written, why = uv.fs_write(fd, text, 0)
  uv.fs_close(fd)
  if written ~= #text or not uv.fs_rename(part, path) then
    uv.fs_unlink(part)
    return nil, why or 'the disk is full'
  end
  return true
end

-- ---- the dialogue

-- However the program ends by itself: the history is kept, and the terminal as it was.
function Repl:_at_exit()
  process:once('exit', function()
    local ok, err = save_history(self.editor.history)
    if ok == nil and err then self:_say('the history was not kept: ' .. tostring(err)) end
    terminal.interrupts(nil)
  end)
end

-- While something runs the terminal is an ordinary one, and ctrl-c a signal.
function Repl:_evaluate(line)
  local alive = turn.hide(uv.new_timer())
  alive:start(FOREVER_MS, FOREVER_MS, function() end)
  local function over(prompt)
    if not alive then return end
    alive:close()
    alive, self.over = nil, nil
    terminal.busy(false)
    return self:_ask(prompt)
  end
  self.over = over
  terminal.busy(true)
  local ok, err = pcall(self._take, self, line, function(prompt)
    turn.soon(over, prompt)
  end)
  if ok then return end
  -- The signal came just before the program ran, or just after.
  self:_give_up(tostring(err):find('interrupted$') and 'interrupted' or tostring(err))
end

function Repl:_give_up(why)
  if not self.over then return end
  self:_drop()
  self.running = nil
  self:_say(why)
  self.over('>')
end

function Repl:_ask(prompt)
  self.editor:readLine(prompt .. ' ', function(err, line, reason)
    if err then
      self:_say(tostring(err))
      return process:exit(1)
    end
    if line then return self:_evaluate(line) end
    if reason:find('^SIGINT') then
      self:_drop()
      return self:_ask('>')
    end
    process:exit()
  end)
end

-- An error in a callback is shown above the prompt and does not end it.
function Repl:_show_uncaught()
  process:on('uncaughtException', function(err)
    local text = type(err) == 'table' and rawget(err, 'traceback') or err
    if self.editor.reading then
      self.editor:insertAbove('Uncaught: ' .. tostring(text))
    else
      self:_say('Uncaught: ' .. tostring(text))
    end
  end)
end

-- What runs when the standard input is no terminal: the program in it.
local function run_input()
  local parts = {}
  while true do
    local chunk, err = uv.fs_read(0, 65536, -1)
    if not chunk then error('cannot read the standard input: ' .. err, 0) end
    if chunk == '' then break end
    parts[#parts + 1] = chunk
  end
  local text = table.concat(parts):gsub('^#[^\n]*', '')
  local chunk, why = loadstring(text, '=stdin')
  if not chunk then error(why, 0) end
  local require, module = generator.generator('stdin')
  setfenv(chunk, setmetatable({ require = require, module = module, exports = module.exports },
    { __index = _G }))
  return chunk()
end

--- Begins the dialogue. Without a terminal the standard input is a program, which is run.
function Repl:start()
  if type(self.stdin.set_mode) ~= 'function' then return run_input() end
  local history = readline.History:new(MAX_HISTORY)
  load_history(history)
  self.editor = readline.Editor:new({ stdin = self.stdin, stdout = self.stdout, history = history,
    completionCallback = function(before) return complete(self.environment, before) end })
  self:_show_uncaught()
  self:_at_exit()
  terminal.interrupts(function() self:_give_up('interrupted') end)
  if self.greeting ~= false then
    self:_say(self.greeting or ('Virgo, ' .. jit.version .. '. Ctrl-d leaves, tab completes.'))
  end
  self:_ask('>')
end

local repl = { Repl = Repl }

--- Begins a dialogue on the terminal, or on two handles of it. Returns at once.
---@param stdin? userdata
---@param stdout? userdata
---@param greeting? string|false the first line shown
function repl.start(stdin, stdout, greeting)
  return Repl:new(stdin, stdout, greeting):start()
end

local own

--- Runs a line in the variables of the program, as at the prompt.
---@param line string
---@return string prompt ">", or ">>" when more lines must follow
function repl.evaluateLine(line)
  own = own or Repl:new()
  return own:evaluateLine(line)
end

-- Luvit's way: require('repl')(stdin, stdout, greeting).start()
return setmetatable(repl, {
  __call = function(_, stdin, stdout, greeting)
    local made = Repl:new(stdin, stdout, greeting)
    return {
      start = function() return made:start() end,
      evaluateLine = function(line) return made:evaluateLine(line) end,
    }
  end,
})
