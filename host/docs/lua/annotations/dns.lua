---@meta dns
-- Generated from host/runtime by ./dev docs.

--- Names and addresses: questions to name servers, and what the system itself says.
---@class dns.module
local dns = {}

--- Asks for the records of a name. Addresses, the hosts file and localhost are answered
--- without a server. Short names get the search list of resolv.conf; a final dot
--- prevents that. Fails with code ENOTFOUND (no such name), ENODATA (no such record),
--- ESERVFAIL, EREFUSED, ENOTIMP, EFORMERR, EBADRESP (malformed answers), EBADNAME,
--- ETIMEOUT, ECONNREFUSED. Yields in a coroutine when no callback is given.
---@param name string
---@param type integer|string dns.TYPE_MX or "MX"
---@param class integer|nil CLASS_IN if left out
---@param callback nil|fun(err: Error|nil, records: table[]|nil) all records on the way to the
--- answer, CNAMEs first; each has name, type, class, ttl and the fields of its type
---@return table[]|nil records
---@return Error|nil err
---@overload fun(servers: table[], name: string, class: integer, type: integer, callback: nil|fun(err: Error|nil, records: table[]|nil)): table[]|nil, Error|nil
function dns.query(name, type, class, callback, ...) end

--- The records of one type; see query. Yields in a coroutine when no callback is given.
---@param name string
---@param type string|nil "A" if left out
---@param callback nil|fun(err: Error|nil, records: table[]|nil)
---@return table[]|nil records
---@return Error|nil err
function dns.resolve(name, type, callback) end

--- The IPv4 addresses of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field address
---@return table[]|nil records
---@return Error|nil err
function dns.resolve4(name, callback) end

--- The IPv6 addresses of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field address
---@return table[]|nil records
---@return Error|nil err
function dns.resolve6(name, callback) end

--- Where a service is; see query.
---@param name string such as "_xmpp-client._tcp.example.org"
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields target, port, priority and weight
---@return table[]|nil records
---@return Error|nil err
function dns.resolveSrv(name, callback) end

--- The mail servers of a domain; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields exchange and preference
---@return table[]|nil records
---@return Error|nil err
function dns.resolveMx(name, callback) end

--- The name servers of a domain; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field nsdname
---@return table[]|nil records
---@return Error|nil err
function dns.resolveNs(name, callback) end

--- What a name is an alias for; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field cname
---@return table[]|nil records
---@return Error|nil err
function dns.resolveCname(name, callback) end

--- The texts of a name; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields txt (all of it) and strings (its pieces)
---@return table[]|nil records
---@return Error|nil err
function dns.resolveTxt(name, callback) end

--- The authority of a zone; see query.
---@param name string
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the fields mname, rname, serial, refresh, retry, expire and minimum
---@return table[]|nil records
---@return Error|nil err
function dns.resolveSoa(name, callback) end

--- The PTR records of a name or of an address; see query.
---@param name string such as "1.2.0.192.in-addr.arpa", or "192.0.2.1"
---@param callback nil|fun(err: Error|nil, records: table[]|nil) records with the field ptrdname
---@return table[]|nil records
---@return Error|nil err
function dns.resolvePtr(name, callback) end

--- The names of an address, from the hosts file or from PTR records. What is no address
--- fails with code EINVAL. Yields in a coroutine when no callback is given.
---@param address string IPv4 or IPv6
---@param callback nil|fun(err: Error|nil, names: string[]|nil)
---@return string[]|nil names
---@return Error|nil err
function dns.reverse(address, callback) end

--- Looks a name up as the system's own programs do (getaddrinfo): hosts file, name
--- servers and whatever else the system has. Not affected by setServers.
--- Yields in a coroutine when no callback is given.
---@param name string
---@param options table|integer|nil family (4, 6 or 0), all (every address, not only the first)
---@param callback nil|fun(err: Error|nil, address: string|table[]|nil, family: integer|nil) with
--- `all` a list of tables with the fields address and family
---@return string|table[]|nil address
---@return integer|Error|nil family
function dns.lookup(name, options, callback) end

--- Which servers are asked, in this order, instead of the system's.
---@param servers (table|string)[] tables with the fields host, port (53) and tcp (not to try UDP), or addresses
function dns.setServers(servers) end

--- The servers that are asked.
---@return table[] servers with the fields host and port
function dns.getServers() end

--- Asks the system's servers again: those of /etc/resolv.conf.
function dns.setDefaultServers() end

--- How long an answer may take, for each server and attempt.
---@param timeout number milliseconds
function dns.setTimeout(timeout) end

--- The timeout of resolv.conf again, or 2 s.
function dns.setDefaultTimeout() end

--- Takes servers, search list and options from a file in the form of resolv.conf, and
--- undoes setServers. /etc/resolv.conf is read without this, and again when it changes.
---@param options table|nil file ("/etc/resolv.conf"), hosts ("/etc/hosts")
---@return table[]|nil servers nil and the error if the file cannot be read; nothing has changed then
---@return Error|nil err
function dns.loadResolver(options) end

--- Only on Windows, where Virgo does not run.
---@return nil
---@return Error err code "ENOSYS"
function dns.loadResolverWin() end

---@type number
dns.CLASS_IN = nil

---@type number
dns.TYPE_A = nil

---@type number
dns.TYPE_AAAA = nil

---@type number
dns.TYPE_CNAME = nil

---@type number
dns.TYPE_MX = nil

---@type number
dns.TYPE_NS = nil

---@type number
dns.TYPE_PTR = nil

---@type number
dns.TYPE_SOA = nil

---@type number
dns.TYPE_SRV = nil

---@type number
dns.TYPE_TXT = nil

--- The same as dns.loadResolver.
dns.loadResolverUnix = nil

return dns
