--- TCP and unix sockets: servers and connections.

local addresses = require('net/address')
local Server = require('net/server')
local Socket = require('net/socket')

local net = { Socket = Socket, Server = Server }

--- Makes a server. The listener gets each connection and runs in a coroutine, so that it
--- may be written in straight lines: `for chunk in socket:chunks() do ... end`.
---
--- Options: allowHalfOpen (false), noDelay (true), keepAlive and keepAliveDelay (s),
--- pauseOnConnect, maxConnections, highWaterMark (bytes).
---@param options table|nil
---@param listener nil|fun(socket: net.Socket) a listener for `connection`
---@return net.Server server
---@overload fun(listener: fun(socket: net.Socket)): net.Server
function net.createServer(options, listener)
  local server = Server:new()
  server:init(options, listener)
  return server
end

--- Makes a socket and connects it; see Socket:connect for the options, and
--- Socket:initialize for allowHalfOpen and highWaterMark.
---@param port integer|string|table a port, the path of a unix socket, or options
---@param host string|nil "127.0.0.1" if left out
---@param callback nil|fun() as a listener for `connect`
---@return net.Socket socket
function net.connect(port, host, callback)
  local socket = Socket:new(type(port) == 'table' and port or nil)
  return socket:connect(port, host, callback)
end
net.createConnection = net.connect

--- Whether a text is an IP address.
---@param text any
---@return integer version 4, 6, or 0 if it is none
function net.isIP(text)
  local family = addresses.family(text)
  return family == 'inet' and 4 or family == 'inet6' and 6 or 0
end

--- Whether a text is an IPv4 address.
---@param text any
---@return boolean
function net.isIPv4(text)
  return net.isIP(text) == 4
end

--- Whether a text is an IPv6 address.
---@param text any
---@return boolean
function net.isIPv6(text)
  return net.isIP(text) == 6
end

return net
