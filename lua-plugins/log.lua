-- virgo.log: counts the lines of a growing log file, and those that match patterns.
--
--   - name: app-log
--     type: virgo.log
--     params:
--       file: /var/log/app/app.log
--       rotated: /var/log/app/app.log.1
--       patterns: { error: "%f[%a]ERROR%f[%A]", slow: "took %d%d%d+ ms" }
--
-- Begins at the file's end. Follows it when it is renamed and made anew, and when it is
-- copied and truncated. A run reads a bounded part; the next one goes on from there. The
-- run's explanation is the latest line that matched.

local check = virgo.check {
  name = "virgo.log", summary = "Lines of a log file, and those that match patterns", api = 1,
  params = {
    file = { required = true, help = "absolute path" },
    rotated = { help = "what the file is called when it was rotated; what is unread of it is read then" },
    patterns = { type = "map", items = "text", help = "name: pattern of Lua" },
    from_start = { type = "bool", default = false, help = "also count what is in the file already" },
    max_read = { type = "size", default = "1MiB", help = "in one run, or a little more" },
  },
  needs = { read = { "$file", "$rotated" } },
  metrics = { -- no OpenTelemetry convention names these
    { name = "virgo.log.lines", unit = "{line}", kind = "counter", type = "u64", help = "Lines read" },
    { name = "virgo.log.matches", unit = "{line}", kind = "counter", type = "u64", help = "Lines by pattern" },
    { name = "virgo.log.bytes", unit = "By", kind = "counter", type = "u64", help = "Read" },
    { name = "virgo.log.unread", unit = "By", type = "u64", help = "Left for the next run" },
    { name = "virgo.log.rotations", unit = "{rotation}", kind = "counter", type = "u64", help = "Renamed or truncated" },
  },
}
local piece = 16384 -- bytes at once; of a longer line only so much is looked at

-- string.find sees a mistake only in a text that matches up to there.
local function is_pattern(text)
  local rest = text:gsub("%%.", "x"):gsub("%[%^?%]?[^%]]*%]", "x")
  local opened, closed = select(2, rest:gsub("%(", "")), select(2, rest:gsub("%)", ""))
  return opened == closed and not rest:find("[%%[]") and pcall(string.find, "", text)
end

-- `handed` is what handover() of the file's version before this one has returned.
function check:configure(handed)
  self.wanted = {}
  for name, pattern in pairs(self.patterns or {}) do
    if type(pattern) ~= "string" or not is_pattern(pattern) then
      error { param = "patterns", message = name .. " is no pattern of Lua" }
    end
    -- It is looked for everywhere: ".*" before it costs much and changes nothing.
    self.wanted[name] = pattern:gsub("^%.[*-]([^^])", "%1")
  end
  if handed and handed.file ~= self.file then handed = nil end
  self.place = handed and handed.place -- of the file that is followed: inode, device, offset
  self.count = handed and handed.count or { lines = 0, bytes = 0, rotations = 0, matches = {} }
end

function check:handover() return { file = self.file, place = self.place, count = self.count } end

local function take(self, line)
  self.count.lines = self.count.lines + 1
  for name, pattern in pairs(self.wanted) do
    if line:find(pattern) then
      self.count.matches[name] = (self.count.matches[name] or 0) + 1
      self.last = ("%s: %s"):format(name, line:sub(1, 200))
    end
  end
end

-- Reads what has come since. The last line may still be written, unless the file is over.
local function follow(self, path, left, over)
  local place = self.place
  while left > 0 do
    local bytes = assert(virgo.fs.read(path, { from = place.offset, max = piece }))
    local now = virgo.fs.stat(path)
    if bytes == "" or not now or now.inode ~= place.inode then break end -- or it was renamed just now
    local last = bytes:match("^.*()\n") -- where the last line ends
    if not last and (#bytes == piece or over) then
      if not place.inside then take(self, bytes) end
      place.inside, last = true, #bytes -- of a long line, whose rest is not looked at
    elseif last then
      for line in bytes:sub(1, last):gmatch("([^\n]*)\n") do
        if place.inside then place.inside = false else take(self, line) end
      end
    end
    if not last then break end
    place.offset, left = place.offset + last, left - last
    self.count.bytes = self.count.bytes + last
  end
end

local function same(a, b) return a and b and a.inode == b.inode and a.device == b.device end

function check:collect(run)
  local now, err = virgo.fs.stat(self.file)
  if not now then
    self.from_start = true -- what comes later is new as a whole
    error(err)
  end
  local place, rest = self.place, 0
  if place and not same(place, now) then -- renamed: first the rest of the old one
    local old = self.rotated and virgo.fs.stat(self.rotated)
    if same(place, old) then
      follow(self, self.rotated, self.max_read, true)
      rest = math.max(old.size - place.offset, 0)
    end
  end
  if not place then
    self.place = { inode = now.inode, device = now.device, offset = self.from_start and 0 or now.size }
  elseif rest == 0 and not same(place, now) or same(place, now) and now.size < place.offset then
    self.place = { inode = now.inode, device = now.device, offset = 0 }
    self.count.rotations = self.count.rotations + 1
  end
  if rest == 0 then follow(self, self.file, self.max_read, false) end -- else in the next run

  local labels = { ["log.file.path"] = self.file }
  for _, what in ipairs { "lines", "bytes", "rotations" } do
    run:emit("virgo.log." .. what, self.count[what], labels)
  end
  local unread = rest > 0 and rest + now.size or math.max(now.size - self.place.offset, 0)
  run:emit("virgo.log.unread", unread, labels)
  for name in pairs(self.wanted) do
    labels.pattern = name
    run:emit("virgo.log.matches", self.count.matches[name] or 0, labels)
  end
  if self.last then run:explain(self.last) end
end
