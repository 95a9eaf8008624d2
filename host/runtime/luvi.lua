--- What programs written for Luvit ask of luvi, the executable it is made with.

local pathjoin = require('pathjoin')

local luvi = {}

--- The version of luvi that is stood in for.
luvi.version = '2.14.0'
--- Joining paths, see pathjoin.
luvi.path = {
  join = pathjoin.pathJoin,
  getPrefix = pathjoin.getPrefix,
  splitPath = pathjoin.splitPath,
  joinparts = pathjoin.joinParts,
  isWindows = pathjoin.isWindows,
}
luvi.isWindows = pathjoin.isWindows
luvi.options = {}

return luvi
