-- What runs in a program's threads: functions, given as code. Called by the host with
-- what makes a function of code; returns what runs one, and what reports errors. Not
-- for programs.

local native = require('native.thread')
local hosted = require('process')

return function(compile)
  local compiled = {}

  -- The program hears of an error nobody here listens to, and the thread ends.
  local function uncaught(err, traceback)
    local process = hosted.globalProcess()
    if process:listenerCount('uncaughtException') > 0 then
      return hosted.uncaught(err, traceback)
    end
    local own = type(err) == 'table' and rawget(err, 'traceback')
    native.failed(tostring(err), own or traceback or '')
    process:exit(1)
  end

  local function enter(code, ...)
    local chunk = compiled[code]
    if not chunk then
      chunk = compile(code)
      compiled[code] = chunk
    end
    local thread = coroutine.create(function(...)
      native.returned(chunk(...))
    end)
    local ok, err = coroutine.resume(thread, ...)
    if not ok then
      uncaught(err, debug.traceback(thread))
    end
  end

  return enter, uncaught
end
