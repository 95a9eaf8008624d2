---@meta repl
-- Generated from host/runtime by ./dev docs.

--- The prompt: reads Lua, runs it, prints what it gives.
---
--- A line that is no complete program goes on with `>>`. An expression is printed, with or without `=` before it; the
--- first value is kept as `_`. What yields is waited for. Ctrl-c gives up the line, or what runs; ctrl-d leaves.
--- Names are completed with tab. What was typed is kept in $XDG_STATE_HOME/virgo/lua_history, or ~/.virgo_lua_history.
---@class repl.module
local repl = {}

-- of repl.lua, Repl
--- A prompt with its variables: globals assigned at it are those of the program.
---@class Repl: Object
local class_Repl = {}

--- Runs a line, or keeps it when it is no complete program yet. What it gives is printed.
---@param line string
---@return string prompt ">", or ">>" when more lines must follow
function class_Repl:evaluateLine(line) end

--- Begins the dialogue. Without a terminal the standard input is a program, which is run.
function class_Repl:start() end

repl.Repl = class_Repl

--- Begins a dialogue on the terminal, or on two handles of it. Returns at once.
---@param stdin? userdata
---@param stdout? userdata
---@param greeting? string|false the first line shown
function repl.start(stdin, stdout, greeting) end

--- Runs a line in the variables of the program, as at the prompt.
---@param line string
---@return string prompt ">", or ">>" when more lines must follow
function repl.evaluateLine(line) end

return repl
