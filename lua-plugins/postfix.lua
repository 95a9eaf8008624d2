-- virgo.postfix: how much mail waits in Postfix's queues.
--
--   - name: mail
--     type: virgo.postfix
--     interval: 60s
--
-- Counts files, as no unprivileged program may ask Postfix. The agent's user must be able
-- to list the folders, which belong to postfix alone (again after `postfix set-permissions`):
--   cd /var/spool/postfix
--   setfacl -R -m u:virgo:rX maildrop incoming active deferred hold
--   setfacl -R -d -m u:virgo:rX maildrop incoming active deferred hold

local check = virgo.check {
  name = "virgo.postfix", summary = "Mail in the queues of Postfix", api = 1,
  params = {
    spool = { default = "/var/spool/postfix/", help = "Postfix's queue_directory; ends in /" },
    queues = { type = "list", items = "text", help = "without it maildrop, incoming, active, deferred, hold" },
    sizes = { type = "bool", default = true, help = "also add up what the files have" },
  },
  metrics = {
    { name = "virgo.postfix.queue.messages", unit = "{message}", type = "u64",
      help = "Messages by queue" },
    { name = "virgo.postfix.queue.size", unit = "By", type = "u64",
      help = "Bytes of their files by queue" },
  },
  needs = { read = { "/var/spool/postfix/", "$spool" } },
}

-- Adds to `sum` what is in the folder. deferred has folders 0 to F, and may have them
-- within these, too (hash_queue_depth).
local function add_folder(self, folder, sum)
  for _, name in ipairs(assert(virgo.fs.list(folder))) do
    local path = folder .. "/" .. name
    if #name == 1 then
      add_folder(self, path, sum)
    else
      sum.messages = sum.messages + 1
      local file = self.sizes and virgo.fs.stat(path)
      if file then sum.size = sum.size + file.size end -- else it was delivered just now
    end
  end
end

function check:configure()
  if self.spool:sub(-1) ~= "/" then error { param = "spool", message = "must end in /" } end
end

function check:collect(run)
  local total = 0
  for _, queue in ipairs(self.queues or { "maildrop", "incoming", "active", "deferred", "hold" }) do
    local sum = { messages = 0, size = 0 }
    add_folder(self, self.spool .. queue, sum)
    run:emit("virgo.postfix.queue.messages", sum.messages, { queue = queue })
    if self.sizes then run:emit("virgo.postfix.queue.size", sum.size, { queue = queue }) end
    total = total + sum.messages
  end
  run:explain(("%d messages wait"):format(total))
end
