---@meta stream
-- Generated from host/runtime by ./dev docs.

--- Streams: data that arrives or leaves in chunks, with back-pressure. The classes are
--- in stream/readable.lua, stream/writable.lua and stream/transform.lua.
---@class stream.module
local stream = {}

-- of stream/readable.lua, Stream
--- The root of all streams; `pipe` for sources that only know `data`, `end`, `pause`
--- and `resume`.
---@class Stream: Emitter
local class_Stream = {}

--- Pipes a source of the old kind, one that only emits `data` and `end` and may be paused.
---@param dest Writable
---@param options {end: boolean}|nil `['end'] = false` leaves dest open at the end
---@return Writable dest
function class_Stream:pipe(dest, options) end

stream.Stream = class_Stream

-- of stream/readable.lua, Readable
--- A source of data. It is made by overriding `_read` (or giving `read` in the options),
--- which calls `push` with what there is, and `push(nil)` at the end.
---
--- It flows, that is emits `data`, from the first listener of `data`, from `resume` or
--- from `pipe` on. It is read with `read` after `readable`, or in straight lines with
--- `chunks`, `readAll`, `readLine`, `readExactly`. Not more than highWaterMark is
--- held in advance. Nothing is allocated before it is used.
--- event data(chunk any): the next chunk; a string, in object mode any value.
--- event readable(): there is something to read(), or the end was reached.
--- event end(): everything was read.
--- event pause(): it stopped flowing.
--- event resume(): it flows again.
--- event error(err Error): reading failed.
--- event close(): the source behind it was closed; not emitted by all streams.
---@class Readable: Stream
local class_Readable = {}

--- Options: highWaterMark (bytes, or values in object mode), objectMode,
--- readableObjectMode, read (in place of the method `_read`).
---@param options {highWaterMark: integer, objectMode: boolean, read: fun(self: Readable, size: integer)}|nil
function class_Readable:initialize(options) end

--- Takes data that was read in advance: `size` bytes or nothing as long as there are
--- fewer (at the end: the rest); all of it without a size; in object mode one value.
--- Also emitted as `data`. `read(0)` only asks the source for more.
---@param size integer|nil
---@return any|nil chunk nil when there is nothing now
function class_Readable:read(size) end

--- Called by the source with the next chunk, or with nil at the end. An empty string
--- only says that `_read` has nothing now.
---@param chunk any|nil a string; in object mode any value but nil
---@return boolean more whether more is welcome
function class_Readable:push(chunk) end

--- Gives back what was read too much; it is the next to be read.
---@param chunk any
function class_Readable:unshift(chunk) end

--- Lets it flow, from the next turn of the loop on.
---@return Readable self
function class_Readable:resume() end

--- Stops the flow; what arrives meanwhile is held, up to the high-water mark.
---@return Readable self
function class_Readable:pause() end

--- Whether `pause` was called last.
---@return boolean
function class_Readable:isPaused() end

--- Adds a listener. The first of `data` lets the stream flow, unless it was paused; the
--- first of `readable` makes it read in advance.
---@param name string
---@param callback fun(...)
---@return Readable self
function class_Readable:on(name, callback) end

--- The same as `on`.
---@param name string
---@param callback fun(...)
---@return Readable self
function class_Readable:addListener(name, callback) end

--- Adds a listener for one event; see `on`.
---@param name string
---@param callback fun(...)
---@return Readable self
function class_Readable:once(name, callback) end

--- Writes everything to `dest`, at the pace of the slowest destination, and ends it at
--- the end. An error of dest ends the pipe; errors of the source are not passed on.
---@param dest Writable
---@param options {end: boolean}|nil `['end'] = false` leaves dest open at the end
---@return Writable dest
function class_Readable:pipe(dest, options) end

--- Ends the pipe to `dest`, or all pipes. Without pipes the stream is paused.
---@param dest Writable|nil
---@return Readable self
function class_Readable:unpipe(dest) end

--- Takes its data from a source of the old kind, one that emits `data` and `end` and
--- has `pause` and `resume`. Its errors and `close` are emitted here too.
---@param source Stream
---@return Readable self
function class_Readable:wrap(source) end

--- Goes over the chunks as they come, waiting for each; for a `for` loop in a coroutine.
--- An error of the stream is raised.
---@return fun(): any|nil next
function class_Readable:chunks() end

