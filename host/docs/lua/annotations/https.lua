---@meta https
-- Generated from host/runtime by ./dev docs.

--- HTTP over TLS: servers and clients. The server's certificate is checked with the
--- system's authorities, or the option `ca`, and must be for the host of the request.
---@class https.module
local https = {}

--- Begins a request, as http.request does; the port is 443 if none is given. An `error`
--- of the certificate has the code "ECERT" and says what is wrong with it.
---
--- Options, besides those of http.request: ca, key and cert (PEM), servername,
--- rejectUnauthorized (false: any certificate will do), ALPNProtocols, minVersion,
--- maxVersion, ciphers, secureContext; see tls.connect.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil added as a listener of `response`
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function https.request(opts, onResponse, third) end

--- The same for requests without a body: it is sent at once.
---@param opts table|string options, or a URL
---@param onResponse fun(res: ClientResponse)|nil
---@return ClientRequest req
---@overload fun(url: string, options: table, onResponse: fun(res: ClientResponse)|nil): ClientRequest
function https.get(opts, onResponse, third) end

--- Makes a server, as http.createServer does. Options, besides those: key and cert (PEM),
--- hosts (certificates by name), requestCert and ca (certificates of clients), and the rest
--- of tls.createServer. Raises an Error if a certificate or key is of no use.
---@param options table
---@param handler nil|fun(req: http.IncomingMessage, res: http.ServerResponse) runs in a coroutine, so it may wait
---@return http.Server
function https.createServer(options, handler) end

---@type table
https.Agent = nil

--- The same as http.fetch.
https.fetch = nil

---@type table
https.globalAgent = nil

return https
