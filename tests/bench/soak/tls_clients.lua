-- COUNT TLS connections to PORT, eight at a time, each with one request and its answer.
local https = require('https')
local COUNT, PORT = tonumber(process.argv[2]), tonumber(process.argv[3])

local started, failed = 0, 0
local function one()
  if started == COUNT then return end
  started = started + 1
  local req = https.request({
    host = '127.0.0.1', port = PORT, path = '/', agent = false, rejectUnauthorized = false,
    headers = { Connection = 'close' },
  }, function(res)
    res:on('data', function() end)
    res:on('end', one)
  end)
  req:on('error', function(err)
    failed = failed + 1
    io.stderr:write(tostring(err), '\n')
    one()
  end)
  req:done()
end
for _ = 1, 8 do one() end
process:on('exit', function() print(started - failed) end)
