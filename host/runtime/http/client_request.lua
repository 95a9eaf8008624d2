-- A request being sent, and its way to the answer. Exported by http as ClientRequest.

local core = require('core')
local uv = require('uv')
local stream = require('stream')
local turn = require('internal/turn')
local connect = require('http/connect')
local options = require('http/request_options')

local Error = core.Error
local Writable = stream.Writable
local soon = turn.soon

local HEADERS_TIMEOUT = 300000 -- ms
local BODY_TIMEOUT = 300000
local CONTINUE_TIMEOUT = 1000

-- What may be sent twice (RFC 9110, section 9.2.2).
local IDEMPOTENT = { GET = true, HEAD = true, OPTIONS = true, TRACE = true, PUT = true, DELETE = true }

--- A request. It is sent when it is ended with `done`: then with its length, in one
--- piece with the head. A body of several writes is sent in chunks, from the first turn
--- of the loop after a write on, unless it is over by then; with a Content-Length header
--- it is sent as it is. `write` gives false when it goes faster than the server reads.
---
--- Without an agent the connection is used for this request only. With one, a request that
--- may be repeated is repeated once, on a new connection, when a used connection turns out
--- to be closed before a byte of the answer has come.
--- event response(res ClientResponse): the head of the answer has come.
--- event socket(socket Socket): it has a connection.
--- event connect(res ClientResponse, socket Socket, head string): a tunnel stands (method CONNECT); head: what came already.
--- event upgrade(res ClientResponse, socket Socket, head string): the server changed the protocol (101).
--- event continue(): the server wants the body (Expect: 100-continue).
--- event information(info {statusCode: integer, statusMessage: string, headers: table}): an interim answer (1xx).
--- event timeout(): nothing went either way for as long as setTimeout said; the request goes on.
--- event error(err Error): no answer, or not all of it.
--- event drain(): there is room again after write() gave false.
--- event finish(): the request was sent.
--- event close(): nothing follows.
---@class ClientRequest: Writable
---@field method string
---@field path string
---@field host string
---@field port integer
---@field protocol string "http:" or "https:"
---@field reusedSocket boolean the connection had been used before
---@field response ClientResponse|nil
local ClientRequest = Writable:extend()

---@param opts table|string options or a URL; see http.request
---@param onResponse fun(res: ClientResponse)|nil
function ClientRequest:initialize(opts, onResponse)
  Writable.initialize(self)
  self:cork()
  self.fields = {}
  self.destroyed, self.headSent, self.ending = false, false, false
  self.reusedSocket = false
  self.body = ''
  if onResponse then
    self:once('response', onResponse)
  end
  local err = options.read(self, opts)
  if err then
    soon(self.fail, self, err)
    return
  end
  if self.timeout then
    self:setTimeout(self.timeout)
  end
  soon(self.acquire, self)
end

--------------------------------------------------------------------------------
-- Headers

--- Sets a header of the request, in place of those of that name.
---@param name string
---@param value any a table of values: one header each
function ClientRequest:setHeader(name, value)
  self:refuseLate('setHeader')
  options.remove(self.fields, name)
  options.add(self.fields, name, value)
end

---@param name string
---@return string|string[]|nil value a table if there are several
function ClientRequest:getHeader(name)
  return options.get(self.fields, name)
end

---@param name string
---@return boolean
function ClientRequest:hasHeader(name)
  return options.get(self.fields, name) ~= nil
end

---@param name string
function ClientRequest:removeHeader(name)
  self:refuseLate('removeHeader')
  options.remove(self.fields, name)
end

