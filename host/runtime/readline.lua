--- Lines from a person: edited on a terminal, with a history and completion, or
--- plain lines when the input is a file or a pipe.

local core = require('core')
local Editor = require('readline/editor')
local History = require('readline/history')

local readline = { Editor = Editor, History = History }

-- A line of a pipe that is longer is an error, not memory.
local MAX_LINE = 1024 * 1024

-- What came after the line that was asked for, by input: a text for a terminal,
-- { bytes, ended } for others.
local kept = setmetatable({}, { __mode = 'k' })

local function take_line(state)
  local stop = state.bytes:find('\n', state.searched, true)
  if stop then
    local line = state.bytes:sub(1, stop - 1):gsub('\r$', '')
    state.bytes, state.searched = state.bytes:sub(stop + 1), 1
    return line
  end
  state.searched = #state.bytes + 1
  if state.ended and state.bytes ~= '' then
    local line = state.bytes
    state.bytes, state.searched = '', 1
    return line
  end
end

-- Reads with `take` until it says to stop; for handles of uv and for streams.
local function listen(stdin, take)
  if type(stdin.read_start) == 'function' then
    stdin:read_start(take)
    return function() stdin:read_stop() end
  end
  local function on_data(chunk) take(nil, chunk) end
  local function on_end() take(nil, nil) end
  local function on_error(err) take(err) end
  stdin:on('data', on_data)
  stdin:on('end', on_end)
  stdin:on('error', on_error)
  if stdin.resume then stdin:resume() end
  return function()
    if stdin.pause then stdin:pause() end
    stdin:removeListener('data', on_data)
    stdin:removeListener('end', on_end)
    stdin:removeListener('error', on_error)
  end
end

local function read_plain(stdin, stdout, prompt, callback)
  if prompt ~= '' then stdout:write(prompt) end
  local state = kept[stdin] or { bytes = '', searched = 1 }
  kept[stdin] = state
  local stop, over
  local function finish(...)
    over = true
    if stop then stop() end
    callback(...)
  end
  local function look()
    local line = take_line(state)
    if line and #line <= MAX_LINE then return finish(nil, line) end
    if state.ended and not line then return finish(nil, false, 'EOF in readLine') end
    if line or #state.bytes > MAX_LINE then
      if not line then state.bytes, state.searched = '', 1 end
      finish(core.Error:new('EMSGSIZE: a line longer than ' .. MAX_LINE .. ' bytes, read', 'EMSGSIZE'))
    end
  end
  look()
  if over then return end
  stop = listen(stdin, function(err, chunk)
    if over then return end
    if err then return finish(core.instanceof(err, core.Error) and err or core.Error.fromUv(err, 'read')) end
    if chunk then state.bytes = state.bytes .. chunk else state.ended = true end
    look()
  end)
  if over then stop() end
end

local function start(prompt, options, callback)
  local stdin, stdout = options.stdin, options.stdout
  if not (stdin and stdout) then
    local terminal = require('pretty-print')
    stdin, stdout = stdin or terminal.stdin, stdout or terminal.stdout
  end
  if type(stdin.set_mode) ~= 'function' then
    return read_plain(stdin, stdout, prompt, callback)
  end
  local editor = Editor:new({ stdin = stdin, stdout = stdout, history = options.history,
    completionCallback = options.completionCallback, wordPattern = options.wordPattern })
  editor.pending = kept[stdin] or ''
  editor:readLine(prompt, function(...)
    kept[stdin] = editor.pending
    callback(...)
  end)
end

--- Asks for a line. On a terminal it is edited; otherwise the next line of the input is taken. Options as those of
--- `Editor`; by default `stdin` and `stdout` of the process. The line is without its end; false with a reason
--- ("EOF in readLine", "SIGINT in readLine") when there is none. Yields in a coroutine when no callback is given.
---@param prompt string
---@param options? table
---@param callback? fun(err: Error?, line: string|false|nil, reason: string?)
---@return string|false|nil line
---@return string|Error|nil reason
---@overload fun(prompt: string, callback: fun(err: Error?, line: string|false|nil, reason: string?))
function readline.readLine(prompt, options, callback)
  if type(options) == 'function' then options, callback = nil, options end
  if type(prompt) ~= 'string' then
    error('readLine: the prompt must be a string, not ' .. type(prompt), 2)
  end
  options = options or {}
  if callback then return start(prompt, options, callback) end
  local thread = coroutine.running()
  if not thread then error('readLine: a callback is needed outside of a coroutine', 2) end
  local early, waiting
  start(prompt, options, function(err, line, reason)
    local result, why = line, reason
    if err then result, why = nil, err end
    if not waiting then
      early = { result, why }
      return
    end
    core.assertResume(thread, result, why)
  end)
  if early then return early[1], early[2] end
  waiting = true
  return coroutine.yield()
end

return readline
