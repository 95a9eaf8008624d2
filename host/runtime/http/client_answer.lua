-- What a ClientRequest does with the answer, as the codec tells of it piece by piece: the
-- methods that http/client_request has from here.

local core = require('core')
local options = require('http/request_options')
local Response = require('http/response')

local Error = core.Error

local answer = {}

function answer:onInformational(status, reason, minor, fields)
  if status == 100 then
    if self:listenerCount('continue') > 0 then
      self:emit('continue')
    end
    self:continue()
  end
  if self:listenerCount('information') > 0 then
    self:emit('information', { statusCode = status, statusMessage = reason,
      httpVersion = minor == 0 and '1.0' or '1.1', headers = Response.toHeaders(fields) })
  end
end

-- "timeout=5, max=100" -> ms the server keeps the connection, less what the way takes.
local function patienceOf(fields)
  local value = options.get(fields, 'Keep-Alive')
  local seconds = type(value) == 'string' and tonumber(value:match('timeout%s*=%s*(%d+)'))
  return seconds and math.max(0, seconds * 1000 - 1000) or nil
end

function answer:onResponse(status, reason, minor, fields)
  local res = Response:new(self, self.connection, status, reason, minor, fields)
  self.response = res
  if self.agent then
    self.patience = patienceOf(fields)
  end
  if self.awaitingContinue then
    self.refused = true -- the server decided without the body
    self:continue()
  end
  self:watch()
  if self:listenerCount('response') > 0 then
    self:emit('response', res)
  else
    res:resume()
  end
end

function answer:onBody(chunk)
  local res = self.response
  res.wanted = false
  return res:push(chunk) or res.wanted -- a reader may have asked for more inside of push
end

function answer:onEnd(trailers)
  local res = self.response
  self:letGo(self.requestSent)
  self.over = true
  if self.held then
    self:sent() -- or it has nobody to go to any more
  end
  res:finished(trailers)
  self:closed()
end

function answer:onUpgrade(status, reason, minor, fields, rest)
  local connection = self.connection
  local socket = connection.socket
  self.connection = nil
  if self.timer then
    self.timer:close()
    self.timer = nil
  end
  local res = Response:new(self, nil, status, reason, minor, fields)
  res.socket, res.upgrade, res.complete = socket, true, true
  self.response, self.over = res, true
  self:sent()
  local event = self.method == 'CONNECT' and 'connect' or 'upgrade'
  if self.agent then
    self.agent:gone(connection.origin)
  end
  if self:listenerCount(event) == 0 then
    socket:on('error', function() end)
    socket:destroy()
    return self:fail(Error:new(('EPROTO: the server switched protocols and nobody listens to "%s", %s')
      :format(event, self:describe())))
  end
  if socket.state then
    socket:state().flowing = nil -- as new: the next reader decides
  end
  self:emit(event, res, socket, rest)
  self:closed()
end

return answer
