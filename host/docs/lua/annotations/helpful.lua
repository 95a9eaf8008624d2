---@meta helpful
-- Generated from host/runtime by ./dev docs.

--- How alike two names are, for hints such as "did you mean ...?". `string.levenshtein` is
--- there without requiring this module.
---@class helpful.module
local helpful = {}

--- How many characters must be added, removed or replaced to make one text of the other.
---@param a string
---@param b string
---@return integer
function helpful.levenshtein(a, b) end

--- The name among the keys of a table that is most like a wanted one.
---@param names table<string, any>
---@param wanted string
---@return string|nil name nil if none is alike
function helpful.closest(names, wanted) end

return helpful