--- The names of the headers set so far.
---@return string[]
function ClientRequest:getHeaderNames()
  local names = {}
  for i = 1, #self.fields, 2 do
    names[#names + 1] = self.fields[i]
  end
  return names
end

function ClientRequest:refuseLate(method)
  if self.headSent then
    error(method .. ': the head has been sent', 3)
  end
end

--------------------------------------------------------------------------------
-- The connection

function ClientRequest:acquire(fresh)
  if self.destroyed then return end
  local function opened(err, connection, reused)
    self.opening = nil
    if err then
      return self:fail(err)
    end
    self:assigned(connection, reused or false)
  end
  local opening
  if self.agent then
    opening = self.agent:acquire(self.spec, opened, fresh)
  else
    opening = connect.open(self.spec, opened)
  end
  if not self.connection and not self.destroyed then
    self.opening = opening
  end
end

function ClientRequest:assigned(connection, reused)
  self.connection, self.socket = connection, connection.socket
  self.reusedSocket = reused
  connection:begin(self)
  self:watch()
  self:emit('socket', connection.socket)
  self:go()
end

-- The exchange is over: the connection goes back, or away.
function ClientRequest:letGo(keep)
  local connection = self.connection
  if not connection then return end
  self.connection = nil
  if self.timer then
    self.timer:close()
    self.timer = nil
  end
  connection.exchange = nil
  if keep and self.agent then
    return self.agent:release(connection, self.patience)
  end
  connection:destroy()
end

--------------------------------------------------------------------------------
-- Sending

-- What Writable wants done waits in held, heldData, heldDone until it can be: one at a
-- time, "head", "write" or "final".

local function uncorkOnce(self)
  if self.corkedFirst then
    self.corkedFirst = false
    self:uncork()
  end
end

--- Sends a piece of the body.
---@param chunk string
---@param callback fun(err: Error|nil)|nil
---@return boolean more whether more is welcome
function ClientRequest:write(chunk, callback)
  if self.destroyed or self.over then
    if callback then
      soon(callback, self.failure or nil)
    end
    return not self.destroyed
  end
  local more = Writable.write(self, chunk, callback)
  if self.corkedFirst == nil then
    self.corkedFirst = true
    soon(uncorkOnce, self)
  end
  if not more then
    uncorkOnce(self)
  end
  return more
end

--- Ends the request, after a last piece of the body if one is given.
---@param chunk string|nil
---@param callback fun()|nil called at `finish`
function ClientRequest:done(chunk, callback)
  if type(chunk) == 'function' then
    chunk, callback = nil, chunk
  elseif type(callback) ~= 'function' then
    callback = nil
  end
  if self.ending then
    if callback then self:once('finish', callback) end
    return self
  end
  if self.destroyed then
    return self
  end
  self.ending = true
  if self.corkedFirst ~= false then
    self.corkedFirst = false -- _end uncorks
  end
  Writable._end(self, chunk, callback)
  return self
end

ClientRequest.finish = ClientRequest.done
ClientRequest._end = ClientRequest.done

--- Sends the head without waiting for the body.
function ClientRequest:flushHeaders()
  if self.flushing or self.ending or self.destroyed then return end
  self.flushing = true
  if not self.held then
    self.held = 'head'
    self:go()
  end
  uncorkOnce(self)
end

function ClientRequest:_write(chunk, done)
  if self.ending and not self.headSent and not self.flushing then
    self.body = self.body .. chunk
    return done()
  end
  self.held, self.heldData, self.heldDone = 'write', chunk, done
  self:go()
end

function ClientRequest:_writeMany(chunks, done)
  return self:_write(table.concat(chunks), done)
end

function ClientRequest:_final(done)
  self.held, self.heldData, self.heldDone = 'final', nil, done
  self:go()
end

-- Sends what is held, if there is a connection and the server wants it.
function ClientRequest:go()
  local connection, kind = self.connection, self.held
  if not kind or self.awaitingContinue then
    return
  elseif self.over or self.refused then
    return self:sent() -- nobody wants it any more
  elseif not connection then
    return
  end
  local session, bytes, why, code = connection.session, nil, nil, nil
  if not self.headSent then
    if kind == 'final' and not (self.expects and self.body ~= '') then
      self.headSent = true
      bytes, why, code = session:request(self:head(#self.body))
    else
      return self:sendHead(kind == 'final' and #self.body or nil)
    end
  elseif kind == 'write' then
    bytes, why, code = session:write_body(self.heldData)
  elseif kind == 'final' then
    if self.body ~= '' then -- held back by Expect
      bytes, why, code = session:write_body(self.body)
      self.body = ''
      if bytes then
        connection:send(bytes)
      end
    end
    if not why then
      bytes, why, code = session:finish(self.trailers)
    end
  end
  if not bytes then
    return self:fail(Error:new(('%s: %s, %s'):format(code == 'closed' and 'EPIPE' or 'EINVAL', why, self:describe())))
  end
  self:send(bytes)
end

local BODYLESS = { GET = true, HEAD = true, DELETE = true, OPTIONS = true, TRACE = true, CONNECT = true }

-- The arguments of the codec's request(), with the target as the connection needs it.
function ClientRequest:head(size)
  local connection = self.connection
  local path = self.path
  if connection.proxied and self.method ~= 'CONNECT' then
    path = 'http://' .. self.authority .. path
    local proxyAuth = connect.proxyHeaders(self.spec.proxy)
    if proxyAuth[1] and not options.get(self.fields, proxyAuth[1]) then
      options.add(self.fields, proxyAuth[1], proxyAuth[2])
    end
  end
  local fields = self.fields
  if not size and not options.get(fields, 'Content-Length') and not options.get(fields, 'Transfer-Encoding')
    and BODYLESS[self.method] and self.method ~= 'CONNECT' and self.held == 'write' then
    options.add(fields, 'Transfer-Encoding', 'chunked')
  end
  local keep = (self.agent and self.agent.keepAlive) or options.get(fields, 'Connection') ~= nil
  return self.method, path, self.authority, fields, keep or self.method == 'CONNECT',
    size and size > 0 and self.body or nil
end

-- The head alone; what is held follows, after "100 Continue" if that was asked for.
function ClientRequest:sendHead(size)
  local connection = self.connection
  if size and size > 0 and not options.get(self.fields, 'Content-Length') then
    options.add(self.fields, 'Content-Length', size)
  end
  local method, path, host, fields, keep = self:head(nil)
  local bytes, why = connection.session:write_head(method, path, host, fields, keep)
  if not bytes then
    return self:fail(Error:new(('EINVAL: %s, %s'):format(why, self:describe())))
  end
  self.headSent, self.streamed = true, true
  connection:send(bytes)
  if self.held == 'head' then
    self.held = nil
  elseif self.expects then
    self.awaitingContinue = true
    self.continueTimer = uv.new_timer()
    self.continueTimer:start(self.continueTimeout or CONTINUE_TIMEOUT, 0, function()
      self:continue()
    end)
  else
    self:go()
  end
end

function ClientRequest:continue()
  if self.continueTimer then
    self.continueTimer:close()
    self.continueTimer = nil
  end
  if self.awaitingContinue then
    self.awaitingContinue = false
    self:go()
  end
end

-- Bytes of the codec to the socket; then Writable goes on.
function ClientRequest:send(bytes)
  local connection = self.connection
  if self.held == 'final' then
    self.requestSent = true
  end
  if bytes == '' then
    return self:sent()
  end
  connection:send(bytes, function(err)
    -- A connection that cannot be written to says so itself, perhaps with an answer.
    if not err and self.connection == connection then
      connection.active = uv.now()
      self:sent()
    end
  end)
end

function ClientRequest:sent()
  local done = self.heldDone
  self.held, self.heldData, self.heldDone = nil, nil, nil
  if done then
    done()
  end
end

function ClientRequest:onDrain() end

-- "GET http://host/path", for messages.
function ClientRequest:describe()
  return ('%s %s//%s%s'):format(self.method, self.protocol, self.authority, self.path)
end

for name, method in pairs(require('http/client_answer')) do
  ClientRequest[name] = method
end

--------------------------------------------------------------------------------
-- Failing and ending

-- A used connection that was closed meanwhile says nothing about the server.
local function mayRepeat(self, err)
  local connection = self.connection
  return self.reusedSocket and not self.repeated and connection and not connection.heard
    and IDEMPOTENT[self.method] and not self.response and not self.streamed
    and (not self.headSent or self.requestSent)
    and (err.code == 'ECONNRESET' or err.code == 'EPIPE' or err.code == 'ECONNABORTED')
end

function ClientRequest:onError(err)
  if mayRepeat(self, err) then
    self.repeated = true
    self.connection, self.socket = nil, nil
    self.headSent, self.requestSent = false, false
    if self.timer then
      self.timer:close()
      self.timer = nil
    end
    if not self.held and self.ending then
      self.held = 'final' -- once more; Writable has been told already
    end
    return self:acquire(true)
  end
  local text = tostring(err)
  local made = Error:new(('%s, %s'):format(text, self:describe()), err.code)
  made.cause = err
  self:fail(made)
end

--- Ends the request with an error.
---@param err Error
function ClientRequest:fail(err)
  if self.destroyed then return end
  local done, res = self.heldDone, self.response
  self.held, self.heldData, self.heldDone = nil, nil, nil
  self.failure = err
  self:stop()
  local told = false
  if res and not res.complete then
    told = res:failed(err, self.straight and self:listenerCount('error') == 0)
  end
  if not told then
    if done and not self.over then
      done(err) -- Writable emits it
    else
      self:emit('error', err)
    end
  end
  self:closed()
end

function ClientRequest:stop()
  self.destroyed = true
  if self.opening then
    self.opening:cancel()
    self.opening = nil
  end
  if self.continueTimer then
    self.continueTimer:close()
    self.continueTimer = nil
  end
  self:letGo(false)
end

function ClientRequest:closed()
  if not self.closedEmitted then
    self.closedEmitted = true
    if self:listenerCount('close') > 0 then
      self:emit('close')
    end
  end
end

--- Gives the request up and closes its connection. Before the answer that is an `error`
--- (code "ECANCELED") for those who listen.
---@param err Error|nil emitted as `error` if given
---@return ClientRequest self
function ClientRequest:destroy(err)
  if self.destroyed or (self.over and self.response and self.response.complete) then
    return self
  end
  if err then
    self:fail(err)
  elseif self:listenerCount('error') > 0 and not self.response then
    self:fail(Error:new('ECANCELED: the request was given up, ' .. self:describe()))
  else
    local res = self.response
    self:stop()
    if res and not res.complete then
      res:failed(Error:new('ECANCELED: the response was given up, ' .. self:describe()), true, true)
    end
    self:closed()
  end
  return self
end

ClientRequest.abort = ClientRequest.destroy

--------------------------------------------------------------------------------
-- Time

-- How long the server may be silent now.
local function patience(self)
  if self.response then
    return not self.connection.paused and (self.bodyTimeout or BODY_TIMEOUT) or math.huge
  elseif self.requestSent or self.held then
    return self.headersTimeout or HEADERS_TIMEOUT
  end
  return math.huge -- it is the program that lets us wait
end

local LONGEST = 3600000

function ClientRequest:watch()
  local connection = self.connection
  if not connection then return end
  local limit = math.min(patience(self), self.headersTimeout or HEADERS_TIMEOUT, LONGEST)
  if self.response then
    limit = math.min(patience(self), self.bodyTimeout or BODY_TIMEOUT, LONGEST)
  end
  if self.idleTimeout and self.toldActive ~= connection.active then
    limit = math.min(limit, self.idleTimeout)
  end
  if not self.timer then
    self.timer = uv.new_timer()
    self.timer:unref()
    self.onTick = function()
      self:tick()
    end
  end
  local wait = connection.active + limit - uv.now()
  self.timer:start(math.max(1, wait), 0, self.onTick)
end

function ClientRequest:tick()
  local connection = self.connection
  local idle = uv.now() - connection.active
  if self.idleTimeout and idle >= self.idleTimeout and self.toldActive ~= connection.active then
    self.toldActive = connection.active
    self:emit('timeout')
    if self.connection ~= connection then return end
  end
  local limit = patience(self)
  if idle >= limit then
    return self:onError(Error:new(('ETIMEDOUT: the server sent nothing for %d ms'):format(limit)))
  elseif idle >= LONGEST or limit == math.huge then
    connection.active = uv.now()
  end
  self:watch()
end

--- Emits `timeout` whenever nothing went either way for that long. The request goes on
--- unless a listener destroys it.
---@param ms integer 0: never
---@param callback fun()|nil added as a listener of `timeout`
---@return ClientRequest self
function ClientRequest:setTimeout(ms, callback)
  self.idleTimeout = ms > 0 and ms or nil
  if callback then
    self:once('timeout', callback)
  end
  self:watch()
  return self
end

--------------------------------------------------------------------------------
-- Straight-line

--- Ends the request if that was not done, and waits in a coroutine for the head of the
--- answer. Read the body with `res:readAll()` or `res:chunks()`.
---@return ClientResponse|nil res
---@return Error|nil err
function ClientRequest:getResponse()
  if self.response then
    return self.response
  elseif self.failure then
    return nil, self.failure
  end
  self.straight = true
  self:done()
  return self:wait('response')
end

return ClientRequest
