-- Received records on disk: one NDJSON file per agent, appended to and never
-- rewritten. The log itself says what was acknowledged last, so a restarted
-- endpoint knows what it has seen.
--
-- append() returns only after its records are written (and, with `sync`, on the
-- disk), and writes all of them or none. An agent that lost its connection may
-- come again with what is still being written for the last one: whoever looks at
-- `epoch` and `seq` to append does so in exclusively().

local core, fs, timer = require "core", require "fs", require "timer"

local TAIL = 1024 * 1024 -- bytes looked at for the last sequence number

local store = {}
store.__index = store

local File = {}
File.__index = File

-- An error of fs without what was tried and on what: we say that better.
local function reason(err) return err.message:match("^(.-), %l+ '") or err.message end

-- An agent's name as a file name: no separators, no hidden files.
local function file_name(agent)
  return (agent:gsub("[^%w._-]", function(c) return string.format("%%%02x", c:byte()) end)
    :gsub("^%.", "%%2e")) .. ".ndjson"
end

-- Whether an agent may have this name: it must make a file's name.
function store:takes(agent) return #file_name(agent) <= 255 end

function store.open(dir, options)
  local ok, err = fs.mkdirSync(dir, "700")
  if not ok and err.code ~= "EEXIST" then
    return nil, "cannot make the folder " .. dir .. ": " .. reason(err)
  end
  return setmetatable({ dir = dir, sync = options.sync, files = {} }, store)
end

-- The last whole line's epoch and seq of an open file; also whether the file
-- ends in the middle of a line.
local function last_record(fd, size)
  local from = math.max(0, size - TAIL)
  local tail = size > 0 and assert(fs.readSync(fd, size - from, from)) or ""
  local torn = tail ~= "" and tail:sub(-1) ~= "\n"
  local epoch, seq = 0, 0
  for line in tail:gmatch("([^\n]*)\n") do
    local e, s = line:match('^{"agent":"[^"]*","epoch":(%d+),"seq":(%d+),')
    if e then epoch, seq = tonumber(e), tonumber(s) end
  end
  return epoch, seq, torn
end

-- The file of an agent, opened on first use; `users` counts connections.
function store:file(agent)
  local file = self.files[agent]
  if not file then
    local path = self.dir .. "/" .. file_name(agent)
    local fd, err = fs.openSync(path, "a+", "600")
    if not fd then return nil, "cannot open " .. path .. ": " .. reason(err) end
    local size = assert(fs.fstatSync(fd)).size
    local epoch, seq, torn = last_record(fd, size)
    file = setmetatable({
      store = self, agent = agent, path = path, fd = fd, size = size,
      epoch = epoch, seq = seq, torn = torn,
      users = 0, busy = false, waiting = {},
    }, File)
    self.files[agent] = file
  end
  file.users = file.users + 1
  return file
end

function File:release()
  self.users = self.users - 1
  if self.users > 0 then return end
  fs.closeSync(self.fd)
  self.store.files[self.agent] = nil
end

-- fn(...), while nobody else is in here. Waits for its turn.
function File:exclusively(fn, ...)
  while self.busy do
    table.insert(self.waiting, (coroutine.running()))
    coroutine.yield()
  end
  self.busy = true
  local results = { pcall(fn, ...) }
  self.busy = false
  local next_one = table.remove(self.waiting, 1)
  -- From the loop: it must not run inside this one.
  if next_one then timer.setImmediate(core.assertResume, next_one) end
  if not results[1] then error(results[2], 0) end
  return unpack(results, 2, table.maxn(results))
end

-- Appends `text` (whole lines). Waits; true, or nil and why.
function File:append(text)
  local data = (self.torn and "\n" or "") .. text
  local ok, err = fs.write(self.fd, -1, data)
  if ok and self.store.sync then ok, err = fs.fdatasync(self.fd) end
  if ok then
    self.size, self.torn = self.size + #data, false
    return true
  end
  -- What did get there would be there twice when it comes again.
  self.torn = not fs.ftruncateSync(self.fd, self.size) or self.torn
  return nil, "cannot write " .. self.path .. ": " .. reason(err)
end

return store
