-- The bootstrap of a program: globals, the main file in a coroutine, its end.
-- Called by the host with the native halves, the program's words (0: the
-- executable, 1: the main file, ...) and a chunk to run in place of a file.
-- Returns how the host reports an uncaught error, tells the program that nothing
-- is left to wait for, and starts it.
local natives, argv, source = ...

local builtins = natives.builtins
local uv = require('uv')

-- pairs and ipairs look at __pairs and __ipairs as in Lua 5.2, which this LuaJIT
-- does not. What they return for plain tables compiles like the original.
do
  local next, type, getmetatable = next, type, debug.getmetatable
  local plainPairs, plainIpairs = pairs, ipairs

  function pairs(value)
    local meta = getmetatable(value)
    if meta then
      local own = meta.__pairs
      if own then
        return own(value)
      end
    end
    if type(value) == 'table' then
      return next, value, nil
    end
    return plainPairs(value)
  end

  local function ownIpairs(value)
    if type(value) == 'cdata' then
      return value.__ipairs -- raises where the type has no such member
    end
    local meta = getmetatable(value)
    return meta and meta.__ipairs
  end

  function ipairs(value)
    if type(value) ~= 'table' then
      local ok, own = pcall(ownIpairs, value)
      if ok and own then
        return own(value)
      end
    end
    return plainIpairs(value)
  end
end

-- Until require.lua is there: the few modules it needs itself.
local early = { uv = uv, ['native.builtins'] = builtins, ['native.require'] = require }
local plain_require = require

local function require_early(name)
  if early[name] == nil then
    local chunk = builtins.load(name)
    setfenv(chunk, setmetatable({ require = require_early }, { __index = _G }))
    early[name] = chunk(name)
  end
  return early[name]
end

local generator = require_early('require')

-- What built-in modules alone may ask for.
local function private(name)
  local native = name:match('^native%.(.+)$')
  if native == 'require' then return plain_require end
  if native then return natives[native] end
  return plain_require(name)
end
generator.setPrivate(private)

local builtin = generator.builtin
local hosted = builtin('process')
process = hosted.globalProcess()
for i, word in pairs(argv) do process.argv[i] = word end
args = argv

-- p and print come with the first call; many programs print nothing.
local function printer(name)
  return function(...)
    local pretty = builtin('pretty-print')
    p, print = pretty.prettyPrint, pretty.print
    return pretty[name](...)
  end
end
p, print = printer('prettyPrint'), printer('print')

function string.levenshtein(...)
  builtin('helpful') -- puts the real one in this one's place
  return string.levenshtein(...)
end

-- The end without more ado, through the host: it gives the terminal back.
function os.exit(code)
  if code == nil or code == true then code = 0 end
  natives.process.exit(code or 1)
end

local function main()
  if not source and not argv[1] then
    return builtin('repl').start()
  end
  local ok, chunk = pcall(generator.main, argv[1] or '(command line)', source)
  if not ok then
    return hosted.uncaught(chunk, '')
  end
  return chunk(unpack(argv, 2))
end

local traceback = builtin('internal/traceback')

local function uncaught(err, text)
  return hosted.uncaught(err, traceback.whole(err, text))
end

local function run()
  uv.update_time() -- timers count from here, not from the start of the process
  local debugging = natives.debugging
  if debugging.inspect_handles then builtin('internal/handles').start() end
  if debugging.profile then builtin('internal/profile').start(debugging.profile) end
  local thread = coroutine.create(main)
  local ok, err = coroutine.resume(thread)
  if not ok then uncaught(err, debug.traceback(thread)) end
end

-- In a thread: a function from its code, with what a main file sees.
local function compile(code)
  local chunk, err = loadstring(code, '=thread')
  if not chunk then error(err, 0) end
  local fileRequire, module = generator.generator(argv[1] or '(command line)')
  return setfenv(chunk, setmetatable(
    { require = fileRequire, module = module, exports = module.exports }, { __index = _G }))
end

local function worker()
  return builtin('internal/worker')(compile)
end

return uncaught, hosted.finish, run, worker
