-- The client's end of one HTTP/1.1 connection: a socket, the codec (native.http_client)
-- and the exchange that uses them now. Internal to http.
--
-- The exchange is an object with the methods
--   onInformational(status, reason, minor, headers), onResponse(the same)
--   onBody(chunk)          false: pause reading until connection:resume()
--   onEnd(trailers)        the response is over; the connection may be given back
--   onUpgrade(status, reason, minor, headers, rest)   the socket is the exchange's now
--   onError(err)           the connection is destroyed
--   onDrain()              what was written is on its way
-- headers are flat lists: name, value, name, value ...

local core = require('core')
local uv = require('uv')
local native = require('native.http_client')

local Error = core.Error
local Connection = core.Object:extend()

local CODES = { invalid = 'EPROTO', limit = 'EMSGSIZE', closed = 'ECONNRESET' }

--- `socket` is connected; `limits` as native.http_client.session takes them; `proxied`: the
--- other end is a proxy that wants whole URLs.
function Connection:initialize(socket, limits, proxied)
  self.socket = socket
  self.session = native.session(limits)
  self.proxied = proxied or false
  self.exchange = nil
  self.uses = 0          -- requests begun
  self.heard = false     -- a byte came since the last one began
  self.active = uv.now() -- when something last went either way
  self.dead = false
  self.paused = false
  self.events = {}
  local listeners = {
    data = function(chunk) self:onData(chunk) end,
    ['end'] = function() self:onEnd() end,
    close = function() self:onEnd() end,
    error = function(err) self:onError(err) end,
    drain = function()
      self.active = uv.now()
      if self.exchange then self.exchange:onDrain() end
    end,
  }
  self.listeners = listeners
  for name, listener in pairs(listeners) do
    socket:on(name, listener)
  end
end

--- Takes the connection for one exchange.
function Connection:begin(exchange)
  self.exchange = exchange
  self.uses = self.uses + 1
  self.heard = false
  self.active = uv.now()
end

--- Sends bytes of the codec; as the socket's write.
function Connection:send(bytes, callback)
  self.active = uv.now()
  return self.socket:write(bytes, callback)
end

function Connection:onData(chunk)
  if self.dead then return end
  self.heard = true
  self.active = uv.now()
  local events = self.events
  self.events = nil -- an exchange may turn the loop, and more may come meanwhile
  if not events then events = {} end
  self:dispatch(events, self.session:feed(chunk, events))
  self.events = events
end

-- The server sends no more.
function Connection:onEnd()
  if self.dead then return end
  if self.socket.truncated and self.exchange then -- TLS was cut; the end may be anybody's
    return self:fail(Error:new('ECONNRESET: the connection was cut without the end of TLS'))
  end
  local events = {}
  self:dispatch(events, self.session:end_of_stream(events))
  if not self.dead then
    self:fail(Error:new('ECONNRESET: the server closed the connection'))
  end
end

function Connection:onError(err)
  if self.dead then return end
  self:fail(err)
end

function Connection:dispatch(events, count)
  local i = 1
  while i <= count do
    local kind, exchange = events[i], self.exchange
    if self.dead then
      return
    end
    if kind == 'error' then
      local code = CODES[events[i + 1]] or 'EPROTO'
      self:fail(Error:new(code .. ': ' .. events[i + 2], code))
      return
    elseif kind == 'body' then
      if exchange and exchange:onBody(events[i + 1]) == false then
        self:pause()
      end
      i = i + 2
    elseif kind == 'end' then
      if exchange then
        exchange:onEnd(events[i + 1])
      end
      i = i + 2
    elseif kind == 'upgrade' then
      self:detach()
      exchange:onUpgrade(events[i + 1], events[i + 2], events[i + 3], events[i + 4], events[i + 5])
      return
    else
      local method = kind == 'response' and exchange.onResponse or exchange.onInformational
      method(exchange, events[i + 1], events[i + 2], events[i + 3], events[i + 4])
      i = i + 5
    end
  end
end

function Connection:pause()
  if not self.paused and not self.dead then
    self.paused = true
    self.socket:pause()
  end
end

function Connection:resume()
  if self.paused and not self.dead then
    self.paused = false
    self.active = uv.now()
    self.socket:resume()
  end
end

function Connection:fail(err)
  local exchange = self.exchange
  self:destroy()
  if exchange then
    exchange:onError(err)
  end
end

--- Gives the socket away: the connection does nothing with it any more.
function Connection:detach()
  for name, listener in pairs(self.listeners) do
    self.socket:removeListener(name, listener)
  end
  self.dead = true
  self.exchange = nil
end

--- Closes the socket. The exchange hears nothing more.
function Connection:destroy()
  if self.dead then return end
  self.dead = true
  self.exchange = nil
  self.session:abort()
  if self.onDead then
    self.onDead(self)
  end
  self.socket:destroy()
end

--- Whether another request may be sent.
function Connection:reusable()
  return not self.dead and self.session:reusable()
end

return Connection
