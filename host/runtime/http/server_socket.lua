-- The connection of a request, as programs look at it: req.socket. The bytes belong to
-- HTTP, so it is not read or written.

local core = require('core')
local errors = require('net/errors')
local native = require('native.http_server')

--- What a handler may know of, and do to, the connection it serves. After an upgrade it
--- is the connection's net.Socket that is used.
--- event close(): the connection is over
---@class http.ServerSocket: Emitter
---@field destroyed boolean
---@field encrypted boolean whether it is TLS
local ServerSocket = core.Emitter:extend()
ServerSocket.destroyed = false

-- The one of a connection.
function ServerSocket.of(connection)
  local socket = native.get_socket(connection)
  if not socket then
    socket = setmetatable({ _connection = connection }, ServerSocket.meta)
    socket.encrypted = (native.protocol(connection) or '') ~= ''
    if not native.set_socket(connection, socket) then
      socket.destroyed = true
    end
  end
  return socket
end

local function name(self, operation, ask)
  local found, _, code = ask(self._connection)
  if not found then
    return nil, errors.make(operation, code == 'ECONNRESET' and 'ENOTCONN' or code or 'ENOTSUP')
  elseif type(found) == 'string' then
    return { path = found }
  end
  found.address = found.ip
  return found
end

--- The client's address.
---@return table|nil address ip (also called address), port and family, or path; nil and the error if there is none
---@return Error|nil err
function ServerSocket:address()
  return name(self, 'getpeername', native.peer)
end

--- The client's address.
---@return table|nil address as of `address`
---@return Error|nil err
function ServerSocket:getpeername()
  return name(self, 'getpeername', native.peer)
end

--- The address the client has connected to.
---@return table|nil address as of `address`
---@return Error|nil err
function ServerSocket:getsockname()
  return name(self, 'getsockname', native.local_address)
end

--- "TLSv1.3", or nil when the connection is not encrypted.
---@return string|nil
function ServerSocket:version()
  local protocol = native.protocol(self._connection)
  return protocol ~= '' and protocol or nil
end

--- Breaks the connection off.
---@return http.ServerSocket self
function ServerSocket:destroy()
  native.abort(self._connection)
  return self
end

--- Small writes are sent at once in any case.
---@return boolean true
function ServerSocket:nodelay()
  return true
end

--- Idle connections are ended by the server's keepAliveTimeout.
---@return boolean true
function ServerSocket:keepalive()
  return true
end

--- Time-outs are the server's (see createServer).
---@return http.ServerSocket self
function ServerSocket:setTimeout()
  return self
end

function ServerSocket:_closed()
  self.destroyed = true
  if self.handlers and self.handlers.close then
    self:emit('close')
  end
end

return ServerSocket
