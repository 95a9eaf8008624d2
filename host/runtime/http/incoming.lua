-- The request as a server's handler gets it.

local bit = require('bit')
local core = require('core')
local stream = require('stream')
local headers = require('http-header')
local native = require('native.http_server')

local Error = core.Error
local Readable = stream.Readable
local band = bit.band

local KEEP_ALIVE = 2

--- A message that was received; in a server the request. Its body is read like any
--- Readable; one that is never looked at costs nothing and is dropped with the response.
--- event data(chunk string): the next piece of the body
--- event end(): the body is complete; `trailers` is set
--- event aborted(): the connection ended before the request was answered
--- event error(err Error): the body breaks off (code "ECONNRESET", "ETIMEDOUT", "EPROTO"); emitted to listeners only
--- event close(): the connection ended before the request was answered
---@class http.IncomingMessage: Readable
---@field method string "GET", as the client wrote it
---@field url string the request's target, path and query: "/a?b=c"
---@field headers table<string, string> by name in any case (of several the last); also a list of {name, value} pairs in their order
---@field trailers table|nil of a chunked body, like headers; after `end`
---@field httpVersion string "1.1" or "1.0"
---@field socket http.ServerSocket the connection: its addresses
---@field is_upgraded boolean the connection has become another protocol's (event `upgrade`)
---@field complete boolean the whole body has arrived
local IncomingMessage = Readable:extend()
IncomingMessage.is_upgraded = false
IncomingMessage.complete = true
IncomingMessage.httpVersion = '1.1'

-- What is made when it is asked for.
local lazy = {
  headers = function(self)
    return headers.toHeaders(native.parse_headers(rawget(self, '_raw') or ''))
  end,
  socket = function(self)
    local connection = rawget(self, '_connection')
    return connection and require('http/server_socket').of(connection)
  end,
  shouldKeepAlive = function(self)
    return band(rawget(self, '_flags') or 0, KEEP_ALIVE) ~= 0
  end,
}
lazy.connection = lazy.socket

function IncomingMessage.meta.__index(self, key)
  local value = IncomingMessage[key]
  if value == nil and lazy[key] then
    value = lazy[key](self)
    rawset(self, key, value)
  end
  return value
end

function IncomingMessage:_read()
  if self._ended then
    return
  elseif self.complete then
    local body = self._body
    self._body, self._ended = nil, true
    if body then
      self:push(body)
    end
    self:push(nil)
  elseif self._paused then
    self._paused = false
    native.resume_body(self._connection, self._number)
  end
end

-- A piece of the body has come.
function IncomingMessage:_received(chunk)
  if not self._dropped and not self:push(chunk) then
    self._paused = true
    native.pause_body(self._connection, self._number)
  end
end

function IncomingMessage:_receivedEnd(trailers)
  self.complete = true
  if trailers then
    self.trailers = headers.toHeaders(trailers)
  end
  if not self._dropped and not self._ended then
    self._ended = true
    self:push(nil)
  end
end

-- The response is finished: a body that nobody reads is let through.
function IncomingMessage:_answered()
  local state = self._readableState
  if not self.complete
    and not (state and (state.flowing ~= nil or state.listening or self._waiting)) then
    self._dropped = true
    native.resume_body(self._connection, self._number)
  end
end

function IncomingMessage:_closed(message, code)
  local handlers = self.handlers
  if not handlers then
    return
  end
  if not self.complete and handlers.error then
    self:emit('error', Error:new('request ' .. code .. ': ' .. message, code))
  end
  if handlers.aborted then
    self:emit('aborted')
  end
  if handlers.close then
    self:emit('close')
  end
end

--- Breaks the connection off.
function IncomingMessage:destroy()
  native.abort(self._connection)
end

return IncomingMessage
