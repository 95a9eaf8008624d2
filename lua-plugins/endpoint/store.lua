-- Received records on disk: one NDJSON file per agent, appended to and never
-- rewritten. The log itself says what was acknowledged last, so a restarted
-- endpoint knows what it has seen.
--
-- Records that come while a write is under way are written together by the next
-- one. append() returns only after its records are written (and, with `sync`, on
-- the disk).

local TAIL = 1024 * 1024 -- bytes looked at for the last sequence number

local store = {}
store.__index = store

local File = {}
File.__index = File

-- An agent's name as a file name: no separators, no hidden files.
local function file_name(agent)
  return (agent:gsub("[^%w._-]", function(c) return string.format("%%%02x", c:byte()) end)
    :gsub("^%.", "%%2e")) .. ".ndjson"
end

function store.open(dir, options)
  local ok, err = uv.fs_mkdir(dir, tonumber("700", 8))
  if not ok and not err:match("^EEXIST") then
    return nil, "cannot make the folder " .. dir .. ": " .. err
  end
  return setmetatable({ dir = dir, sync = options.sync, files = {} }, store)
end

-- The last whole line's epoch and seq of an open file; also whether the file
-- ends in the middle of a line.
local function last_record(fd, size)
  local from = math.max(0, size - TAIL)
  local tail = size > 0 and assert(uv.fs_read(fd, size - from, from)) or ""
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
    local fd, err = uv.fs_open(path, "a+", tonumber("600", 8))
    if not fd then return nil, "cannot open " .. path .. ": " .. err end
    local epoch, seq, torn = last_record(fd, uv.fs_fstat(fd).size)
    file = setmetatable({
      store = self, agent = agent, path = path, fd = fd,
      epoch = epoch, seq = seq, users = 0,
      waiting = {}, text = torn and { "\n" } or {}, writing = false,
    }, File)
    self.files[agent] = file
  end
  file.users = file.users + 1
  return file
end

function File:release()
  self.users = self.users - 1
  self:close_if_unused()
end

function File:close_if_unused()
  if self.users > 0 or self.writing or self.fd == nil then return end
  uv.fs_close(self.fd)
  self.fd = nil
  self.store.files[self.agent] = nil
end

-- Appends `text` (whole lines). Waits; true, or nil and why.
function File:append(text)
  self.text[#self.text + 1] = text
  self.waiting[#self.waiting + 1] = virgo.current()
  if not self.writing then self:flush() end
  return virgo.suspend()
end

function File:flush()
  local text, waiting = table.concat(self.text), self.waiting
  self.text, self.waiting, self.writing = {}, {}, true

  local function done(err)
    for _, task in ipairs(waiting) do
      if err then task:resume(nil, "cannot write " .. self.path .. ": " .. err)
      else task:resume(true) end
    end
    if #self.waiting > 0 then return self:flush() end
    self.writing = false
    self:close_if_unused()
  end

  local function write(rest)
    uv.fs_write(self.fd, rest, -1, function(err, n)
      if err then return done(err) end
      if n < #rest then return write(rest:sub(n + 1)) end
      if not self.store.sync then return done() end
      uv.fs_fdatasync(self.fd, function(sync_err) done(sync_err) end)
    end)
  end
  write(text)
end

return store
