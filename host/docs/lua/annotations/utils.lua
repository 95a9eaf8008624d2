---@meta utils
-- Generated from host/runtime by ./dev docs.

--- Small helpers, and everything of pretty-print.
---@class utils.module
local utils = {}

--- Makes a function that calls `fn` with `self` and the arguments given here before its own.
---@param fn fun(...)
---@param self any
---@param ... any
---@return fun(...) bound
function utils.bind(fn, self, ...) end

--- Does nothing.
function utils.noop() end

--- Resumes a coroutine; an error in it is raised here, with its traceback.
---@param thread thread
---@param ... any
---@return any ... what it yielded or returned
function utils.assertResume(thread, ...) end

--- Calls `fn` with the arguments and a callback (err, ...) at the end, for whatever the
--- caller has: a function is that callback; a coroutine, which must be the running one, waits
--- and gets the results, or nil and the error; nil ignores them.
---@param continuation fun(err: any, ...)|thread|nil
---@param fn fun(...)
---@param ... any
---@return any ...
function utils.adapt(continuation, fn, ...) end

--- The same as pretty_print.color.
utils.color = nil

--- The same as pretty_print.colorize.
utils.colorize = nil

--- The same as pretty_print.dump.
utils.dump = nil

--- The same as pretty_print.loadColors.
utils.loadColors = nil

--- The same as pretty_print.prettyPrint.
utils.p = nil

--- The same as pretty_print.prettyPrint.
utils.prettyPrint = nil

--- The same as pretty_print.print.
utils.print = nil

---@type table
utils.stderr = nil

---@type table
utils.stdin = nil

---@type table
utils.stdout = nil

--- The same as pretty_print.strip.
utils.strip = nil

---@type table
utils.theme = nil

return utils
