-- exec and execFile: a child to its end, its output in memory, within bounds of time
-- and size. Not for programs.

local uv = require('uv')
local core = require('core')

local Error = core.Error
local assertResume = core.assertResume

local MAX_BUFFER = 1024 * 1024 -- bytes
local KILL_AFTER = 2000        -- ms
local KILL_STEP = 50           -- ms, between looks whether anybody is left

-- What ends a job is in `reason`: an Error that is told instead of the exit code.

local function clip(text)
  text = text:gsub('%s+$', ''):match('[^\n]*$')
  return #text > 200 and text:sub(1, 200) .. '...' or text
end

local function signalName(number)
  for name, value in pairs(uv.constants) do
    if value == number and name:find('^SIG%u') then
      return name
    end
  end
  return 'signal ' .. number
end

local function failure(job, code, signal)
  local err = job.reason
  if not err then
    if code == 0 and signal == 0 then
      return nil
    end
    local how = signal ~= 0 and 'was ended by ' .. signalName(signal) or 'failed with exit code ' .. code
    local last = clip(job.stderr.text)
    err = Error:new(("'%s' %s%s"):format(job.name, how, last ~= '' and ': ' .. last or ''))
    err.code = code
  end
  err.signal, err.killed, err.cmd = signal, job.child.killed, job.name
  err.stdout, err.stderr = job.stdout.text, job.stderr.text
  return err
end

local function closeTimer(job)
  if job.timer then
    job.timer:close()
    job.timer = nil
  end
end

local function over(job, code, signal)
  if job.done then
    return
  end
  job.done = true
  closeTimer(job)
  job.stdout.text, job.stderr.text = table.concat(job.stdout), table.concat(job.stderr)
  job.finished(failure(job, code, signal), job.stdout.text, job.stderr.text)
end

-- A signal to the child, or to its group, also after the child itself has ended.
local function send(job, signal)
  if job.group then
    return uv.kill(-job.child.pid, signal)
  end
  return job.child.handle and job.child.handle:kill(signal)
end

-- Whether a process of the group is more than a zombie that init has not seen yet.
local function groupLives(group)
  local processes = uv.fs_scandir('/proc')
  if not processes then
    return true
  end
  for name in function() return uv.fs_scandir_next(processes) end do
    local file = name:find('^%d') and io.open('/proc/' .. name .. '/stat')
    if file then
      local state, of = (file:read('*l') or ''):match('.*%) (%a) %d+ (%d+)')
      file:close()
      if tonumber(of) == group and state ~= 'Z' and state ~= 'X' then
        return true
      end
    end
  end
  return false
end

local function anybodyLeft(job)
  return send(job, 0) and (not job.group or groupLives(job.child.pid))
end

local function maybeOver(job)
  if job.exit and not job.ending then
    over(job, job.exit[1], job.exit[2])
  end
end

local function look(job)
  local alive = anybodyLeft(job)
  if alive and uv.hrtime() >= job.killAt then
    send(job, uv.constants.SIGKILL)
    alive = false
  end
  if not alive then
    job.ending = false
    closeTimer(job)
    -- Who left the group may hold the pipes for ever.
    job.child:close()
    maybeOver(job)
  end
end

-- Ends the child: killSignal now, SIGKILL when somebody is left after killAfter.
local function endChild(job, reason)
  if job.reason or job.done then
    return
  end
  job.reason = reason
  closeTimer(job)
  if not job.child.pid then
    return
  end
  job.child.killed, job.ending = true, true
  job.killAt = uv.hrtime() + job.killAfter * 1e6
  send(job, job.killSignal)
  job.timer = uv.new_timer()
  job.timer:start(math.min(KILL_STEP, job.killAfter), KILL_STEP, function()
    look(job)
  end)
end

local function collect(job, name)
  local parts, size = job[name], 0
  local stream = job.child[name]
  stream:on('data', function(chunk)
    local room = job.maxBuffer - size
    size = size + #chunk
    if #chunk > room then
      chunk = chunk:sub(1, room)
      endChild(job, Error:new(("ENOBUFS: '%s' wrote more than %d bytes to %s (see maxBuffer) and was killed")
        :format(job.name, job.maxBuffer, name)))
      stream:destroy()
      size = job.maxBuffer
    end
    if chunk ~= '' then
      parts[#parts + 1] = chunk
    end
  end)
  stream:on('error', function(err)
    endChild(job, err)
  end)
end

local function feed(child, input)
  child.stdin:on('error', function(err)
    -- It need not read all of its input.
    if err.code ~= 'EPIPE' then
      child:emit('error', err)
    end
  end)
  child.stdin:_end(input)
end

local function numberOption(options, name, default)
  local value = options[name]
  if value == nil then
    return default
  elseif type(value) ~= 'number' or value < 0 or value ~= value then
    error(('the option %s must be a number that is not negative, not %s'):format(name, tostring(value)), 5)
  end
  return value
end

local function signalOption(signal)
  local number = type(signal) == 'number' and signal or uv.constants[tostring(signal or 'SIGTERM'):upper()]
  return number or error('there is no signal ' .. tostring(signal), 5)
end

local function start(Process, command, arguments, options, name, waits, finished)
  local timeout = numberOption(options, 'timeout', 0)
  local job = {
    name = name, finished = finished, stdout = {}, stderr = {},
    maxBuffer = numberOption(options, 'maxBuffer', MAX_BUFFER),
    killAfter = numberOption(options, 'killAfter', KILL_AFTER),
    killSignal = signalOption(options.killSignal),
    group = options.detached or timeout > 0,
  }
  local feeds = options.input ~= nil
  local child = Process:new(command, arguments, {
    stdio = { (feeds or not waits) and 'pipe' or 'ignore', 'pipe', 'pipe' },
    env = options.env, cwd = options.cwd, uid = options.uid, gid = options.gid,
    detached = job.group,
  })
  job.child = child
  collect(job, 'stdout')
  collect(job, 'stderr')
  child:on('error', function(err)
    job.reason = job.reason or err
  end)
  child:on('close', function(code, signal)
    job.exit = { code, signal }
    if job.ending then
      look(job) -- others of its group may still be there
    end
    maybeOver(job)
  end)
  if feeds then
    feed(child, options.input)
  end
  if timeout > 0 and child.pid then
    job.timer = uv.new_timer()
    job.timer:start(timeout, 0, function()
      endChild(job, Error:new(("ETIMEDOUT: '%s' did not end within %d ms and was killed"):format(name, timeout)))
    end)
  end
  return child
end

return function(Process, command, arguments, options, callback, name)
  if callback ~= nil then
    return start(Process, command, arguments, options, name, false, callback)
  end
  local thread, main = coroutine.running()
  if not thread or main == true then
    error('exec and execFile need a callback when they are not called in a coroutine', 3)
  end
  start(Process, command, arguments, options, name, true, function(err, stdout, stderr)
    if err then
      return assertResume(thread, nil, err)
    end
    return assertResume(thread, stdout, stderr)
  end)
  return coroutine.yield()
end
