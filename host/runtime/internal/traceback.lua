-- Tracebacks through coroutine.wrap. Its error is raised again in the caller, where the
-- frames of the coroutine are no longer on the stack; so they are noted on the way, and
-- put in front of the traceback when nobody caught the error. Nothing is done, and
-- nothing kept, while nothing fails.

local create, resume = coroutine.create, coroutine.resume

local traceback = {}

-- The error that goes through coroutines now, and what each of them was doing, the
-- innermost first.
local last = { err = nil, parts = {} }

local function note(thread, err)
  if not rawequal(last.err, err) then
    last = { err = err, parts = {} }
  end
  local text = debug.traceback(thread):gsub('^stack traceback:\n', '')
  last.parts[#last.parts + 1] = text
end

local function check(thread, ok, ...)
  if ok then
    return ...
  end
  local err = ...
  note(thread, err)
  error(err, 0)
end

local wrap_line -- of the frame through which such an error leaves

function coroutine.wrap(fn)
  local thread = create(fn)
  return function(...)
    return check(thread, resume(thread, ...))
  end
end

-- Without the frames of this file, and those of `error` it calls.
local function without_own(text)
  local lines = {}
  for line in text:gmatch('[^\n]+') do
    if line:find(wrap_line, 1, true) then
      if lines[#lines] and lines[#lines]:find("in.*error'?$") then
        lines[#lines] = nil
      end
    else
      lines[#lines + 1] = line
    end
  end
  return table.concat(lines, '\n')
end

-- The traceback of an uncaught error with the frames of the coroutines it came through.
function traceback.whole(err, text)
  if not rawequal(last.err, err) or not text then
    return text
  end
  -- The same value may have been caught before, and raised again by somebody else.
  if not text:find(wrap_line, 1, true) then
    return text
  end
  local parts = last.parts
  last = { err = nil, parts = {} }
  text = without_own(text:gsub('^stack traceback:\n', ''))
  for i, part in ipairs(parts) do
    parts[i] = without_own(part)
  end
  return 'stack traceback:\n' .. table.concat(parts, '\n\t-- resumed by\n')
    .. '\n\t-- resumed by\n' .. text
end

wrap_line = debug.getinfo(check, 'S').short_src .. ':'

return traceback
