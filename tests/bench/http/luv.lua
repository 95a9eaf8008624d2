-- Bare luv: whatever comes, a fixed answer goes back. The floor that a server on
-- LuaJIT and libuv can reach. Usage: virgo lua luv.lua MODE
local uv = require('uv')
local mode = process and process.argv[2] or args[2]

local body = mode == 'download' and ('x'):rep(1024 * 1024) or 'Hello World\n'
local answer = 'HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n'
  .. 'Content-Type: text/plain\r\nContent-Length: ' .. #body
  .. '\r\nConnection: keep-alive\r\n\r\n' .. body

local server = uv.new_tcp()
server:bind('127.0.0.1', 0)
server:listen(511, function()
  local client = uv.new_tcp()
  server:accept(client)
  client:nodelay(true)
  client:read_start(function(err, chunk)
    if chunk then
      client:write(answer)
    else
      client:close()
    end
  end)
end)
print(server:getsockname().port)
io.stdout:flush()
