-- Runs of a plugin's check for its tests: each instance is a process of its own,
-- `virgo plugin run --step --json`, that runs once for each line it reads. Not for programs.

local childprocess = require('childprocess')
local json = require('json')

local Run = {}
Run.__index = Run

local function has_labels(sample, labels)
  for key, value in pairs(labels) do
    if sample.labels[key] ~= tostring(value) then return false end
  end
  return true
end

-- The samples of a metric, with at least these labels.
function Run:find(metric, labels)
  local out = {}
  for _, sample in ipairs(self.samples) do
    if sample.metric == metric and has_labels(sample, labels or {}) then out[#out + 1] = sample end
  end
  return out
end

-- The value of the one sample of a metric that has these labels; nil if there is none.
function Run:value(metric, labels)
  local found = self:find(metric, labels)
  if #found > 1 then
    error(('%d samples of %s; say by its labels which one'):format(#found, metric), 2)
  end
  return found[1] and found[1].value
end

local Check = {}
Check.__index = Check

local function last_words(check)
  check.test.log = {} -- it is told as the error
  local text = table.concat(check.err):gsub('%s+$', '')
  return text == '' and 'the process that runs the plugin ended' or (text:gsub('virgo plugin run: ', ''))
end

-- One run: the result, or nil and why there is none.
function Check:try()
  if not self.child.stdin or self.child.stdin.destroyed then return nil, 'the check is closed' end
  self.child.stdin:write('\n')
  local line = self.child.stdout:readLine(16 * 1024 * 1024)
  if not line then
    self.child:wait('close')
    return nil, last_words(self)
  end
  local run, _, err = json.decode(line)
  if not run then return nil, 'not understood: ' .. tostring(err) .. ': ' .. line end
  run.reason = run.state_reason
  return setmetatable(run, Run)
end

function Check:run()
  local run, err = self:try()
  if not run then error(err, 2) end
  return run
end

-- Without a run: why it was refused, or nil. It is over then.
function Check:refusal()
  self.child.stdin:_end()
  local code = self.child:wait('close')
  return code == 2 and last_words(self) or nil
end

function Check:close()
  if self.closed then return end
  self.closed = true
  self.child:destroy()
end

local function as_yaml(value)
  local text = json.encode(value)
  return (text:gsub('%${', '$${'))
end

local function arguments_of(t, type_name, params, options)
  local out = { 'plugin', 'run', '--step', '--json', '--overlay', t.folder .. '/root' }
  if type_name then out[#out + 1], out[#out + 2] = '--type', type_name end
  if options.timeout then
    out[#out + 1], out[#out + 2] = '--timeout', ('%dms'):format(options.timeout * 1000)
  end
  for key, value in pairs(params) do
    out[#out + 1], out[#out + 2] = '--set', key .. '=' .. as_yaml(value)
  end
  out[#out + 1], out[#out + 2] = '--', t.plugin.file
  return out
end

local runs = {}

-- start(t, [type,] [params [, options]]) -> instance | nil, what is wrong with the call
function runs.start(t, type_name, params, options)
  if type(type_name) ~= 'string' then type_name, params, options = nil, type_name, params end
  params, options = params or {}, options or {}
  if type(params) ~= 'table' or type(options) ~= 'table' then
    return nil, 'the parameters are a table: t:run("type", { name = value })'
  end
  local check = setmetatable({ test = t, err = {} }, Check)
  check.child = childprocess.spawn(t.plugin.program, arguments_of(t, type_name, params, options))
  check.child:on('error', function(err) check.err[#check.err + 1] = tostring(err) end)
  check.child.stdin:on('error', function() end) -- it may have ended
  check.child.stderr:on('data', function(text)
    check.err[#check.err + 1] = text
    t.log[#t.log + 1] = text
  end)
  t.checks[#t.checks + 1] = check
  return check
end

return runs
