--- HTTP/1.1: servers and clients.

local server = require('http/server')

local http = {
  createServer = server.createServer,
  handleConnection = server.handleConnection,
  Server = server.Server,
  IncomingMessage = server.IncomingMessage,
  ServerResponse = server.ServerResponse,
}

-- The client's half is loaded when somebody asks for it.
setmetatable(http, {
  __index = function(_, key)
    return require('http/client')[key]
  end,
})

return http
