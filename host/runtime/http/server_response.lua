-- The response as a server's handler makes it. Head and body are handed to the native
-- half together if they can be: one call, and one write to the socket.

local core = require('core')
local stream = require('stream')
local waiting = require('stream/waiting')
local soon = require('internal/turn').soon
local native = require('native.http_server')

local Error = core.Error
local Emitter, Writable = core.Emitter, stream.Writable
local lower = string.lower
local newTable = require('table.new')
local respond, writeHead, writeBody, finish =
  native.respond, native.write_head, native.write_body, native.finish

local CLOSE, NO_DATE = 1, 2

--- The answer to a request, a Writable. Unless told otherwise it has a Date, a
--- Content-Length (when `finish` has all of the body) or else chunked coding, and keeps the
--- connection. A response that is not begun in time (responseTimeout) becomes 503.
--- event finish(): all of it is handed over
--- event drain(): there is room again after write() gave false
--- event close(): the connection ended, or after `finish`
--- event error(err Error): it could not be sent: a status or header that may not be (code "EINVAL"; the client gets a 500), a write after the end ("EPIPE")
---@class http.ServerResponse: Writable
---@field statusCode integer 200
---@field statusMessage string|nil instead of the code's own
---@field sendDate boolean true
---@field keepAlive boolean true; false: the connection closes after this response
---@field headersSent boolean
---@field finished boolean finish was called
---@field headers table what setHeader has set, as of http-header
---@field req http.IncomingMessage
---@field socket http.ServerSocket
local ServerResponse = Writable:extend()
ServerResponse.statusCode = 200
ServerResponse.sendDate = true
ServerResponse.keepAlive = true
ServerResponse.headersSent = false
ServerResponse.finished = false