--- Waits in a coroutine for the end and gives everything; in object mode a table of the
--- values.
---@param limit integer|nil bytes; more than that is an error (code "EMSGSIZE")
---@return string|table|nil all
---@return Error|nil err
function class_Readable:readAll(limit) end

--- Waits in a coroutine for a line. At the end what is left counts as a line, if it is
--- not empty.
---@param limit integer|nil bytes of a line, 1 MiB when not given; more is an error (code "EMSGSIZE")
---@return string|nil line without "\n" or "\r\n"; nil at the end
---@return Error|nil err
function class_Readable:readLine(limit) end

--- Waits in a coroutine for that many bytes.
---@param count integer
---@return string|nil bytes nil when the stream ends before (what there is stays to be read)
---@return Error|nil err at an early end with the code "EOF"
function class_Readable:readExactly(count) end

stream.Readable = class_Readable

-- of stream/transform.lua, Duplex
--- A stream to read from and to write to, such as a socket. `_read` and `_write` are to
--- be overridden. Its sides are independent: with allowHalfOpen = false the end of one
--- ends the other.
---@class Duplex: Readable, Writable
local class_Duplex = {}

--- Options are those of Readable and Writable, and allowHalfOpen (true).
---@param options table|nil
function class_Duplex:initialize(options) end

stream.Duplex = class_Duplex

-- of stream/transform.lua, Transform
--- A duplex whose output is made of its input. `_transform`, and `_flush` where something
--- is left to be said at the end, are to be overridden, or given as the options transform
--- and flush.
---@class Transform: Duplex
local class_Transform = {}

---@param options table|nil
function class_Transform:initialize(options) end

--- Gives output.
---@param chunk any|nil nil ends the output
---@return boolean more
function class_Transform:push(chunk) end

stream.Transform = class_Transform

-- of stream/transform.lua, PassThrough
--- A transform that changes nothing.
---@class PassThrough: Transform
local class_PassThrough = {}

stream.PassThrough = class_PassThrough

-- of stream/transform.lua, Observable
--- A transform that changes nothing, and can be watched.
---@class Observable: Transform
local class_Observable = {}

--- A stream with everything that passes from now on. It holds what is not read from it.
---@return Readable observer
function class_Observable:observe() end

stream.Observable = class_Observable

-- of stream/writable.lua, Writable
--- A destination of data. It is made by overriding `_write` (or giving `write` in the
--- options), and `_writev` or `_writeMany` where several chunks can be written at once.
---
--- `write` gives false when more is held than the high-water mark; then wait for `drain`,
--- or write with `writeAll` in a coroutine. Nothing is allocated before it is used.
--- event drain(): there is room again after write() gave false.
--- event prefinish(): _end() was called and everything is written; before finish.
--- event finish(): _end() was called, everything is written and all callbacks were called.
--- event pipe(source Readable): something is piped to it.
--- event unpipe(source Readable): it no longer is.
--- event error(err Error): writing failed; what was held is dropped, its callbacks get the error.
--- event close(): the destination was closed; not emitted by all streams.
---@class Writable: Stream
local class_Writable = {}

--- Options: highWaterMark (bytes, or values in object mode), objectMode,
--- writableObjectMode; write, writev, final in place of the methods `_write`, `_writev`,
--- `_final`.
---@param options {highWaterMark: integer, objectMode: boolean, write: function, writev: function, final: function}|nil
function class_Writable:initialize(options) end

--- Writes a chunk. After false the stream holds as much as it should; go on at `drain`.
---@param chunk any a string, a number, a Buffer or a table of strings; in object mode any value but nil
---@param callback fun(err: Error|nil)|nil called when it is written
---@return boolean more whether more is welcome
function class_Writable:write(chunk, callback) end

--- Holds back what is written from now on, until `uncork` was called as often.
function class_Writable:cork() end

--- Writes what was held back.
function class_Writable:uncork() end

--- Nothing can be read from it: an `error` event.
function class_Writable:pipe() end

--- Writes in a coroutine, and waits until less than the high-water mark is held.
---@param data any as for write
---@return boolean|nil ok
---@return Error|nil err
function class_Writable:writeAll(data) end

stream.Writable = class_Writable

return stream
