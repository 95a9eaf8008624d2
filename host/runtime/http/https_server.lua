-- HTTP's server over TLS: the listening of tls, the requests of http/server.

local tls = require('tls')
local http = require('http/server')
local soon = require('internal/turn').soon

local Server = http.Server:extend()

function Server:initialize(options, handler)
  http.Server.initialize(self, options, handler)
  local below = tls.createServer(self._options)
  self._below = below
  below:on('secureConnection', function(socket)
    http.handleConnection(socket, self._handler, self)
  end)
  below:on('error', function(err)
    self.listening = false
    self:emit('error', err)
  end)
  below:on('tlsClientError', function(err, socket)
    if self.handlers and self.handlers.tlsClientError then
      self:emit('tlsClientError', err, socket)
    end
  end)
end

function Server:listen(...)
  self._below:listen(...)
  self._below:once('listening', function()
    self.listening = true
    if self.handlers and self.handlers.listening then
      self:emit('listening')
    end
  end)
  return self
end

function Server:address()
  return self._below:address()
end

local function closed(self)
  if self.handlers and self.handlers.close then
    self:emit('close')
  end
end

function Server:close(callback)
  if callback then
    self:once('close', function()
      callback()
    end)
  end
  if self._closing then
    return self
  end
  self._closing, self.listening = true, false
  local waits = 2
  local function one()
    waits = waits - 1
    if waits == 0 then
      closed(self)
    end
  end
  self._below:close(one)
  local server = self._native
  self._native = nil
  if not server then
    soon(one)
  else
    self._last = server
    server:close(function()
      server:release()
      self._last = nil
      one()
    end)
  end
  return self
end

function Server:destroy(err, callback)
  if type(err) == 'function' and callback == nil then
    err, callback = nil, err
  end
  if err ~= nil then
    soon(self.emit, self, 'error', err)
  end
  self:close(callback)
  if self._last then
    self._last:abort_all()
  end
  return self
end

--- Takes another certificate, and the rest, for connections from now on; see
--- TLSServer:setSecureContext.
---@param options table
---@return http.Server self
function Server:setSecureContext(options)
  self._below:setSecureContext(options)
  return self
end

--- Certificates by the name a client asks for; see TLSServer:sni.
---@param hosts table<string, table>
---@return http.Server self
function Server:sni(hosts)
  self._below:sni(hosts)
  return self
end

local function create(options, handler)
  return Server:new(options or {}, handler)
end

return { Server = Server, create = create }
