--- Reading and writing as functions that wait, and chains of coroutines that pass values on.

local core = require('core')

local codec = {}

local running, yield, status = coroutine.running, coroutine.yield, coroutine.status
local assertResume = core.assertResume

local function here(what)
  local thread, main = running()
  if not thread or main == true then
    error(what .. ' must be called in a coroutine', 3)
  end
  return thread
end

-- A place where one coroutine waits for what another brings.
local function newQueue()
  return { first = 1, last = 0, thread = false, ended = false, err = nil }
end

local function put(queue, value)
  queue.last = queue.last + 1
  queue[queue.last] = value
  local thread = queue.thread
  if thread then
    queue.thread = false
    assertResume(thread)
  end
end

local function finish(queue, err)
  queue.ended, queue.err = true, queue.err or err
  local thread = queue.thread
  if thread then
    queue.thread = false
    assertResume(thread)
  end
end

local function take(queue)
  local first = queue.first
  if first > queue.last then
    return nil, queue.err
  end
  local value = queue[first]
  queue[first] = nil
  queue.first = first + 1
  return value
end

local function await(queue, thread)
  while queue.first > queue.last and not queue.ended do
    queue.thread = thread
    yield()
  end
  return take(queue)
end

--- Makes of an emitter with `data` and `end` events and a `write` method two functions that
--- wait in a coroutine. It is paused while nobody reads.
---@param emitter Emitter
---@return fun(): any|nil, any read the next chunk; nil at the end, nil and the error after an error
---@return fun(chunk: any|nil): boolean|nil, any write waits for `drain` when there is no room; nil ends it
function codec.wrapEmitter(emitter)
  local queue = newQueue()
  local writer = newQueue()
  emitter:on('data', function(chunk)
    if not queue.thread and emitter.pause then
      queue.paused = true
      emitter:pause()
    end
    put(queue, chunk)
  end)
  emitter:on('end', function()
    finish(queue)
  end)
  emitter:on('drain', function()
    put(writer, true)
  end)
  local function failed(err)
    finish(queue, err)
    finish(writer, err)
  end
  emitter:on('error', failed)
  emitter:on('close', function()
    failed()
  end)

  local function read()
    local thread = here('read')
    if queue.first > queue.last and queue.paused then
      queue.paused = false
      emitter:resume()
    end
    return await(queue, thread)
  end

  local function write(chunk)
    local thread = here('write')
    if writer.err then
      return nil, writer.err
    end
    if chunk == nil then
      local close = emitter._end or emitter.shutdown or emitter.close
      if close then
        close(emitter)
      end
      return true
    end
    writer.first, writer.last = 1, 0
    if emitter:write(chunk) ~= false then
      return true
    end
    return await(writer, thread)
  end

  return read, write
end

--- The same for a stream of uv.
---@param handle uv_stream_t
---@return fun(): string|nil, any read the next chunk; nil at the end, nil and the error after an error
---@return fun(chunk: any|nil): boolean|nil, any write waits until it is written; nil shuts down
---@return fun() close
function codec.wrapStream(handle)
  local queue, reading = newQueue(), false

  local function onRead(err, chunk)
    if err or not chunk then
      reading = false
      handle:read_stop()
      return finish(queue, err)
    end
    if not queue.thread then
      reading = false
      handle:read_stop()
    end
    put(queue, chunk)
  end

  local function read()
    local thread = here('read')
    if queue.first > queue.last and not queue.ended and not reading then
      reading = true
      local ok, err = handle:read_start(onRead)
      if not ok then
        finish(queue, err)
      end
    end
    return await(queue, thread)
  end

  local function write(chunk)
    local thread = here('write')
    local early, failure
    local function done(err)
      if status(thread) == 'suspended' and not early then
        if err then
          return assertResume(thread, nil, err)
        end
        return assertResume(thread, true)
      end
      early, failure = true, err
    end
    local request, err
    if chunk == nil then
      request, err = handle:shutdown(done)
    else
      request, err = handle:write(chunk, done)
    end
    if not request then
      return nil, err
    elseif early then
      return not failure or nil, failure
    end
    return yield()
  end

  local function close()
    if not handle:is_closing() then
      handle:close()
    end
    finish(queue)
  end

  return read, write, close
end

-- A pipe that holds one value between two members of a chain.
local function newBox()
  local box = { full = false, value = nil, reader = false, writer = false }

  local function wake(side)
    local thread = box[side]
    if thread then
      box[side] = false
      assertResume(thread)
    end
  end

  local function read()
    local thread = here('read')
    while not box.full and not box.ended do
      box.reader = thread
      yield()
    end
    if not box.full then
      return nil
    end
    local value = box.value
    box.full, box.value = false, nil
    wake('writer')
    return value
  end

  local function write(value)
    local thread = here('write')
    if value == nil then
      box.ended = true
      wake('reader')
      return true
    end
    while box.full and not box.closed do
      box.writer = thread
      yield()
    end
    if box.closed then
      return nil, core.Error:new('EPIPE: the next in the chain has ended')
    end
    box.full, box.value = true, value
    wake('reader')
    return true
  end

  -- The reader has ended: nobody takes what is written.
  local function close()
    box.closed, box.full, box.value = true, false, nil
    wake('writer')
  end

  return read, write, close
end

--- Makes one function (read, write) of several: each runs in a coroutine of its own, what
--- one writes is what the next reads; the first reads with `read`, the last writes with
--- `write`. Writing nil ends what the next reads, as does the writer's return. Called in a
--- coroutine the chain waits until all have returned.
---@param ... fun(read: fun(): any, write: fun(value: any))
---@return fun(read: fun(): any, write: fun(value: any))
function codec.chain(...)
  local members, count = { ... }, select('#', ...)
  return function(read, write)
    local caller, main = running()
    local left, waits = count, false
    local function ended()
      left = left - 1
      if left == 0 and waits then
        assertResume(caller)
      end
    end
    local from, closeFrom = read, nil
    for i = 1, count do
      local boxRead, boxWrite, boxClose
      if i < count then
        boxRead, boxWrite, boxClose = newBox()
      end
      local myRead, myWrite, myClose = from, boxWrite or write, closeFrom
      local thread = coroutine.create(function()
        members[i](myRead, myWrite)
        if i < count then
          myWrite(nil)
        end
        if myClose then
          myClose()
        end
        ended()
      end)
      from, closeFrom = boxRead, boxClose
      assertResume(thread)
    end
    if left > 0 and caller and main ~= true then
      waits = true
      yield()
    end
  end
end

return codec
