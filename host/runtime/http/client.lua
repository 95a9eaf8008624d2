--- HTTP's client side: what http and https export of it.

local Agent = require('http/agent')
local ClientRequest = require('http/client_request')
local Response = require('http/response')
local options = require('http/request_options')

local client = {
  Agent = Agent,
  ClientRequest = ClientRequest,
  ClientResponse = Response,
}

--- The agent of `fetch`, and of requests with `agent = true`.
---@type Agent
client.globalAgent = Agent:new()

--- Begins a request; it is sent with `done`. Redirects are not followed.
---
--- Options: url, or protocol, host (hostname), port, path; method, headers (by name, or a
--- list of {name, value}), auth ("user:password"), agent (an Agent; true: globalAgent;
--- none: a connection for this request only), socketPath (a unix socket), proxy (a URL;
--- true: by the environment), localAddress, family; timeout (as setTimeout),
--- connectTimeout (30000 ms), headersTimeout and bodyTimeout (300000 ms without a byte),
--- continueTimeout (1000 ms); maxHeaderSize (16 KiB), maxHeaders (128), maxBody; for https
--- those of tls.connect.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil added as a listener of `response`
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function client.request(opts, onResponse, third)
  if type(opts) == 'string' and type(onResponse) == 'table' then
    local merged = { url = opts }
    for name, value in next, onResponse do
      merged[name] = value
    end
    opts, onResponse = merged, third
  end
  return ClientRequest:new(opts, onResponse)
end

--- The same for requests without a body: it is sent at once.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function client.get(opts, onResponse, third)
  local req = client.request(opts, onResponse, third)
  req:done()
  return req
end

--- What requests call themselves in the header User-Agent.
---@return string
function client.getDefaultUserAgent()
  return options.getDefaultUserAgent()
end

--- See http/fetch.lua.
function client.fetch(...)
  client.fetch = require('http/fetch')
  return client.fetch(...)
end

return client
