--- Small helpers, and everything of pretty-print.

local core = require('core')

local utils = {}

for name, value in pairs(require('pretty-print')) do
  utils[name] = value
end

--- Makes a function that calls `fn` with `self` and the arguments given here before its own.
---@param fn fun(...)
---@param self any
---@param ... any
---@return fun(...) bound
function utils.bind(fn, self, ...)
  local count = select('#', ...)
  if count == 0 then
    return function(...)
      return fn(self, ...)
    end
  end
  local bound = { ... }
  return function(...)
    local arguments, more = { unpack(bound, 1, count) }, select('#', ...)
    for i = 1, more do
      arguments[count + i] = (select(i, ...))
    end
    return fn(self, unpack(arguments, 1, count + more))
  end
end

--- Does nothing.
function utils.noop() end

--- Resumes a coroutine; an error in it is raised here, with its traceback.
---@param thread thread
---@param ... any
---@return any ... what it yielded or returned
utils.assertResume = core.assertResume

--- Calls `fn` with the arguments and a callback (err, ...) at the end, for whatever the
--- caller has: a function is that callback; a coroutine, which must be the running one, waits
--- and gets the results, or nil and the error; nil ignores them.
---@param continuation fun(err: any, ...)|thread|nil
---@param fn fun(...)
---@param ... any
---@return any ...
function utils.adapt(continuation, fn, ...)
  local count, arguments = select('#', ...), { ... }
  if continuation == nil then
    continuation = utils.noop
  end
  if type(continuation) == 'function' then
    arguments[count + 1] = continuation
    return fn(unpack(arguments, 1, count + 1))
  elseif type(continuation) ~= 'thread' then
    error('adapt wants a function or a coroutine, not ' .. type(continuation), 2)
  end
  local waits, early = false, nil
  local function give(err, ...)
    if err then
      return nil, err
    end
    return ...
  end
  arguments[count + 1] = function(...)
    if waits then
      return core.assertResume(continuation, give(...))
    end
    early = { n = select('#', ...), ... }
  end
  fn(unpack(arguments, 1, count + 1))
  if early then
    return give(unpack(early, 1, early.n))
  end
  waits = true
  return coroutine.yield()
end

return utils
