---@meta virgo
-- Generated from host/runtime by ./dev docs.

--- What a program gets from the host it runs on.
---@class virgo.module
local virgo = {}

-- of virgo.lua, log
--- Lines of the host's log, which goes to stderr as "TIME LEVEL program: text".
---@class virgo.log
---@field error fun(text: string)
---@field warn fun(text: string)
---@field info fun(text: string)
---@field debug fun(text: string)
local class_virgo_log = {}

virgo.log = class_virgo_log

--- Virgo's version, such as "0.1.0".
---@type string
virgo.version = nil

--- Whether two secrets are the same, in a time that does not tell where they differ.
---@param a string
---@param b string
---@return boolean
function virgo.equal(a, b) end

--- A text from outside as it may stand in a line of a log: control characters
--- escaped, cut to `max` characters (64, at most 200).
---@param text string
---@param max integer|nil
---@return string
function virgo.printable(text, max) end

return virgo