-- `headers` is the list {name, value, name, value...} in _fields until somebody asks for
-- the table of http-header; from then on that holds them.
local function asHeaders(self)
  local made = require('http-header').newHeaders()
  local fields = rawget(self, '_fields')
  if fields then
    for i = 1, #fields, 2 do
      made[#made + 1] = { fields[i], fields[i + 1] }
    end
    self._fields = false
  end
  self.headers = made
  return made
end

function ServerResponse.meta.__index(self, key)
  local value = ServerResponse[key]
  if value == nil then
    if key == 'headers' then
      return asHeaders(self)
    elseif key == 'socket' then
      return self.req.socket
    end
  end
  return value
end

local function checkUnsent(self, what)
  if self.headersSent then
    error(what .. ': the head has been sent', 3)
  end
end

local function find(fields, name)
  local lowered
  for i = 1, #fields, 2 do
    local other = fields[i]
    if other == name then
      return i
    end
    lowered = lowered or lower(name)
    if lower(other) == lowered then
      return i
    end
  end
end

--- Sets a field of the head, instead of one of that name.
---@param name string
---@param value string|number|string[]|nil a list: a field each; nil: as removeHeader
---@return http.ServerResponse self
function ServerResponse:setHeader(name, value)
  checkUnsent(self, 'setHeader')
  if type(name) ~= 'string' then
    error('setHeader: a name is a string, not ' .. type(name), 2)
  elseif value == nil then
    return self:removeHeader(name)
  end
  if type(value) == 'boolean' then
    value = tostring(value)
  end
  local fields = self._fields
  if not fields then
    if rawget(self, 'headers') then
      self.headers[name] = value
    else
      fields = newTable(8, 0)
      fields[1], fields[2] = name, value
      self._fields = fields
    end
    return self
  end
  local at = find(fields, name) or #fields + 1
  fields[at], fields[at + 1] = name, value
  return self
end

--- What setHeader has set.
---@param name string in any case
---@return string|number|string[]|nil value
function ServerResponse:getHeader(name)
  local fields = self._fields
  if not fields then
    local headers = rawget(self, 'headers')
    return headers and headers[name]
  end
  local at = find(fields, name)
  return at and fields[at + 1]
end

--- Takes back what setHeader has set.
---@param name string in any case
---@return http.ServerResponse self
function ServerResponse:removeHeader(name)
  checkUnsent(self, 'removeHeader')
  local fields = self._fields
  if not fields then
    if rawget(self, 'headers') then
      self.headers[name] = nil
    end
    return self
  end
  local at = find(fields, name)
  if at then
    table.remove(fields, at)
    table.remove(fields, at)
  end
  return self
end

-- Adds the fields of a head to those that were set; one of the same name gives way.
local function merge(self, given)
  local added = {}
  for i, pair in ipairs(given) do
    if type(pair) ~= 'table' then
      error('writeHead: headers are {name, value} pairs or fields by name', 3)
    end
    self:removeHeader(tostring(pair[1]))
    added[#added + 1], added[#added + 2] = tostring(pair[1]), pair[2]
  end
  for name, value in next, given do
    if type(name) == 'string' then
      self:removeHeader(name)
      added[#added + 1], added[#added + 2] = name, value
    end
  end
  local headers = rawget(self, 'headers')
  local fields = self._fields or {}
  if headers then
    for i = 1, #added, 2 do
      headers[#headers + 1] = { added[i], added[i + 1] }
    end
    return
  end
  for i = 1, #added do
    fields[#fields + 1] = added[i]
  end
  self._fields = fields
end

--- Sets the status and further fields. The head leaves with the first of the body, or by
--- flushHeaders; it cannot be changed any more.
---@param status integer
---@param reason string|table|nil may be left out
---@param headers table|nil by name, or a list of {name, value} pairs
---@return http.ServerResponse self
function ServerResponse:writeHead(status, reason, headers)
  checkUnsent(self, 'writeHead')
  if type(reason) == 'table' then
    reason, headers = nil, reason
  end
  self.statusCode = status
  if reason ~= nil then
    self.statusMessage = reason
  end
  if headers ~= nil then
    if type(headers) ~= 'table' then
      error('writeHead: headers must be a table', 2)
    elseif self._fields or rawget(self, 'headers') or type(headers[1]) == 'string' then
      merge(self, headers)
    else
      self.headers = headers -- as it is: most have set nothing before
    end
  end
  self.headersSent = true
  return self
end

--------------------------------------------------------------------------------

local function flags(self)
  return (self.keepAlive == false and CLOSE or 0) + (self.sendDate and 0 or NO_DATE)
end

-- What the native half refused. A client that has gone is no error of the program's: it
-- has `close`.
local function refused(self, message, code)
  if code == 'EINVAL' and not self._begun then
    respond(self._connection, self._number, 500, nil, nil, nil, CLOSE)
    self.finished = true
  end
  if code ~= 'ECONNRESET' then
    self:emit('error', Error:new('response ' .. code .. ': ' .. message, code))
  end
  return false
end

local function flush(self, body)
  self.headersSent = true
  local more, message, code = writeHead(self._connection, self._number, self.statusCode,
    self.statusMessage, self._fields or rawget(self, 'headers'), body, flags(self))
  if more == nil then
    return refused(self, message, code)
  end
  self._begun = true
  return more
end

--- Sends the head now.
function ServerResponse:flushHeaders()
  if not self._begun and not self.finished then
    flush(self)
  end
end

--- Sends an interim response such as 103 (Early Hints) before the response.
---@param status integer 102 to 199
---@param headers table|nil
---@return boolean ok
function ServerResponse:writeInformational(status, headers)
  local ok, message, code =
    native.write_informational(self._connection, self._number, status, headers)
  if not ok then
    return refused(self, message, code)
  end
  return true
end

--- Asks the client to send the body it waits with ("100 Continue"). Done by itself when
--- the handler returns without a response.
function ServerResponse:writeContinue()
  native.write_continue(self._connection, self._number)
end

local function writeAfterEnd(self, callback)
  local err = Error:new('response EPIPE: write after the end', 'EPIPE')
  if callback then
    soon(callback, err)
  end
  self:emit('error', err)
  return false
end

--- Sends a piece of the body; it is chunked unless Content-Length was set.
---@param chunk string|number
---@param callback nil|fun(err: Error|nil) when it is handed over
---@return boolean more false: wait for `drain` before writing on
function ServerResponse:write(chunk, callback)
  if self.finished then
    return writeAfterEnd(self, callback)
  end
  if type(chunk) ~= 'string' then
    chunk = tostring(chunk)
  end
  if self._corked then
    self._corked[#self._corked + 1] = chunk
    if callback then
      soon(callback)
    end
    return true
  end
  local more, message, code
  if not self._begun then
    more = flush(self, chunk)
  elseif chunk ~= '' then
    more, message, code = writeBody(self._connection, self._number, chunk)
    if more == nil then
      more = refused(self, message, code)
    end
  else
    more = true
  end
  if callback then
    if more or not self._begun or self._gone then
      soon(callback)
    else
      local waiters = self._writes or {}
      self._writes = waiters
      waiters[#waiters + 1] = callback
    end
  end
  return more
end

--- Holds what is written until `uncork`.
function ServerResponse:cork()
  self._corked = self._corked or {}
end

--- Sends what was held, in one piece.
function ServerResponse:uncork()
  local held = self._corked
  self._corked = nil
  if held and held[1] and not self.finished then
    self:write(table.concat(held))
  end
end

--- Writes in a coroutine, and waits until there is room for more.
---@param data string|number
---@return boolean|nil ok
---@return Error|nil err
function ServerResponse:writeAll(data)
  local waiter = waiting.of(self, 'writer', 'writeAll')
  local more = self:write(data)
  if not more and not self._gone and waiter.writerError == nil and self._begun then
    waiting.wait(waiter, 'writer')
  end
  local err = waiter.writerError
  waiter.writerError = nil
  if err == nil and self._gone then
    err = Error:new('response ECONNRESET: ' .. self._gone, 'ECONNRESET')
  end
  if err ~= nil then
    return nil, err
  end
  return true
end

local function emitFinish(self)
  local handlers = self.handlers
  if handlers and handlers.finish then
    self:emit('finish')
  end
  handlers = self.handlers
  if handlers and handlers.close and not self._closeEmitted then
    self._closeEmitted = true
    self:emit('close')
  end
end

--- Ends the response, after a last piece of the body if one is given.
---@param chunk string|number|nil
---@param callback nil|fun() as for `finish`
---@return http.ServerResponse self
function ServerResponse:finish(chunk, callback)
  if self.finished then
    if chunk ~= nil and type(chunk) ~= 'function' then
      writeAfterEnd(self)
    end
    return self
  end
  if chunk ~= nil and type(chunk) ~= 'string' then
    if type(chunk) == 'function' then
      chunk, callback = nil, chunk
    else
      chunk = tostring(chunk)
    end
  end
  if self._corked then
    chunk = table.concat(self._corked) .. (chunk or '')
    self._corked = nil
  end
  self.finished = true
  local ok, message, code
  if self._begun then
    ok, message, code = finish(self._connection, self._number, self._trailers, chunk)
  else
    self.headersSent = true
    ok, message, code = respond(self._connection, self._number, self.statusCode,
      self.statusMessage, self._fields or rawget(self, 'headers'), chunk, flags(self))
  end
  local req = self.req
  if not req.complete then
    req:_answered()
  end
  if not ok then
    refused(self, message, code)
  end
  if callback then
    Emitter.once(self, 'finish', callback)
  end
  if self.handlers then
    soon(emitFinish, self)
  end
  return self
end

ServerResponse._end = ServerResponse.finish
ServerResponse['end'] = ServerResponse.finish

--- Fields to send behind a chunked body, with `finish`.
---@param trailers table by name, or a list of {name, value} pairs
function ServerResponse:addTrailers(trailers)
  self._trailers = trailers
end

function ServerResponse:on(name, callback)
  if self.finished and not self.handlers and (name == 'finish' or name == 'close') then
    soon(emitFinish, self)
  end
  return Emitter.on(self, name, callback)
end

function ServerResponse:once(name, callback)
  if self.finished and not self.handlers and (name == 'finish' or name == 'close') then
    soon(emitFinish, self)
  end
  return Emitter.once(self, name, callback)
end

--- Accepts the protocol that the request offers, with status 101 (to CONNECT: 200), and
--- gives the connection away. Waits in a coroutine if there is no callback.
---@param headers table such as { Upgrade = 'echo' }
---@param callback nil|fun(err: Error|nil, socket: net.Socket, head: string) head: bytes that came already
---@return net.Socket|nil socket
---@return string|Error head
function ServerResponse:upgrade(headers, callback)
  local ok, message, code = native.upgrade(self._connection, self._number, headers or {})
  if not ok then
    local err = Error:new('upgrade ' .. code .. ': ' .. message, code)
    if callback then
      soon(callback, err)
      return
    end
    return nil, err
  end
  self.finished, self.headersSent = true, true
  if callback then
    self.req._upgraded = callback
    return
  end
  local thread = coroutine.running()
  self.req._upgraded = function(_, socket, head)
    core.assertResume(thread, socket, head)
  end
  return coroutine.yield()
end

--- Breaks the connection off.
function ServerResponse:destroy()
  native.abort(self._connection)
end

-- Everything is out.
function ServerResponse:_drain()
  local writes = self._writes
  self._writes = nil
  for i = 1, writes and #writes or 0 do
    writes[i]()
  end
  if self._waiting then
    waiting.wake(self._waiting, 'writer')
  end
  if self.handlers and self.handlers.drain and not self.finished then
    self:emit('drain')
  end
end

function ServerResponse:_closed(message)
  self._gone = message
  local writes = self._writes
  self._writes = nil
  for i = 1, writes and #writes or 0 do
    soon(writes[i], Error:new('response ECONNRESET: ' .. message, 'ECONNRESET'))
  end
  if self.handlers and self.handlers.close and not self._closeEmitted then
    self._closeEmitted = true
    self:emit('close')
  end
end

return ServerResponse
