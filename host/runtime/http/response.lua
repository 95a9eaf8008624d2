-- The answer to a request, as a stream. Exported by http as IncomingMessage of clients.

local stream = require('stream')
local turn = require('internal/turn')
local headers = require('http-header')

local Readable = stream.Readable
local soon = turn.soon

--- A response, given to the `response` event of a request before its body has come. The
--- body is a stream: nothing more is read from the server than the program takes. A
--- response that nobody listens to is read and dropped.
---
--- A body that ends too early is an `error`, here if anybody listens, else of the
--- request; `end` does not follow.
--- event data(chunk string): the next piece of the body.
--- event end(): the body is complete, and `trailers` filled.
--- event error(err Error): the connection failed before the end.
--- event close(): nothing follows.
---@class ClientResponse: Readable
---@field statusCode integer
---@field statusMessage string as the server sent it
---@field httpVersion string "1.1" or "1.0"
---@field httpVersionMajor integer
---@field httpVersionMinor integer
---@field headers table by name in any case; as a list {name, value} in the order of the message
---@field trailers table the same of what came behind a chunked body
---@field socket Socket
---@field req ClientRequest
local Response = Readable:extend()

-- A flat list of names and values as the table programs see.
local function toHeaders(flat)
  local list, n = {}, 0
  for i = 1, #flat, 2 do
    n = n + 1
    list[n] = { flat[i], flat[i + 1] }
  end
  return setmetatable(list, headers.headerMeta)
end
Response.toHeaders = toHeaders

function Response:initialize(req, connection, status, reason, minor, fields)
  self.req = req
  self.connection = connection
  self.socket = connection and connection.socket
  self.statusCode, self.statusMessage = status, reason
  self.httpVersionMajor, self.httpVersionMinor = 1, minor
  self.httpVersion = minor == 0 and '1.0' or '1.1'
  self.headers = toHeaders(fields)
  self.upgrade = false
end

function Response:_read()
  local connection = self.connection
  self.wanted = true
  if connection then
    connection:resume()
  elseif self.failure and not (self.quiet and self:listenerCount('error') == 0) then
    local err = self.failure
    self.failure = nil
    self:emit('error', err)
  end
end

local function emitClose(self)
  self:emit('close')
end

-- The body has come. `end` follows when it was taken, and then `close`.
function Response:finished(trailers)
  self.connection = nil
  if trailers and #trailers > 0 then
    self.trailers = toHeaders(trailers)
  end
  self.complete = true
  self:push(nil)
end

-- The body stays incomplete. `keep`: whoever reads on is told, if nobody listens now;
-- `quiet`: but not if nobody listens then. Returns false if somebody else must tell.
function Response:failed(err, keep, quiet)
  self.connection, self.quiet = nil, quiet
  local told = true
  if self:listenerCount('error') > 0 then
    self:emit('error', err)
  elseif keep then
    self.failure = err
  else
    told = false
  end
  self:emit('close')
  return told
end

local function closeAfterEnd(self, name)
  if name == 'close' and not self.closeFollows then
    self.closeFollows = true
    Readable.once(self, 'end', function()
      soon(emitClose, self)
    end)
  end
end

function Response:on(name, callback)
  closeAfterEnd(self, name)
  return Readable.on(self, name, callback)
end

function Response:once(name, callback)
  closeAfterEnd(self, name)
  return Readable.once(self, name, callback)
end

--- As the request's.
---@param ms integer
---@param callback fun()|nil
---@return ClientResponse self
function Response:setTimeout(ms, callback)
  self.req:setTimeout(ms, callback)
  return self
end

--- Gives the response up and closes the connection.
---@param err Error|nil emitted as `error` if given
function Response:destroy(err)
  if self.complete then return end
  if err then
    self.req:fail(err)
  else
    self.req:destroy()
  end
end

return Response
