--- Errors of sockets and names: one sentence that says what was tried, on what, and
--- why it failed, such as "connect ECONNREFUSED 127.0.0.1:1: connection refused".

local core = require('core')

local Error = core.Error

local errors = {}

-- What callbacks of uv report is a code only.
local SENTENCES = {
  EACCES = 'permission denied',
  EADDRINUSE = 'address already in use',
  EADDRNOTAVAIL = 'address not available',
  EAFNOSUPPORT = 'address family not supported',
  EAGAIN = 'try again',
  EALREADY = 'already under way',
  EBADF = 'bad file descriptor',
  EBUSY = 'resource busy',
  ECANCELED = 'operation canceled',
  ECONNABORTED = 'connection aborted',
  ECONNREFUSED = 'connection refused',
  ECONNRESET = 'connection reset by the peer',
  EDESTADDRREQ = 'destination address required',
  EHOSTDOWN = 'host is down',
  EHOSTUNREACH = 'host is unreachable',
  EINTR = 'interrupted',
  EINVAL = 'invalid argument',
  EIO = 'input or output failed',
  EISCONN = 'connected already',
  EMFILE = 'too many open files',
  EMSGSIZE = 'message too long',
  ENAMETOOLONG = 'name too long',
  ENETDOWN = 'network is down',
  ENETUNREACH = 'network is unreachable',
  ENFILE = 'too many open files in the system',
  ENOBUFS = 'no buffer space available',
  ENODATA = 'no such data',
  ENODEV = 'no such device',
  ENOENT = 'no such file or directory',
  ENOMEM = 'not enough memory',
  ENOPROTOOPT = 'option not available',
  ENOTCONN = 'not connected',
  ENOTDIR = 'not a directory',
  ENOTSOCK = 'not a socket',
  ENOTSUP = 'not supported',
  EOF = 'end of file',
  EPERM = 'operation not permitted',
  EPIPE = 'broken pipe',
  EPROTO = 'protocol error',
  EPROTONOSUPPORT = 'protocol not supported',
  EPROTOTYPE = 'wrong type of protocol for a socket',
  EROFS = 'read-only file system',
  ETIMEDOUT = 'connection timed out',
  EAI_ADDRFAMILY = 'the name has no address of this family',
  EAI_AGAIN = 'the name servers do not answer',
  EAI_FAIL = 'the look-up failed for good',
  EAI_FAMILY = 'address family not supported',
  EAI_MEMORY = 'not enough memory',
  EAI_NODATA = 'the name has no address',
  EAI_NONAME = 'the name does not exist',
  EAI_SERVICE = 'service not available for this type of socket',
}

--- The code of what uv reported: "ENOENT: no such file" or just "ENOENT".
---@param err any
---@return string
function errors.code(err)
  if type(err) == 'table' and err.code then
    return err.code
  end
  return tostring(err):match('^[A-Z][A-Z0-9_]+') or 'UNKNOWN'
end

--- What a code means.
---@param code string
---@return string
function errors.sentence(code)
  return SENTENCES[code] or 'unknown error'
end

--- An address as text: "1.2.3.4:80", "[::1]:80", or the path of a unix socket.
---@param host string|nil
---@param port integer|nil
---@return string
function errors.where(host, port)
  if not host then
    return port and ':' .. port or ''
  elseif not port then
    return host
  end
  return (host:find(':', 1, true) and '[' .. host .. ']:' or host .. ':') .. port
end

--- The error for a failed operation, with the fields code, syscall, address and port.
---@param operation string "connect", "listen", ...
---@param err any what uv reported, or a code
---@param host string|nil address, name or path
---@param port integer|nil
---@param sentence string|nil instead of the code's own
---@return Error
function errors.make(operation, err, host, port, sentence)
  local code = errors.code(err)
  sentence = sentence or SENTENCES[code]
    or type(err) == 'string' and err:match('^[A-Z][A-Z0-9_]+: (.+)$') or 'unknown error'
  local where = errors.where(host, port)
  local made = Error:new(('%s %s%s: %s'):format(operation, code,
    where ~= '' and ' ' .. where or '', sentence), code)
  made.syscall, made.address, made.port = operation, host, port
  return made
end

return errors
