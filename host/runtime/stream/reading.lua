-- Reading in straight lines: methods of Readable that wait in a coroutine. Required
-- for its effect on the class.

local core = require('core')
local readable = require('stream/readable')
local waiting = require('stream/waiting')

local Error = core.Error
local Readable, take, popFirst = readable.Readable, readable.take, readable.popFirst
local callRead, endReadable = readable.callRead, readable.endReadable
local find = string.find

local LINE_LIMIT = 1024 * 1024 -- bytes

-- Waits until there is more data than `length`, or the end. False and the error if
-- there will be no more.
local function more(self, state, waiter, length)
  while state.length <= length do
    if state.ended then
      if state.length == 0 then
        endReadable(self, state)
      end
      return false
    elseif waiter.readerError ~= nil then
      return false, waiter.readerError
    elseif waiter.closed then
      return false, waiting.aborted()
    end
    -- Also above the high-water mark: somebody wants it now.
    if not state.reading then
      callRead(self, state)
    end
    if state.length <= length and not state.ended and waiter.readerError == nil
      and not waiter.closed then
      state.needReadable = true
      waiting.wait(waiter, 'reader')
    end
  end
  return true
end

local function begin(self, method)
  local state = self:state()
  if state.objectMode and method ~= 'chunks' and method ~= 'readAll' then
    error(method .. ': the stream is in object mode', 3)
  end
  if state.flowing then
    error(method .. ': the stream flows already (it has a listener of data, or is piped)', 3)
  end
  local waiter = self._waiting
  waiter = waiting.of(self, 'reader', method)
  return state, waiter
end

-- After the last byte was taken: lets `end` follow.
local function taken(self, state)
  if state.ended and state.length == 0 then
    endReadable(self, state)
  end
end

--- Goes over the chunks as they come, waiting for each; for a `for` loop in a coroutine.
--- An error of the stream is raised.
---@return fun(): any|nil next
function Readable:chunks()
  return function()
    local state, waiter = begin(self, 'chunks')
    if state.length == 0 then
      local ok, err = more(self, state, waiter, 0)
      if not ok then
        if err ~= nil then
          error(err, 0)
        end
        return nil
      end
    end
    local chunk = popFirst(state)
    taken(self, state)
    return chunk
  end
end

--- Waits in a coroutine for the end and gives everything; in object mode a table of the
--- values.
---@param limit integer|nil bytes; more than that is an error (code "EMSGSIZE")
---@return string|table|nil all
---@return Error|nil err
function Readable:readAll(limit)
  local state, waiter = begin(self, 'readAll')
  local parts, size = {}, 0
  while true do
    while state.length > 0 do
      local chunk = popFirst(state)
      parts[#parts + 1] = chunk
      if not state.objectMode then
        size = size + #chunk
        if limit and size > limit then
          return nil, Error:new(('EMSGSIZE: the stream has more than %d bytes'):format(limit))
        end
      end
    end
    local ok, err = more(self, state, waiter, 0)
    if not ok then
      if err ~= nil then
        return nil, err
      end
      return state.objectMode and parts or table.concat(parts)
    end
  end
end

-- Where the first newline at or after the `skip`-th byte held is, counted from the
-- first; nil if there is none.
local function findNewline(state, skip)
  local before = 0
  local offset = state.offset
  for i = state.first, state.last do
    local chunk = state[i]
    local size = #chunk - offset
    if before + size > skip then
      local from = skip > before and skip - before or 0
      local at = find(chunk, '\n', offset + from + 1, true)
      if at then
        return before + at - offset
      end
    end
    before, offset = before + size, 0
  end
end

--- Waits in a coroutine for a line. At the end what is left counts as a line, if it is
--- not empty.
---@param limit integer|nil bytes of a line, 1 MiB when not given; more is an error (code "EMSGSIZE")
---@return string|nil line without "\n" or "\r\n"; nil at the end
---@return Error|nil err
function Readable:readLine(limit)
  local state, waiter = begin(self, 'readLine')
  limit = limit or LINE_LIMIT
  local seen = 0
  while true do
    local at = findNewline(state, seen)
    if at and at <= limit + 2 then
      local line = take(state, at):gsub('\r?\n$', '')
      taken(self, state)
      if #line <= limit then
        return line
      end
    end
    if at or state.length > limit + 1 then
      return nil, Error:new(('EMSGSIZE: a line has more than %d bytes'):format(limit))
    end
    seen = state.length
    local ok, err = more(self, state, waiter, seen)
    if err ~= nil then
      return nil, err
    elseif not ok then
      if state.length == 0 then
        return nil
      elseif state.length > limit then
        return nil, Error:new(('EMSGSIZE: a line has more than %d bytes'):format(limit))
      end
      local line = take(state, state.length)
      taken(self, state)
      return line
    end
  end
end

--- Waits in a coroutine for that many bytes.
---@param count integer
---@return string|nil bytes nil when the stream ends before (what there is stays to be read)
---@return Error|nil err at an early end with the code "EOF"
function Readable:readExactly(count)
  local state, waiter = begin(self, 'readExactly')
  if count <= 0 then
    return ''
  end
  while state.length < count do
    local ok, err = more(self, state, waiter, state.length)
    if err ~= nil then
      return nil, err
    elseif not ok then
      return nil, Error:new(('the stream ended %d bytes too early'):format(count - state.length), 'EOF')
    end
  end
  local bytes = take(state, count)
  taken(self, state)
  return bytes
end
