---@meta pretty-print
-- Generated from host/runtime by ./dev docs.

--- Printing values for people, with colours on terminals that have them. NO_COLOR and
--- TERM=dumb in the environment turn them off.
---@class pretty-print.module
local pretty_print = {}

-- of pretty-print/stdio.lua, StandardOutput
--- Standard output or error. Ending it ends nothing.
--- event error(err Error): it cannot be written to. When the reader of a pipe has gone (code "EPIPE") and nobody
--- listens, the program ends with code 141, as by SIGPIPE.
---@class StandardOutput: Writable
---@field fd integer
---@field isTTY boolean
---@field handle uv_tty_t|nil of a terminal
local class_StandardOutput = {}

-- of pretty-print/stdio.lua, StandardInput
--- Standard input. It keeps the program alive only while it is being read.
---@class StandardInput: Readable
---@field fd integer
---@field isTTY boolean
---@field handle uv_stream_t|nil
local class_StandardInput = {}

--- What kind of value has which colour, as the parameters of the terminal's SGR sequence;
--- may be changed. Kinds: property sep braces nil boolean number string quotes escape function
--- thread table userdata cdata err success failure highlight.
pretty_print.theme = nil

--- Chooses the colours.
---@param count integer|nil 16 or 256; anything else is none
function pretty_print.loadColors(count) end

--- The sequence that starts a colour; without a name the one that ends all.
---@param name string|nil a kind of the theme
---@return string sequence empty when there are no colours
function pretty_print.color(name) end

--- A text in a colour.
---@param name string a kind of the theme
---@param text any
---@param after string|nil the colour afterwards, none when not given
---@return string
function pretty_print.colorize(name, text, after) end

--- A text without colours.
---@param text string
---@return string
function pretty_print.strip(text) end

--- A value as text: tables with their contents, their keys sorted; on one line where
--- there is room. What has a `__tostring` is shown by it.
---@param value any
---@param recurse boolean|nil false shows tables inside of a table by their address only
---@param nocolor boolean|nil without colours
---@return string
function pretty_print.dump(value, recurse, nocolor) end

--- Prints texts, with tabs between them and a new line at the end; the global `print`.
---@param ... any
function pretty_print.print(...) end

--- Prints values as `dump` shows them; the global `p`.
---@param ... any
function pretty_print.prettyPrint(...) end

--- The same as pretty_print.prettyPrint.
pretty_print.p = nil

---@type table
pretty_print.stderr = nil

---@type table
pretty_print.stdin = nil

---@type table
pretty_print.stdout = nil

return pretty_print
