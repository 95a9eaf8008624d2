---@meta codec
-- Generated from host/runtime by ./dev docs.

--- Reading and writing as functions that wait, and chains of coroutines that pass values on.
---@class codec.module
local codec = {}

--- Makes of an emitter with `data` and `end` events and a `write` method two functions that
--- wait in a coroutine. It is paused while nobody reads.
---@param emitter Emitter
---@return fun(): any|nil, any read the next chunk; nil at the end, nil and the error after an error
---@return fun(chunk: any|nil): boolean|nil, any write waits for `drain` when there is no room; nil ends it
function codec.wrapEmitter(emitter) end

--- The same for a stream of uv.
---@param handle uv_stream_t
---@return fun(): string|nil, any read the next chunk; nil at the end, nil and the error after an error
---@return fun(chunk: any|nil): boolean|nil, any write waits until it is written; nil shuts down
---@return fun() close
function codec.wrapStream(handle) end

--- Makes one function (read, write) of several: each runs in a coroutine of its own, what
--- one writes is what the next reads; the first reads with `read`, the last writes with
--- `write`. Writing nil ends what the next reads, as does the writer's return. Called in a
--- coroutine the chain waits until all have returned.
---@param ... fun(read: fun(): any, write: fun(value: any))
---@return fun(read: fun(): any, write: fun(value: any))
function codec.chain(...) end

return codec
