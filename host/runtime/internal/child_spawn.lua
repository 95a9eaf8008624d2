-- uv.spawn with pipes of our own. Not for programs.

local uv = require('uv')
local core = require('core')
local pipes = require('internal/child_pipes')

local Error = core.Error

local NAMES = { 'stdin', 'stdout', 'stderr' }

-- Our end of a pipe as a stream, and the child's end as a descriptor.
local function makePipe(i, command)
  local inward = i == 1
  local fds, err = uv.pipe({ nonblock = not inward }, { nonblock = inward })
  if not fds then
    return nil, err
  end
  local handle = uv.new_pipe(false)
  local ours, theirs = fds.read, fds.write
  if inward then
    ours, theirs = theirs, ours
  end
  handle:open(ours)
  local class = inward and pipes.Input or pipes.Output
  return class:new(handle, ('%s of %s'):format(NAMES[i], command)), theirs
end

local function handleOf(stream)
  if type(stream) == 'userdata' then
    return stream
  end
  local handle = type(stream) == 'table' and (stream._handle or stream.handle)
  return type(handle) == 'userdata' and handle or nil
end

local OWN = { pipe = true, inherit = true, ignore = true }

local function checkStdio(i, wanted)
  if wanted == 'pipe' and i > 3 then
    error('spawn: stdio[' .. i .. '] cannot be "pipe"; give a descriptor', 6)
  elseif wanted and not OWN[wanted] and type(wanted) ~= 'number' and not handleOf(wanted)
    and not (type(wanted) == 'table' and type(wanted.fd) == 'number') then
    error(('spawn: stdio[%d] is "pipe", "inherit", "ignore", a descriptor or a stream, not %s')
      :format(i, tostring(wanted)), 6)
  end
end

-- What the child gets as descriptor i - 1, and the stream for the parent. Descriptors
-- to be closed afterwards are added to `close`.
local function one(i, wanted, command, close)
  if wanted == 'inherit' then
    return i - 1
  elseif wanted == 'pipe' or (wanted == nil and i <= 3) then
    local stream, fd = makePipe(i, command)
    if not stream then
      return nil, nil, fd
    end
    close[#close + 1] = fd
    return fd, stream
  elseif not wanted or wanted == 'ignore' then
    local fd, err = uv.fs_open('/dev/null', 'r+', 0)
    if not fd then
      return nil, nil, err
    end
    close[#close + 1] = fd
    return fd
  elseif type(wanted) == 'number' then
    return wanted
  end
  return type(wanted) == 'table' and type(wanted.fd) == 'number' and wanted.fd or handleOf(wanted)
end

local function environment(env)
  local list = {}
  for name, value in pairs(env) do
    if type(name) == 'number' then
      list[#list + 1] = tostring(value)
    elseif value ~= false then
      list[#list + 1] = name .. '=' .. tostring(value)
    end
  end
  return list
end

local function stdioOptions(stdio)
  if type(stdio) == 'string' then
    return { stdio, stdio, stdio }, 3
  end
  local n = 3
  for i in pairs(stdio or {}) do
    if type(i) == 'number' and i > n then n = i end
  end
  return stdio or {}, n
end

local TYPES = { cwd = 'string', env = 'table', uid = 'number', gid = 'number' }

-- Everything that raises does so before there is anything to be closed.
local function check(command, arguments, options)
  if type(command) ~= 'string' or command == '' then
    error('spawn: the command must be a string, not ' .. (command == '' and 'an empty one' or type(command)), 5)
  elseif type(arguments) ~= 'table' then
    error('spawn: the arguments must be a table, not a ' .. type(arguments), 5)
  end
  for name, wanted in pairs(TYPES) do
    if options[name] ~= nil and type(options[name]) ~= wanted then
      error(('spawn: the option %s must be a %s, not a %s'):format(name, wanted, type(options[name])), 5)
    end
  end
  local stdio, n = stdioOptions(options.stdio)
  for i = 1, n do
    checkStdio(i, stdio[i])
  end
  local list = {}
  for i, argument in ipairs(arguments) do
    list[i] = tostring(argument)
  end
  return list, stdio, n
end

local function startError(err, command, cwd)
  local stat = cwd and uv.fs_stat(cwd)
  if cwd and (not stat or stat.type ~= 'directory') then
    return Error.fromUv(stat and 'ENOTDIR: not a directory' or err, 'chdir', cwd)
  end
  return Error.fromUv(err, 'spawn', command)
end

-- Starts a child; onExit(code, signal). Returns its handle (nil), its pid (the error),
-- and stdio: the streams and what was given for them, `own` those that are ours.
return function(command, arguments, options, onExit)
  local list, wanted, n = check(command, arguments, options)
  local stdio, forChild, close = { own = {} }, {}, {}
  local err
  for i = 1, n do
    local fd, stream, why = one(i, wanted[i], command, close)
    err = err or why
    forChild[i] = fd or 0
    stdio[i] = stream or (type(wanted[i]) == 'table' and wanted[i]) or nil
    stdio.own[i] = stream
  end
  local handle, pid
  if not err then
    handle, pid = uv.spawn(command, {
      args = list, stdio = forChild, env = options.env and environment(options.env),
      cwd = options.cwd, uid = options.uid, gid = options.gid,
      detached = options.detached and true or false,
    }, onExit)
    err = not handle and pid or nil
  end
  for _, fd in ipairs(close) do
    uv.fs_close(fd)
  end
  if not handle then
    return nil, startError(err, command, options.cwd), stdio
  end
  return handle, pid, stdio
end
