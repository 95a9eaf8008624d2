--- Classes, events and errors: what every other module is built from.

local core = {}

local running, resume, status, yield =
  coroutine.running, coroutine.resume, coroutine.status, coroutine.yield

--- Resumes `thread`; an error in it is raised in the caller, with the traceback of
--- the coroutine, so that it is never lost. An error that is a table keeps its
--- identity and gets the traceback as its field `traceback`.
---@param thread thread
---@param ... any what the coroutine's yield returns
---@return any ... what the coroutine yielded or returned
function core.assertResume(thread, ...)
  return core.checkResume(thread, resume(thread, ...))
end

function core.checkResume(thread, ok, ...)
  if ok then
    return ...
  end
  local err = ...
  if type(err) == 'table' then
    if rawget(err, 'traceback') == nil then
      err.traceback = debug.traceback(thread, tostring(err))
    end
    error(err, 0)
  end
  error(debug.traceback(thread, tostring(err)), 0)
end

local assertResume = core.assertResume

--------------------------------------------------------------------------------

--- The root of all classes. A class is a table with its methods; an instance has
--- the class's `meta` as its metatable.
---@class Object
---@field meta table the metatable of the instances; copied to classes that extend this one
local Object = {}
Object.meta = { __index = Object }
core.Object = Object

--- Makes an instance without calling `initialize`.
---@return Object instance
function Object:create()
  local meta = rawget(self, 'meta')
  if not meta then
    error('create and new are called on a class, not on an instance', 2)
  end
  return setmetatable({}, meta)
end

--- Makes an instance and hands the arguments to its `initialize`, if it has one.
---@param ... any
---@return Object instance
function Object:new(...)
  local meta = rawget(self, 'meta')
  if not meta then
    error('create and new are called on a class, not on an instance', 2)
  end
  local instance = setmetatable({}, meta)
  local initialize = self.initialize
  if initialize then
    initialize(instance, ...)
  end
  return instance
end

--- Makes a class that inherits from this one. The metamethods set in this class's
--- `meta` so far are copied.
---@return Object class
function Object:extend()
  local meta = {}
  for key, value in pairs(self.meta) do
    meta[key] = value
  end
  local class = setmetatable({}, self.meta)
  meta.__index = class
  meta.super = self
  class.meta = meta
  return class
end

--- Whether `value` is an instance of `class` or of a class that extends it.
---@param value any
---@param class Object
---@return boolean
function core.instanceof(value, class)
  local wanted = type(class) == 'table' and rawget(class, 'meta')
  if not wanted or type(value) ~= 'table' then
    -- a class whose instances are no tables knows them itself
    local isInstance = wanted and rawget(class, 'isInstance')
    return isInstance and isInstance(value) or false
  end
  local meta = value.meta
  while type(meta) == 'table' do
    if meta == wanted then
      return true
    end
    meta = meta.super and meta.super.meta
  end
  return false
end

--------------------------------------------------------------------------------

--- An error with a sentence for people and a code for programs. It may be used like
--- the string it prints as: joined with `..`, searched with `match` and `find`.
---@class Error: Object
---@field message string
---@field code string|nil such as "ENOENT"
---@field traceback string|nil where it was raised, once it has left a coroutine or a callback
local Error = Object:extend()
core.Error = Error

function Error.meta.__tostring(self)
  return self.message
end

function Error.meta.__concat(left, right)
  return tostring(left) .. tostring(right)
end

--- A message of the form "ENOENT: no such file" gives the code when none is given.
---@param message string
---@param code string|nil
function Error:initialize(message, code)
  self.message = tostring(message)
  if code ~= nil then
    self.code = tostring(code)
  else
    self.code = self.message:match('^([A-Z][A-Z0-9_]+):')
  end
end

for _, name in ipairs { 'find', 'match', 'gmatch', 'gsub', 'sub', 'lower', 'upper', 'len' } do
  local method = string[name]
  Error[name] = function(self, ...)
    return method(self.message, ...)
  end
end

