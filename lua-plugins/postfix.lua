-- virgo.postfix: how much mail waits in Postfix's queues.
--
--   - name: mail
--     type: virgo.postfix
--     interval: 60s
--
-- Counts files: to ask Postfix takes a privilege, and a line for each message. The agent's
-- user must be able to list the folders, which belong to postfix alone. Those within
-- deferred have to be there for it (and do all of this again after `postfix set-permissions`):
--   cd /var/spool/postfix
--   for d in 0 1 2 3 4 5 6 7 8 9 A B C D E F; do install -d -o postfix -m 700 deferred/$d; done
--   find maildrop incoming active deferred hold -type d -exec setfacl -m u:virgo:rx {} +

local check = virgo.check {
  name = "virgo.postfix", summary = "Mail in the queues of Postfix", api = 1,
  params = {
    spool = { default = "/var/spool/postfix/", help = "Postfix's queue_directory; ends in /" },
    queues = { type = "list", items = "text", help = "without it maildrop, incoming, active, deferred, hold" },
    sizes = { type = "bool", default = true, help = "also add up what the files have" },
  },
  metrics = {
    { name = "virgo.postfix.queue.messages", unit = "{message}", type = "u64",
      help = "Messages by queue; a folder with more than 10000 counts as 10000" },
    { name = "virgo.postfix.queue.size", unit = "By", type = "u64",
      help = "Bytes of their files by queue, if there are at most 5000 in all" },
  },
  needs = { read = { "/var/spool/postfix/", "$spool" } },
}

-- Adds to `sum` what is in the folder. deferred has folders 0 to F, and may have them
-- within these, too (hash_queue_depth).
local function add_folder(self, folder, sum)
  local names, err = virgo.fs.list(folder)
  if not names and err.code == "limit" then -- of names; that many there are at least
    sum.messages, sum.more = sum.messages + 10000, true
    return
  end
  for _, name in ipairs(names or error(err)) do
    local path = folder .. "/" .. name
    if #name == 1 then
      add_folder(self, path, sum)
    else
      sum.messages, self.looks = sum.messages + 1, self.looks + 1
      local file = self.sizes and self.looks <= 5000 and virgo.fs.stat(path)
      if file then sum.size = sum.size + file.size end -- else it was delivered just now
    end
  end
end

function check:configure()
  if self.spool:sub(-1) ~= "/" then error { param = "spool", message = "must end in /" } end
end

function check:collect(run)
  local total, more = 0, false
  self.looks = 0
  for _, queue in ipairs(self.queues or { "maildrop", "incoming", "active", "deferred", "hold" }) do
    local sum = { messages = 0, size = 0 }
    add_folder(self, self.spool .. queue, sum)
    run:emit("virgo.postfix.queue.messages", sum.messages, { queue = queue })
    local sized = self.sizes and not sum.more and (self.looks <= 5000 or sum.messages == 0)
    if sized then run:emit("virgo.postfix.queue.size", sum.size, { queue = queue }) end
    total, more = total + sum.messages, more or sum.more
  end
  run:explain(("%s%d messages wait"):format(more and "at least " or "", total))
end
