-- How fs reaches uv: the same call with a callback, in a coroutine, and blocking.
-- Not for programs.

local core = require('core')
local task = require('task')
local turn = require('internal/turn')

local assertResume, fromUv = core.assertResume, core.Error.fromUv
local running, yield = coroutine.running, coroutine.yield

local call = {}

function call.isCallback(value)
  local kind = type(value)
  return kind == 'function' or kind == 'thread'
end

-- The function to call, or nil for "yield in this coroutine", which is also what a
-- thread in its place means.
local function target(callback, operation)
  if type(callback) == 'function' then
    return callback
  end
  local thread, main = running()
  if not thread or main == true then
    error('fs.' .. operation .. ' needs a callback when it is not called in a coroutine', 4)
  end
  if callback ~= nil and callback ~= thread then
    error('fs.' .. operation .. ': the callback must be a function, not a '
      .. (type(callback) == 'thread' and 'thread that is not running' or type(callback)), 4)
  end
  return nil
end

-- What uv reported as an Error. `path` is a text, or {from, to}.
local function failure(err, operation, path)
  if type(path) ~= 'table' then
    return fromUv(err, operation, path)
  end
  local from, to = path[1], path[2]
  local both = ': ' .. from .. ' -> ' .. to
  if err:sub(-#both) == both then
    err = err:sub(1, -#both - 1)
  end
  local made = fromUv(err, operation, from .. "' -> '" .. to)
  made.path, made.dest = from, to
  return made
end
call.failure = failure

-- Starts start(..., done). The result goes to the callback as (nil, result), or is
-- returned; an error as (err), or as nil, err.
function call.async(callback, operation, path, start, ...)
  callback = target(callback, operation)
  local n, arguments = select('#', ...) + 1, { ... }
  if callback then
    arguments[n] = function(err, result)
      if err then
        return callback(failure(err, operation, path))
      end
      return callback(nil, result)
    end
    local request, err = start(unpack(arguments, 1, n))
    if not request then
      turn.soon(callback, failure(err, operation, path))
    end
    return
  end
  local thread = running()
  arguments[n] = function(err, result)
    if err then
      return assertResume(thread, nil, failure(err, operation, path))
    end
    return assertResume(thread, result)
  end
  local request, err = start(unpack(arguments, 1, n))
  if not request then
    return nil, failure(err, operation, path)
  end
  return yield()
end

-- What a blocking call of uv gave: the result, or nil, the Error and its code.
function call.sync(operation, path, result, err)
  if result == nil then
    local made = failure(err, operation, path)
    return nil, made, made.code
  end
  return result
end

-- Runs body(io, ...), straight-line code that returns a result or nil, err, and
-- yields in io's functions: in a coroutine of its own when there is a callback.
function call.routine(callback, operation, body, io, ...)
  callback = target(callback, operation)
  if not callback then
    return body(io, ...)
  end
  task.run(function(...)
    local result, err = body(io, ...)
    if err then
      return callback(err)
    end
    return callback(nil, result)
  end, ...)
end

-- A file mode: a number, or octal digits.
function call.mode(value, default)
  if value == nil then
    return default
  end
  local mode = type(value) == 'string' and tonumber(value, 8) or value
  if type(mode) ~= 'number' then
    error('a file mode is a number or a string of octal digits, not ' .. tostring(value), 3)
  end
  return mode
end

-- What a blocking function of several steps returns: with the code as third value,
-- as those of one step do.
function call.coded(result, err)
  if result == nil and err then
    return nil, err, err.code
  end
  return result
end

return call
