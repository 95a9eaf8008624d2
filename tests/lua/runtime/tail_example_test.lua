-- The example tail.lua follows a file that grows, is truncated and replaced.
local test = require('./harness')
local fs = require('fs')
local childprocess = require('childprocess')

local example = debug.getinfo(1, 'S').source:match('^@(.*)tests/lua/runtime/') .. 'host/docs/lua/examples/tail.lua'

local function folder(t)
  local dir = assert(fs.mkdtempSync('/tmp/virgo-tail-XXXXXX'))
  t:defer(function()
    for _, name in ipairs(fs.readdirSync(dir)) do fs.unlinkSync(dir .. '/' .. name) end
    fs.rmdirSync(dir)
  end)
  return dir
end

local function tail(...)
  return childprocess.spawn(process.argv[0], { example, ... }, { stdio = { 'ignore', 'pipe', 'inherit' } })
end

test('the last lines, then what is appended', function(t)
  local path = folder(t) .. '/log'
  local text = {}
  for i = 1, 20000 do text[i] = 'line ' .. i .. '\n' end
  fs.writeFileSync(path, text)
  local child = tail('-n', '3', '-u', '2', path)
  for i = 19998, 20000 do t:equal(child.stdout:readLine(), 'line ' .. i) end
  fs.appendFileSync(path, 'new 1\nnew 2\n')
  t:equal(child.stdout:readAll(), 'new 1\nnew 2\n')
  t:equal(child:wait('close'), 0)
end)

test('truncated and replaced', function(t)
  local path = folder(t) .. '/log'
  fs.writeFileSync(path, 'a\nb\n')
  local child = tail('-u', '2', path)
  t:equal(child.stdout:readLine(), 'a')
  t:equal(child.stdout:readLine(), 'b')
  fs.writeFileSync(path, 'c\n')
  t:equal(child.stdout:readLine(), 'c')
  fs.writeFileSync(path .. '.new', 'd\n')
  fs.renameSync(path .. '.new', path)
  t:equal(child.stdout:readAll(), 'd\n')
  t:equal(child:wait('close'), 0)
end)

test('through a command', function(t)
  local path = folder(t) .. '/log'
  fs.writeFileSync(path, 'good\nbad\n')
  local child = tail('-u', '1', '-t', 'grep --line-buffered -v bad', path)
  t:equal(child.stdout:readLine(), 'good')
  fs.appendFileSync(path, 'fine\n')
  t:equal(child.stdout:readAll(), 'fine\n')
  t:equal(child:wait('close'), 0)
end)

test('Ctrl-C ends it in order', function(t)
  local path = folder(t) .. '/log'
  fs.writeFileSync(path, 'a\n')
  local child = tail(path)
  t:equal(child.stdout:readLine(), 'a')
  child:kill('SIGINT')
  local code, signal = child:wait('close')
  t:equal(code, 0)
  t:equal(signal, 0)
end)
