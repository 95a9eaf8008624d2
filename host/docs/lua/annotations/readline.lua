---@meta readline
-- Generated from host/runtime by ./dev docs.

--- Lines from a person: edited on a terminal, with a history and completion, or
--- plain lines when the input is a file or a pipe.
---@class readline.module
local readline = {}

-- of readline/editor.lua, Editor
--- Edits one line. `position` is the byte before which the cursor is, from 1.
---@class Editor: Row
---@field history History
---@field stdin any where keys come from
---@field completionCallback? fun(before: string): string|string[]|nil, integer?
local class_Editor = {}

--- Options: `stdin`, `stdout` (handles of uv, or anything with their methods), `history`, `completionCallback` (gets
--- the text before the cursor; gives what to put in its place, or a list of candidates for its end and the byte where
--- that end begins), `wordPattern` (a pattern for the characters of a word, default `[%w_]`).
---@param options table
function class_Editor:initialize(options) end

--- Puts a text at the cursor.
---@param text string
function class_Editor:insert(text) end

--- Deletes the character before the cursor.
function class_Editor:backspace() end

--- Deletes the character under the cursor.
function class_Editor:deleteKey() end

--- Moves to the beginning of the word before the cursor.
function class_Editor:jumpLeft() end

--- Moves behind the end of the next word.
function class_Editor:jumpRight() end

--- Kills from the cursor to the end.
function class_Editor:deleteEnd() end

--- Kills from the beginning to the cursor.
function class_Editor:deleteLine() end

--- Kills the blank-separated word before the cursor.
function class_Editor:deleteWord() end

--- Puts what was killed last at the cursor.
function class_Editor:yank() end

--- Exchanges the two characters around the cursor; at the end, the two before it.
function class_Editor:swap() end

--- Goes `delta` lines in the history: -1 is the one before. What was typed is kept as the last one.
---@param delta integer
function class_Editor:getHistory(delta) end

--- Completes what is before the cursor: as far as all candidates agree; the second time in a row they are listed.
function class_Editor:complete() end

--- What the terminal sent. The line's end: the line, or false and the reason ("EOF in readLine", "SIGINT in readLine");
--- nothing while it goes on. Bytes after the line's end are kept for the next one.
---@param bytes string
---@return string|false|nil line
---@return string? reason
function class_Editor:onKey(bytes) end

--- Reads a line: shows the prompt and edits until it ends. The callback gets `err`, or the line, or false and the
--- reason. The terminal is in raw mode only meanwhile.
---@param prompt string
---@param callback fun(err: Error?, line: string|false|nil, reason: string?)
function class_Editor:readLine(prompt, callback) end

readline.Editor = class_Editor

-- of readline/history.lua, History
---@class History: Object
---@field length integer how many lines are kept at most
local class_History = {}

---@param length? integer how many lines are kept at most; default 1000
function class_History:initialize(length) end

--- Adds a line. Empty lines and a repetition of the last one are left out, and the oldest go when there are too many.
---@param line string
---@return boolean added
function class_History:add(line) end

--- Puts a line in the place of the newest one.
---@param line string
function class_History:updateLastLine(line) end

--- Bounds the number of lines; what is too much is dropped at once, the oldest first.
---@param length integer
function class_History:setMaxLength(length) end

--- Replaces the lines by those of a text, as `dump` gives it.
---@param text string
function class_History:load(text) end

--- All lines as one text, to be stored.
---@return string text
function class_History:dump() end

readline.History = class_History

-- of readline/row.lua, Row
--- A line as it is seen on a terminal.
---@class Row: Object
---@field line string
---@field position integer the byte before which the cursor is, from 1
---@field prompt string what is before the line
---@field stdout any where it is drawn
local class_Row = {}

--- Draws the row anew.
function class_Row:refreshLine() end

--- Shows a text above the row that is edited.
---@param text string
function class_Row:insertAbove(text) end

--- Asks for a line. On a terminal it is edited; otherwise the next line of the input is taken. Options as those of
--- `Editor`; by default `stdin` and `stdout` of the process. The line is without its end; false with a reason
--- ("EOF in readLine", "SIGINT in readLine") when there is none. Yields in a coroutine when no callback is given.
---@param prompt string
---@param options? table
---@param callback? fun(err: Error?, line: string|false|nil, reason: string?)
---@return string|false|nil line
---@return string|Error|nil reason
---@overload fun(prompt: string, callback: fun(err: Error?, line: string|false|nil, reason: string?))
function readline.readLine(prompt, options, callback) end

return readline
