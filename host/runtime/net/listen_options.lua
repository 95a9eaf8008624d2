-- What `listen` of every server may be given. Internal to net and http.

local listenOptions = {}

--- The arguments as one table of options, and the callback.
function listenOptions.of(port, host, backlog, callback)
  if type(port) == 'table' then
    return port, type(host) == 'function' and host or callback
  elseif type(port) == 'function' then
    return {}, port
  elseif type(port) == 'string' and not tonumber(port) then
    return { path = port }, type(host) == 'function' and host or callback or backlog
  elseif type(host) == 'function' then
    return { port = port }, host
  elseif type(host) == 'number' then
    return { port = port, backlog = host }, backlog
  elseif type(backlog) == 'function' then
    return { port = port, host = host }, backlog
  end
  return { port = port, host = host, backlog = backlog }, callback
end

--- The port and the host of options without a path. Raises an error, in the name of
--- the caller of `listen`, for what is no port.
function listenOptions.place(options)
  local port = tonumber(options.port or 0)
  if not port or port < 0 or port > 65535 or port % 1 ~= 0 then
    error('a port is a number up to 65535, not ' .. tostring(options.port), 3)
  end
  return port, options.host or options.ip or '0.0.0.0'
end

return listenOptions
