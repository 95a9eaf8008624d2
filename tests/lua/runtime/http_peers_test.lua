-- The HTTP server against the programs people use: curl, wrk, Node's client, nginx.
local test = require('./harness')
local uv = require('uv')
local fs = require('fs')
local http = require('http')

-- Runs a program; its exit code, standard output and standard error.
local function run(t, file, args, input)
  local out, err, pipes = {}, {}, {}
  for i = 1, 3 do pipes[i] = uv.new_pipe(false) end
  local code
  t:await(function(done)
    local left = 3
    local function part()
      left = left - 1
      if left == 0 then done() end
    end
    local handle, why
    handle, why = uv.spawn(file, { args = args, stdio = pipes }, function(status)
      code = status
      handle:close()
      part()
    end)
    if not handle then
      left = 1
      code = tostring(why)
      for i = 1, 3 do pipes[i]:close() end
      return part()
    end
    for i, list in pairs { [2] = out, [3] = err } do
      pipes[i]:read_start(function(_, chunk)
        if chunk then
          list[#list + 1] = chunk
        else
          pipes[i]:close()
          part()
        end
      end)
    end
    if input then pipes[1]:write(input) end
    pipes[1]:shutdown(function() pipes[1]:close() end)
  end)
  if tostring(code):find('^ENOENT') then t:skip(file .. ' is not installed') end
  return code, table.concat(out), table.concat(err)
end

local function serve(t, handler, options)
  local server = http.createServer(options, handler)
  t:await(function(done) server:listen(0, '127.0.0.1', done) end)
  t:defer(function() server:destroy() end)
  return 'http://127.0.0.1:' .. server:address().port, server
end

local function folder(t)
  local path = uv.fs_mkdtemp('/tmp/virgo-http-XXXXXX')
  t:defer(function() os.execute('rm -rf ' .. path) end)
  return path
end

-- Files out of a folder, and into it, by streams.
local function files(path)
  return function(req, res)
    local name = path .. req.url
    if req.method == 'PUT' then
      local file = fs.createWriteStream(name)
      file:on('close', function()
        res.statusCode = 201
        res:finish('stored\n')
      end)
      req:pipe(file)
      return
    end
    local stat = fs.statSync(name)
    if not stat then
      res.statusCode = 404
      return res:finish('none\n')
    end
    res:writeHead(200, { ['Content-Type'] = 'application/octet-stream', ['Content-Length'] = stat.size })
    fs.createReadStream(name):pipe(res)
  end
end

test('curl: a static file server with streams, down and up', function(t)
  local path = folder(t)
  local base = serve(t, files(path))
  local text = {}
  for i = 1, 200000 do text[i] = ('line %d of a large file\n'):format(i) end
  text = table.concat(text)
  fs.writeFileSync(path .. '/large', text)
  fs.writeFileSync(path .. '/empty', '')
  local code = run(t, 'curl', { '-sS', '-o', path .. '/got', base .. '/large' })
  t:equal(code, 0)
  t:ok(fs.readFileSync(path .. '/got') == text)
  t:equal(run(t, 'curl', { '-sS', '-o', path .. '/got', base .. '/empty' }), 0)
  t:equal(fs.statSync(path .. '/got').size, 0)
  local _, out = run(t, 'curl', { '-sS', '-w', '%{http_code}', base .. '/none' })
  t:equal(out, 'none\n404')
  -- with a length (and Expect: 100-continue), then chunked
  code, out = run(t, 'curl', { '-sS', '-T', path .. '/large', base .. '/one' })
  t:equal(code, 0)
  t:equal(out, 'stored\n')
  t:ok(fs.readFileSync(path .. '/one') == text)
  code = run(t, 'curl', { '-sS', '-H', 'Transfer-Encoding: chunked', '-T', path .. '/large', base .. '/two' })
  t:equal(code, 0)
  t:ok(fs.readFileSync(path .. '/two') == text)
  t:ok(collectgarbage('count') < 64 * 1024)
end)

test('curl: versions, methods, keep-alive', function(t)
  local base = serve(t, function(req, res)
    res:setHeader('X-Method', req.method)
    res:finish(req.httpVersion .. ' ' .. req.url .. '\n')
  end)
  local code, out = run(t, 'curl', { '-sS', '-0', base .. '/old' })
  t:equal(code, 0)
  t:equal(out, '1.0 /old\n')
  code, out = run(t, 'curl', { '-sS', '-I', base .. '/head' })
  t:equal(code, 0)
  t:match(out, '^HTTP/1.1 200 OK\r\n.*X%-Method: HEAD\r\n')
  code, out = run(t, 'curl', { '-sS', '-X', 'DELETE', '-D', '-', base .. '/gone' })
  t:equal(code, 0)
  t:match(out, 'X%-Method: DELETE')
  local _, _, log = run(t, 'curl', { '-sSv', base .. '/a', base .. '/b' })
  t:match(log, 'Re%-using existing connection')
end)

local NODE = [[
const http = require('http')
const base = process.argv[1]
const agent = new http.Agent({ keepAlive: true, maxSockets: 2 })
function ask(path, options, body) {
  return new Promise((resolve, reject) => {
    const req = http.request(base + path, { agent, ...options }, res => {
      let text = ''
      res.on('data', d => text += d)
      res.on('end', () => resolve({ status: res.statusCode, headers: res.headers, text,
        trailers: res.trailers, reused: req.reusedSocket }))
    })
    req.on('error', reject)
    if (body) for (const part of body) req.write(part)
    req.end()
  })
}
async function main() {
  let reused = 0
  for (let i = 0; i < 100; ++i) {
    const r = await ask('/n' + i)
    if (r.status !== 200 || r.text !== '/n' + i) throw new Error('answer ' + i)
    reused += r.reused ? 1 : 0
  }
  if (reused < 98) throw new Error('connections are not reused')
  const echo = await ask('/echo', { method: 'POST' }, ['abc', 'def'.repeat(100000)])
  if (echo.text !== 'abc' + 'def'.repeat(100000)) throw new Error('echo')
  const trailers = await ask('/trailers')
  if (trailers.trailers['x-sum'] !== '3') throw new Error('trailers')
  const cookies = await ask('/cookies')
  if (cookies.headers['set-cookie'].join() !== 'a=1,b=2') throw new Error('cookies')
  await new Promise((resolve, reject) => {
    const req = http.request(base + '/up', { headers: { Connection: 'Upgrade', Upgrade: 'echo' } })
    req.on('upgrade', (res, socket, head) => {
      socket.write('ping')
      socket.on('data', d => { if (String(d) === 'ping') socket.end(resolve) })
    })
    req.on('error', reject)
    req.end()
  })
  agent.destroy()
  console.log('all well')
}
main().catch(err => { console.error(err); process.exit(1) })
]]

test('Node: its client, agent, trailers and upgrade', function(t)
  local base = serve(t, function(req, res)
    if req.url == '/echo' then
      req:pipe(res)
    elseif req.url == '/trailers' then
      res:write('abc')
      res:addTrailers({ ['X-Sum'] = 3 })
      res:finish()
    elseif req.url == '/cookies' then
      res:writeHead(200, { ['Set-Cookie'] = { 'a=1', 'b=2' } })
      res:finish()
    elseif req.url == '/up' then
      local socket = res:upgrade({ Upgrade = 'echo' })
      socket:pipe(socket)
    else
      res:finish(req.url)
    end
  end)
  local code, out, err = run(t, 'node', { '-e', NODE, base })
  t:equal(err, '')
  t:equal(out, 'all well\n')
  t:equal(code, 0)
end)

test('wrk: no errors, memory stays', function(t)
  local base = serve(t, function(_, res) res:finish('Hello World\n') end)
  local function held()
    collectgarbage()
    collectgarbage()
    return collectgarbage('count')
  end
  run(t, 'wrk', { '-t1', '-c16', '-d1s', base .. '/' })
  local before = held()
  local code, out = run(t, 'wrk', { '-t1', '-c16', '-d1s', base .. '/' })
  t:equal(code, 0)
  t:match(out, 'requests in')
  t:ok(not out:find('Socket errors', 1, true), out)
  t:ok(not out:find('Non-2xx', 1, true), out)
  t:ok(held() - before < 200, 'grew by KiB ' .. held() - before)
end)

test('nginx in front: proxied, kept alive, up and down', function(t)
  local path = folder(t)
  local base, server = serve(t, function(req, res)
    if req.method == 'POST' then
      local size = 0
      for chunk in req:chunks() do size = size + #chunk end
      return res:finish(('%s %d %s\n'):format(req.headers['x-real-ip'], size, req.httpVersion))
    end
    res:finish(('x'):rep(1000000))
  end)
  local front = path .. '/front.sock'
  fs.writeFileSync(path .. '/nginx.conf', ([[
    daemon off; master_process off; pid %s/pid; error_log %s/error.log;
    events {}
    http {
      access_log off;
      client_body_temp_path %s/body; proxy_temp_path %s/proxy; fastcgi_temp_path %s/f;
      uwsgi_temp_path %s/u; scgi_temp_path %s/s; client_max_body_size 100m;
      upstream app { server %s; keepalive 4; }
      server {
        listen unix:%s;
        location / {
          proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection "";
          proxy_set_header X-Real-IP front; proxy_request_buffering off;
        }
      }
    }]]):format(path, path, path, path, path, path, path, base:sub(8), front))
  local nginx, why
  local gone
  nginx, why = uv.spawn('nginx', { args = { '-c', path .. '/nginx.conf', '-e', path .. '/error.log' } },
    function()
      gone = true
      nginx:close()
    end)
  if not nginx then
    nginx, why = uv.spawn('/usr/sbin/nginx', { args = { '-c', path .. '/nginx.conf', '-e', path .. '/error.log' } },
      function()
        gone = true
        nginx:close()
      end)
  end
  if not nginx then t:skip('nginx is not installed: ' .. tostring(why)) end
  t:defer(function() if not gone then nginx:kill('sigterm') end end)
  while not uv.fs_stat(front) and not gone do t:sleep(5) end
  t:ok(not gone, 'nginx does not start: ' .. tostring(fs.readFileSync(path .. '/error.log')))
  for _ = 1, 5 do
    local code, out = run(t, 'curl', { '-sS', '--unix-socket', front, 'http://x/' })
    t:equal(code, 0)
    t:equal(#out, 1000000)
  end
  local code, out = run(t, 'curl', { '-sS', '--unix-socket', front, '--data-binary', '@-', 'http://x/' },
    ('y'):rep(3000000))
  t:equal(code, 0)
  t:equal(out, 'front 3000000 1.1\n')
  t:ok(server:getConnections() <= 4, 'nginx reuses its connections')
end)
