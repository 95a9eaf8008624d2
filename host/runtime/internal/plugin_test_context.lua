-- `t` of a plugin's test: what it compares with, the files and programs the plugin
-- finds, and the plugin's runs. The servers are in plugin_test_servers.lua. Everything it
-- made is gone when the test is over. Not for programs.

local uv = require('uv')
local fs = require('fs')
local Runs = require('internal/plugin_test_runs')
local servers = require('internal/plugin_test_servers')

local T = {}
T.__index = T

local Skip = {}

local show = require('internal/plugin_test_text').show

-- The first place where two values differ; nil if there is none.
local function difference(got, wanted, where)
  if got == wanted or (got ~= got and wanted ~= wanted) then return nil end
  if type(got) ~= 'table' or type(wanted) ~= 'table' then
    return ('%sexpected %s, got %s'):format(where == '' and '' or where .. ': ', show(wanted), show(got))
  end
  for key, value in pairs(wanted) do
    local found = difference(got[key], value, where .. '[' .. show(key) .. ']')
    if found then return found end
  end
  for key, value in pairs(got) do
    if wanted[key] == nil then
      return ('%s[%s]: expected nothing, got %s'):format(where, show(key), show(value))
    end
  end
end

local function fail(text, message)
  error((message and tostring(message) .. ': ' or '') .. text, 3)
end

-- The two are the same; tables by their contents.
function T:equal(got, wanted, message)
  local found = difference(got, wanted, '')
  if found then fail(found, message) end
end

-- `got` is a number that is at most `tolerance` from `wanted`.
function T:near(got, wanted, tolerance, message)
  if type(got) ~= 'number' or math.abs(got - wanted) > tolerance then
    fail(('expected %s, give or take %s, got %s'):format(wanted, tolerance, show(got)), message)
  end
end

-- The value is neither nil nor false; it is returned.
function T:ok(value, message)
  if not value then fail('expected a value, got ' .. tostring(value), message) end
  return value
end

-- The text has the Lua pattern in it.
function T:match(text, pattern, message)
  if type(text) ~= 'string' or not text:find(pattern) then
    fail(('expected something like %s, got %s'):format(show(pattern), show(text)), message)
  end
end

-- Ends the test without a verdict.
function T:skip(reason)
  error(setmetatable({ reason = tostring(reason) }, Skip))
end

-- `fn` is called when the test is over, however it ends; the last one first.
function T:defer(fn)
  self.deferred[#self.deferred + 1] = fn
end

function T:sleep(seconds)
  require('timer').sleep(seconds * 1000)
end

-- ---- files and programs

local function make_folders(path)
  for at in path:gmatch('()/') do
    if at > 1 then uv.fs_mkdir(path:sub(1, at - 1), 448) end
  end
end

local function write(t, name, content, mode)
  if type(name) ~= 'string' or name == '' or name:find('%z') then
    error('a file needs a name', 3)
  end
  if type(content) ~= 'string' then error('the content of a file is a text', 3) end
  local overlaid = name:sub(1, 1) == '/'
  local path = t.folder .. (overlaid and '/root' .. name or '/files/' .. name)
  make_folders(path)
  assert(fs.writeFileSync(path, content))
  assert(uv.fs_chmod(path, mode))
  return overlaid and name or path, path
end

-- Makes a file. With an absolute name the plugin finds it in the place of the host's
-- file of that name; otherwise in the test's own folder. Returns the path the plugin is to
-- use; what it may read is decided by its needs, as always.
function T:file(name, content)
  return (write(self, name, content, 420))
end

-- Makes a program for virgo.exec: a script of /bin/sh. Names as for file().
function T:program(name, script)
  if type(script) ~= 'string' then error('the script is a text', 2) end
  if not script:find('^#!') then script = '#!/bin/sh\n' .. script .. '\n' end
  return (write(self, name, script, 493))
end

-- The path of the test's own folder, where there is one.
function T:path(name)
  return self.folder .. '/files' .. (name and '/' .. name or '')
end

-- ---- runs

-- An instance of the check, configured with the parameters: check:run() runs it once,
-- and what it keeps between runs is kept. The type may be left out if the file declares
-- one. Options: timeout (s) of a run.
function T:check(...)
  local check, err = Runs.start(self, ...)
  if not check then error(err, 2) end
  return check
end

-- One run of a fresh instance.
function T:run(...)
  local check, err = Runs.start(self, ...)
  if not check then error(err, 2) end
  local run
  run, err = check:try()
  check:close()
  if not run then error(err, 2) end
  return run
end

-- Why an instance with these parameters is refused; the test fails if it is not.
function T:refused(...)
  local check, err = Runs.start(self, ...)
  if not check then error(err, 2) end
  local text = check:refusal()
  check:close()
  if not text then error('it was expected to be refused, and is not', 2) end
  return text
end

-- ---- of the runner

function T.is_skip(err)
  return getmetatable(err) == Skip
end

-- What the test waits for, for the message when it takes too long.
function T:waits()
  local out = {}
  for _, server in ipairs(self.servers) do
    local text = server:waits()
    if text then out[#out + 1] = text end
  end
  return #out > 0 and '; ' .. table.concat(out, '; ') or ''
end

-- What the plugin's process wrote to standard error: the check's log.
function T:said()
  local text = table.concat(self.log)
  return text == '' and '' or '\nthe check logged:\n  ' .. text:gsub('\n$', ''):gsub('\n', '\n  ')
end

local function remove(path)
  local request = uv.fs_scandir(path)
  while request do
    local name, kind = uv.fs_scandir_next(request)
    if not name then break end
    if kind == 'directory' then remove(path .. '/' .. name) else uv.fs_unlink(path .. '/' .. name) end
  end
  uv.fs_rmdir(path)
end

-- Ends what the test has open. Returns what its servers complain about, or nil.
function T:close()
  local complaint
  for i = #self.deferred, 1, -1 do
    local ok, err = pcall(self.deferred[i])
    if not ok then complaint = complaint or tostring(err) end
  end
  for _, check in ipairs(self.checks) do check:close() end
  for _, server in ipairs(self.servers) do
    complaint = server.complaint or complaint
    server:close()
  end
  remove(self.folder)
  return complaint
end

local context = { is_skip = T.is_skip }

-- `plugin`: file, program.
function context.new(plugin)
  local folder = assert(uv.fs_mkdtemp((os.getenv('TMPDIR') or '/tmp') .. '/virgo-test-XXXXXX'))
  uv.fs_mkdir(folder .. '/root', 448)
  uv.fs_mkdir(folder .. '/files', 448)
  return setmetatable(
    { plugin = plugin, folder = folder, deferred = {}, servers = {}, checks = {}, log = {} }, T)
end

for name, method in pairs(servers) do T[name] = method end

return context
