-- The bootstrap of a program: globals, the main file in a coroutine, its end.
-- Called by the host with the native halves, the program's words (0: the
-- executable, 1: the main file, ...) and a chunk to run in place of a file.
-- Returns how the host reports an uncaught error, tells the program that nothing
-- is left to wait for, and starts it.
local natives, argv, source = ...

local builtins = natives.builtins
local uv = require('uv')

-- Until a file's own require exists: built-in modules, by name.
local loaded = { uv = uv }
local function require_builtin(name)
  if loaded[name] ~= nil then return loaded[name] end
  local native = name:match('^native%.(.+)$')
  if native then return natives[native] end
  local load = builtins.load(name)
  if not load then return require(name) end
  local module = { exports = {} }
  local env = setmetatable({ require = require_builtin, module = module, exports = module.exports },
    { __index = _G })
  setfenv(load, env)
  local result = load(name)
  if result == nil then result = module.exports end
  loaded[name] = result
  return result
end

args = argv

-- Prints an error that nobody caught, and ends the program.
local function uncaught(err, traceback)
  io.stdout:flush()
  io.stderr:write('Uncaught: ', tostring(err), '\n', traceback, '\n')
  natives.process.exit(1)
end

-- Nothing is left to wait for: the exit code.
local function finish()
  io.stdout:flush()
  return 0
end

local function run()
  local chunk, why
  if source then
    chunk, why = loadstring(source, '=(command line)')
  elseif argv[1] then
    chunk, why = loadfile(argv[1])
  else
    error('no REPL yet')
  end
  if not chunk then error(why, 0) end
  setfenv(chunk, setmetatable({ require = require_builtin }, { __index = _G }))
  local main = coroutine.create(chunk)
  local ok, err = coroutine.resume(main, unpack(argv, 2))
  if not ok then uncaught(err, debug.traceback(main)) end
end

return uncaught, finish, run
