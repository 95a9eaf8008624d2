---@meta core
-- Generated from host/runtime by ./dev docs.

--- Classes, events and errors: what every other module is built from.
---@class core.module
local core = {}

-- of core.lua, Object
--- The root of all classes. A class is a table with its methods; an instance has
--- the class's `meta` as its metatable.
---@class Object
---@field meta table the metatable of the instances; copied to classes that extend this one
local class_Object = {}

--- Makes an instance without calling `initialize`.
---@return Object instance
function class_Object:create() end

--- Makes an instance and hands the arguments to its `initialize`, if it has one.
---@param ... any
---@return Object instance
function class_Object:new(...) end

--- Makes a class that inherits from this one. The metamethods set in this class's
--- `meta` so far are copied.
---@return Object class
function class_Object:extend() end

core.Object = class_Object

-- of core.lua, Error
--- An error with a sentence for people and a code for programs. It may be used like
--- the string it prints as: joined with `..`, searched with `match` and `find`.
---@class Error: Object
---@field message string
---@field code string|nil such as "ENOENT"
---@field traceback string|nil where it was raised, once it has left a coroutine or a callback
local class_Error = {}

--- A message of the form "ENOENT: no such file" gives the code when none is given.
---@param message string
---@param code string|nil
function class_Error:initialize(message, code) end

--- The error for a failed call of uv, which reports "ENOENT: no such file or directory".
---@param err string what uv returned
---@param operation string what was tried, such as "open"
---@param object string|nil what it was tried on, such as the path
---@return Error error "ENOENT: no such file or directory, open '/x'", with the fields syscall and path
function class_Error.fromUv(err, operation, object) end

core.Error = class_Error

-- of core.lua, Emitter
--- A thing that has events. An emitter without listeners holds no tables for them.
---
--- A listener removed while its event is emitted is not called any more; one added
--- meanwhile is called from the next event on. `error` without a listener raises.
--- event error(err any): something failed; must be listened to.
---@class Emitter: Object
local class_Emitter = {}

--- What happens with an event nobody listens to: `error` goes to the listeners of
--- the process's `error` event (with the emitter as second argument), and is raised
--- when there are none. Classes may override it.
---@param name any
---@param ... any
function class_Emitter:missingHandlerType(name, ...) end

--- Adds a listener, to be called with the arguments of each event of that name.
---@param name any
---@param callback fun(...)
---@return Emitter self
function class_Emitter:on(name, callback) end

--- Adds a listener for the next event of that name only.
---@param name any
---@param callback fun(...)
---@return Emitter self
function class_Emitter:once(name, callback) end

--- Calls the listeners of an event, in the order they were added.
---@param name any
---@param ... any
---@return Emitter self
function class_Emitter:emit(name, ...) end

--- How many listeners an event has.
---@param name any
---@return integer
function class_Emitter:listenerCount(name) end

--- The listeners of an event, as a new table.
---@param name any
---@return function[]
function class_Emitter:listeners(name) end

--- Removes a listener, whether added with `on` or `once`; the newest if it was added
--- more than once. One that is not there is no error.
---@param name any
---@param callback fun(...)
---@return Emitter self
function class_Emitter:removeListener(name, callback) end

--- Removes all listeners of an event, or of every event when no name is given.
---@param name any|nil
---@return Emitter self
function class_Emitter:removeAllListeners(name) end

--- Makes `self[name]` a function to be given as a callback: its first argument, if
--- any, becomes an `error` event; the others go to the method of that name.
---@param name string
---@return fun(err: any, ...) callback
function class_Emitter:wrap(name) end

--- Emits every event of that name on `target` too.
---@param name any
---@param target Emitter
---@return Emitter target
function class_Emitter:propagate(name, target) end

--- Waits in a coroutine for the next event of that name. An `error` event meanwhile,
--- or the end of the timeout (code "ETIMEDOUT"), gives nil and the error.
---@param name any
---@param timeout number|nil milliseconds
---@return any ... the event's arguments, or nil and the error
function class_Emitter:wait(name, timeout) end

core.Emitter = class_Emitter

--- Resumes `thread`; an error in it is raised in the caller, with the traceback of
--- the coroutine, so that it is never lost. An error that is a table keeps its
--- identity and gets the traceback as its field `traceback`.
---@param thread thread
---@param ... any what the coroutine's yield returns
---@return any ... what the coroutine yielded or returned
function core.assertResume(thread, ...) end

--- Whether `value` is an instance of `class` or of a class that extends it.
---@param value any
---@param class Object
---@return boolean
function core.instanceof(value, class) end

return core