--- The error for a failed call of uv, which reports "ENOENT: no such file or directory".
---@param err string what uv returned
---@param operation string what was tried, such as "open"
---@param object string|nil what it was tried on, such as the path
---@return Error error "ENOENT: no such file or directory, open '/x'", with the fields syscall and path
function Error.fromUv(err, operation, object)
  err = tostring(err)
  local code, sentence = err:match('^([A-Z][A-Z0-9_]+):%s*(.*)$')
  if not code then
    code, sentence = err:match('^[A-Z][A-Z0-9_]+$'), err
  end
  -- luv appends the path to what fs calls report
  if object and sentence:sub(-#object - 2) == ': ' .. object then
    sentence = sentence:sub(1, -#object - 3)
  end
  local message = (code and code ~= sentence and code .. ': ' or '') .. sentence .. ', ' .. operation
  if object then
    message = message .. " '" .. object .. "'"
  end
  local made = Error:new(message, code)
  made.syscall, made.path = operation, object
  return made
end

--------------------------------------------------------------------------------

--- A thing that has events. An emitter without listeners holds no tables for them.
---
--- A listener removed while its event is emitted is not called any more; one added
--- meanwhile is called from the next event on. `error` without a listener raises.
--- event error(err any): something failed; must be listened to.
---@class Emitter: Object
local Emitter = Object:extend()
core.Emitter = Emitter

-- handlers[name] is one of
--   a function             the only listener
--   {function, once}       the only listener, to be called once
--   {{function, once}...}  a list; it only ever grows in place. Removal makes a new
--                          list and sets the entry's function to false, which is
--                          what an emit that walks the old list looks at.

-- Tables and userdata that can be called are welcome as listeners.
local function asFunction(callable)
  local meta = debug.getmetatable(callable)
  if not (meta and meta.__call) then
    error('a listener must be a function, not ' .. type(callable), 3)
  end
  return function(...)
    return callable(...)
  end
end

local function add(self, name, callback, once)
  local handlers = rawget(self, 'handlers')
  if not handlers then
    handlers = {}
    rawset(self, 'handlers', handlers)
  end
  local present = handlers[name]
  if not present then
    handlers[name] = once and { callback, true } or callback
  elseif type(present) == 'function' then
    handlers[name] = { { present, false }, { callback, once } }
  elseif type(present[1]) == 'table' then
    present[#present + 1] = { callback, once }
  else
    handlers[name] = { present, { callback, once } }
  end
  return self
end

local function drop(handlers, name, entry)
  local list, kept = handlers[name], {}
  entry[1] = false
  for i = 1, #list do
    if list[i] ~= entry then
      kept[#kept + 1] = list[i]
    end
  end
  handlers[name] = kept[1] and kept or nil
end

--- What happens with an event nobody listens to: `error` goes to the listeners of
--- the process's `error` event (with the emitter as second argument), and is raised
--- when there are none. Classes may override it.
---@param name any
---@param ... any
function Emitter:missingHandlerType(name, ...)
  if name ~= 'error' then
    return
  end
  local err = ...
  local process = rawget(_G, 'process')
  if process and process ~= self and process.listenerCount
    and process:listenerCount('error') > 0 then
    process:emit('error', err, self)
    return
  end
  error(err == nil and 'an "error" event without a listener' or err, 0)
end

--- Adds a listener, to be called with the arguments of each event of that name.
---@param name any
---@param callback fun(...)
---@return Emitter self
function Emitter:on(name, callback)
  if type(callback) ~= 'function' then
    callback = asFunction(callback)
  end
  return add(self, name, callback, false)
end

--- Adds a listener for the next event of that name only.
---@param name any
---@param callback fun(...)
---@return Emitter self
function Emitter:once(name, callback)
  if type(callback) ~= 'function' then
    callback = asFunction(callback)
  end
  return add(self, name, callback, true)
end

local function emitList(self, handlers, name, list, ...)
  for i = 1, #list do
    local entry = list[i]
    local callback = entry[1]
    if callback then
      if entry[2] then
        drop(handlers, name, entry)
      end
      callback(...)
    end
  end
  return self
end

--- Calls the listeners of an event, in the order they were added.
---@param name any
---@param ... any
---@return Emitter self
function Emitter:emit(name, ...)
  local handlers = self.handlers
  local present = handlers and handlers[name]
  if not present then
    self:missingHandlerType(name, ...)
    return self
  end
  if type(present) == 'function' then
    present(...)
    return self
  end
  local callback = present[1]
  if type(callback) == 'function' then
    handlers[name] = nil
    callback(...)
    return self
  end
  return emitList(self, handlers, name, present, ...)
end

--- How many listeners an event has.
---@param name any
---@return integer
function Emitter:listenerCount(name)
  local present = self.handlers and self.handlers[name]
  if not present then
    return 0
  end
  return type(present) == 'table' and type(present[1]) == 'table' and #present or 1
end

--- The listeners of an event, as a new table.
---@param name any
---@return function[]
function Emitter:listeners(name)
  local present = self.handlers and self.handlers[name]
  if not present then
    return {}
  elseif type(present) == 'function' then
    return { present }
  elseif type(present[1]) == 'function' then
    return { present[1] }
  end
  local list = {}
  for i = 1, #present do
    list[i] = present[i][1]
  end
  return list
end

--- Removes a listener, whether added with `on` or `once`; the newest if it was added
--- more than once. One that is not there is no error.
---@param name any
---@param callback fun(...)
---@return Emitter self
function Emitter:removeListener(name, callback)
  local handlers = self.handlers
  local present = handlers and handlers[name]
  if not present then
    return self
  end
  if present == callback then
    handlers[name] = nil
  elseif type(present) == 'table' then
    if present[1] == callback then
      handlers[name] = nil
    elseif type(present[1]) == 'table' then
      for i = #present, 1, -1 do
        if present[i][1] == callback then
          drop(handlers, name, present[i])
          break
        end
      end
    end
  end
  if next(handlers) == nil then
    self.handlers = nil
  end
  return self
end

local function dropAll(handlers, name)
  local present = handlers[name]
  if type(present) == 'table' and type(present[1]) == 'table' then
    for i = 1, #present do
      present[i][1] = false
    end
  end
  handlers[name] = nil
end

--- Removes all listeners of an event, or of every event when no name is given.
---@param name any|nil
---@return Emitter self
function Emitter:removeAllListeners(name)
  local handlers = self.handlers
  if not handlers then
    return self
  end
  if name ~= nil then
    dropAll(handlers, name)
  else
    for each in pairs(handlers) do
      dropAll(handlers, each)
    end
  end
  if next(handlers) == nil then
    self.handlers = nil
  end
  return self
end

--- Makes `self[name]` a function to be given as a callback: its first argument, if
--- any, becomes an `error` event; the others go to the method of that name.
---@param name string
---@return fun(err: any, ...) callback
function Emitter:wrap(name)
  local method = self[name]
  if type(method) ~= 'function' then
    error('wrap: there is no method ' .. tostring(name), 2)
  end
  local function callback(err, ...)
    if err then
      return self:emit('error', err)
    end
    return method(self, ...)
  end
  self[name] = callback
  return callback
end

--- Emits every event of that name on `target` too.
---@param name any
---@param target Emitter
---@return Emitter target
function Emitter:propagate(name, target)
  if type(target) ~= 'table' or not target.emit then
    error('propagate: the target must be an emitter', 2)
  end
  self:on(name, function(...)
    target:emit(name, ...)
  end)
  return target
end

--- Waits in a coroutine for the next event of that name. An `error` event meanwhile,
--- or the end of the timeout (code "ETIMEDOUT"), gives nil and the error.
---@param name any
---@param timeout number|nil milliseconds
---@return any ... the event's arguments, or nil and the error
function Emitter:wait(name, timeout)
  local thread, main = running()
  if not thread or main == true then
    error('wait must be called in a coroutine', 2)
  end
  local timer, onEvent, onError
  local waiting, early = true, nil

  local function finish(...)
    if not waiting then
      return
    end
    waiting = false
    self:removeListener(name, onEvent)
    if onError then
      self:removeListener('error', onError)
    end
    if timer then
      timer:close()
    end
    if status(thread) == 'suspended' then
      return assertResume(thread, ...)
    end
    early = { n = select('#', ...), ... } -- emitted by on() itself
  end

  onEvent = finish
  if name ~= 'error' then
    onError = function(err)
      return finish(nil, err)
    end
    self:on('error', onError)
  end
  self:on(name, onEvent)
  if early then
    return unpack(early, 1, early.n)
  end
  if timeout then
    timer = require('uv').new_timer()
    timer:start(timeout, 0, function()
      finish(nil, Error:new(('ETIMEDOUT: no event "%s" within %d ms'):format(tostring(name), timeout)))
    end)
  end
  return yield()
end

return core
