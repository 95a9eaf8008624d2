--- Randomness and digests from the TLS library.

local native = require('native.crypto')
local Error = require('core').Error

local lcrypto = {}

--- Bytes that nobody can predict, fit for keys and tokens.
---@param count integer from 0 to 67108864
---@param callback fun(err: Error|nil, bytes: string|nil)|nil called before randomBytes returns
---@return string|nil bytes
---@return Error|nil err the system has no randomness to give
function lcrypto.randomBytes(count, callback)
  local bytes, message = native.randomBytes(count)
  local err = message and Error:new(message) or nil
  if callback then
    callback(err, bytes)
    return
  end
  return bytes, err
end

--- The SHA-1 digest. It protects nothing any more; formats still ask for it.
---@param bytes string
---@return string digest 20 bytes
function lcrypto.sha1(bytes)
  return native.sha1(bytes)
end

--- The SHA-256 digest.
---@param bytes string
---@return string digest 32 bytes
function lcrypto.sha256(bytes)
  return native.sha256(bytes)
end

--- The SHA-512 digest.
---@param bytes string
---@return string digest 64 bytes
function lcrypto.sha512(bytes)
  return native.sha512(bytes)
end

return lcrypto
