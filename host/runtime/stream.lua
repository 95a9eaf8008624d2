--- Streams: data that arrives or leaves in chunks, with back-pressure. The classes are
--- in stream/readable.lua, stream/writable.lua and stream/transform.lua.

local readable = require('stream/readable')
require('stream/reading')
require('stream/pipe')
local transform = require('stream/transform')

return {
  Stream = readable.Stream,
  Readable = readable.Readable,
  Writable = require('stream/writable'),
  Duplex = transform.Duplex,
  Transform = transform.Transform,
  PassThrough = transform.PassThrough,
  Observable = transform.Observable,
}
