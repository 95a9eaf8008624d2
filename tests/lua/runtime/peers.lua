-- Peers for the tests of http, https and websocket: servers that say what a test wants,
-- byte by byte, and other programs.

local uv = require('uv')
local net = require('net')

local peers = {}

-- A server on a free port of loopback; handler(socket, n) in a coroutine for the n-th
-- connection. It is closed with its connections when the test is over.
function peers.server(t, handler, options)
  local sockets, count = {}, 0
  local server = net.createServer(options or {}, function(socket)
    count = count + 1
    sockets[#sockets + 1] = socket
    socket:on('error', function() end)
    handler(socket, count)
  end)
  t:defer(function()
    server:close()
    for _, socket in ipairs(sockets) do socket:destroy() end
  end)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  return server:address().port, function() return count end
end

-- Reads a request's head: the start line and the headers by lower-case name; nil at the end.
function peers.readHead(socket)
  local line = socket:readLine()
  if not line then return nil end
  local headers = {}
  while true do
    local field = socket:readLine()
    if not field then return nil end
    if field == '' then break end
    local name, value = field:match('^([^:]+):%s*(.*)$')
    headers[name:lower()] = value
  end
  return line, headers
end

-- Many bytes, in pieces that fit into the socket's buffer.
function peers.readExactly(socket, count)
  local parts = {}
  while count > 0 do
    local part = socket:readExactly(math.min(count, 16384))
    if not part then return nil end
    parts[#parts + 1], count = part, count - #part
  end
  return table.concat(parts)
end

-- Answers every connection's requests with what `answers[i]` says, in order over all.
function peers.script(t, answers)
  local n, heads = 0, {}
  local port, count = peers.server(t, function(socket)
    while true do
      local line, headers = peers.readHead(socket)
      if not line then return end
      local length = tonumber(headers['content-length'] or 0)
      headers.body = length > 0 and peers.readExactly(socket, length) or nil
      n = n + 1
      heads[n] = { line = line, headers = headers }
      local answer = answers[n] or answers[#answers]
      if type(answer) == 'function' then
        answer = answer(socket, line, headers)
      end
      if answer == false then
        return socket:destroy()
      elseif answer then
        socket:write(answer)
        if answer:lower():find('connection: close', 1, true) then
          return socket:_end()
        end
      end
    end
  end)
  return port, heads, count
end

function peers.response(body, extra)
  return ('HTTP/1.1 200 OK\r\n%sContent-Length: %d\r\n\r\n%s'):format(extra or '', #body, body)
end

-- Starts a program and waits until it writes a line that matches `pattern`; gives the
-- captures. It is killed when the test is over. A program that is not there skips the test.
function peers.program(t, command, args, pattern, options)
  local stdout, stderr = uv.new_pipe(false), uv.new_pipe(false)
  local exited, onExit, text, errors = false, nil, '', ''
  local handle
  handle = uv.spawn(command, { args = args, stdio = { nil, stdout, stderr }, cwd = options and options.cwd,
    env = options and options.env }, function()
    exited = true
    handle:close()
    if onExit then onExit() end
  end)
  if not handle then
    stdout:close()
    stderr:close()
    t:skip(command .. ' is not installed')
  end
  t:defer(function()
    if not exited then handle:kill('sigkill') end
    if not stdout:is_closing() then stdout:close() end
    if not stderr:is_closing() then stderr:close() end
  end)
  local found = t:await(function(done)
    local told = false
    local function check(ended)
      if told then return end
      local captures = { (text .. errors):match(pattern) }
      if captures[1] or ended then
        told = true
        done(captures)
      end
    end
    onExit = function() check(true) end
    stdout:read_start(function(_, chunk)
      text = text .. (chunk or '')
      check()
    end)
    stderr:read_start(function(_, chunk)
      errors = errors .. (chunk or '')
      check()
    end)
  end)
  t:ok(found[1], command .. ' did not start: ' .. text .. errors)
  return unpack(found)
end

-- A Node program that prints its port.
function peers.node(t, source)
  return tonumber((peers.program(t, 'node', { '-e', source }, 'port (%d+)')))
end

--------------------------------------------------------------------------------
-- Certificates, made by openssl in a folder that goes with the program.

local KEY = '-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'

function peers.certificates()
  local folder = assert(uv.fs_mkdtemp('/tmp/virgo-https-XXXXXX'))
  process:on('exit', function() os.execute('rm -rf ' .. folder) end)
  local own = { folder = folder }
  local function openssl(command)
    assert(os.execute(('cd %s && openssl %s 2>>log'):format(folder, command)) == 0, command)
  end
  local function read(name)
    local file = assert(io.open(folder .. '/' .. name))
    local text = file:read('*a')
    file:close()
    return text
  end
  -- An authority by name; its certificate.
  function own.authority(name)
    openssl(('req -x509 %s -keyout %s.key -out %s.pem -days 30 -subj "/CN=%s CA"'):format(KEY, name, name, name))
    return read(name .. '.pem')
  end
  -- {key=, cert=, keyFile=, certFile=} signed by it.
  function own.certificate(name, issuer, names, extra)
    openssl(('req %s -keyout %s.key -out %s.csr -subj "/CN=%s"'):format(KEY, name, name, name))
    local file = assert(io.open(folder .. '/' .. name .. '.ext', 'w'))
    file:write(names and 'subjectAltName=' .. names .. '\n' or '')
    file:close()
    openssl(('x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial %s -extfile %s.ext -out %s.pem')
      :format(name, issuer, issuer, extra or '-days 30', name, name))
    return { key = read(name .. '.key'), cert = read(name .. '.pem'),
      keyFile = folder .. '/' .. name .. '.key', certFile = folder .. '/' .. name .. '.pem' }
  end
  return own
end

return peers
