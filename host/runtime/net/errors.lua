--- Errors of sockets and names: one sentence that says what was tried, on what, and
--- why it failed, such as "connect ECONNREFUSED 127.0.0.1:1: connection refused".

local uv = require('uv')
local core = require('core')

local Error = core.Error

local errors = {}

-- Sentences by code, made when the first is asked for.
local sentences

local function load()
  sentences = {
    ETIMEDOUT = 'connection timed out', ECANCELED = 'operation canceled', EOF = 'end of file',
    EAI_NONAME = 'the name does not exist', EAI_AGAIN = 'the name servers do not answer',
  }
  for number = 1, 133 do
    local text = uv.translate_sys_error(number)
    local code, sentence = tostring(text):match('^(E%w+): (.+)$')
    if code and not sentences[code] and code ~= 'UNKNOWN' then
      sentences[code] = sentence
    end
  end
  for number = -3014, -3000 do
    local code, sentence = tostring(uv.translate_sys_error(number)):match('^(EAI_%w+): (.+)$')
    if code and not sentences[code] then
      sentences[code] = sentence
    end
  end
end

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
  if not sentences then
    load()
  end
  return sentences[code] or 'unknown error'
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
  local where = errors.where(host, port)
  local made = Error:new(('%s %s%s: %s'):format(operation, code,
    where ~= '' and ' ' .. where or '', sentence or errors.sentence(code)), code)
  made.syscall, made.address, made.port = operation, host, port
  return made
end

return errors
