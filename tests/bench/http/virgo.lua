-- The server under measurement, on the runtime. Usage: virgo lua virgo.lua MODE [CERT KEY]
local http, json = require('http'), require('json')
local mode, cert, key = process.argv[2], process.argv[3], process.argv[4]

local MEGABYTE = ('x'):rep(1024 * 1024)
local handlers = {
  hello = function(_, res)
    res:setHeader('Content-Type', 'text/plain')
    res:finish('Hello World\n')
  end,
  echo = function(req, res)
    local parts = {}
    req:on('data', function(chunk) parts[#parts + 1] = chunk end)
    req:on('end', function()
      local value = json.parse(table.concat(parts))
      res:setHeader('Content-Type', 'application/json')
      res:finish(json.stringify(value))
    end)
  end,
  download = function(_, res)
    res:setHeader('Content-Type', 'application/octet-stream')
    res:finish(MEGABYTE)
  end,
}
handlers.https = handlers.hello
handlers.idle = handlers.hello

local server
if mode == 'https' then
  local fs = require('fs')
  local tls = { cert = fs.readFileSync(cert), key = fs.readFileSync(key) }
  server = require('https').createServer(tls, handlers[mode])
elseif mode == 'idle' then
  server = http.createServer({ keepAliveTimeout = 0 }, handlers[mode])
else
  server = http.createServer(handlers[mode])
end
server:listen(0, '127.0.0.1', function() print(server:address().port) end)
