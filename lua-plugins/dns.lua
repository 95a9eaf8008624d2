-- virgo.dns: does a DNS server answer, how fast, and with the right records?
--
--   - name: zone
--     type: virgo.dns
--     timeout: 5s
--     params: { name: www.example.com, server: 192.0.2.53, expect: [198.51.100.7] }
--
-- An answer that is not as expected makes the check's state critical; without an answer
-- the run ends as "timeout" or "unreachable".

local check = virgo.check {
  name = "virgo.dns", summary = "A DNS server's answer: its time, code and records", api = 1,
  params = {
    name = { required = true, help = "what to ask for; with type PTR also an IP address" },
    type = { default = "A", help = "A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV or TXT" },
    server = { help = "IP address of the server; default: those of the system" },
    port = { type = "int", default = 53 },
    tcp = { type = "bool", default = false, help = "ask by TCP" },
    rcode = { default = "NOERROR", help = "the right code; NXDOMAIN where nothing may be found" },
    expect = { type = "list", items = "text",
      help = 'records that must be there: "192.0.2.1", "10 mail.example.com"' },
    authoritative = { type = "bool", default = false, help = "whether the answer must be authoritative" },
  },
  needs = { net = { "dns" } },
  metrics = { -- no OpenTelemetry convention names these
    { name = "virgo.dns.query.duration", unit = "s", help = "From the question to the answer" },
    { name = "virgo.dns.answers", unit = "{record}", type = "u64", help = "Records in the answer" },
    { name = "virgo.dns.ttl", unit = "s", type = "u64", help = "Least of the records, if there are any" },
  },
}

function check:configure()
  local types = " A AAAA CAA CNAME MX NS PTR SOA SRV TXT "
  self.type = self.type:upper()
  if not types:find(" " .. self.type .. " ", 1, true) then
    error { param = "type", message = "must be one of" .. types:gsub(" $", "") }
  end
  self.labels = { ["dns.question.name"] = self.name, ["virgo.dns.type"] = self.type }
end

function check:collect(run)
  local answer = assert(virgo.dns.query(self.name, self.type,
    { server = self.server, port = self.port, tcp = self.tcp, timeout = run:time_left() }))
  run:emit("virgo.dns.query.duration", answer.seconds, self.labels)
  run:emit("virgo.dns.answers", #answer.answers, self.labels)

  local found, list, ttl = {}, {}, math.huge
  for _, record in ipairs(answer.answers) do
    ttl = math.min(ttl, record.ttl)
    found[record.text:lower()] = true
    table.insert(list, record.type .. " " .. record.text)
  end
  if #list > 0 then run:emit("virgo.dns.ttl", ttl, self.labels) end

  local trouble = {}
  if answer.rcode ~= self.rcode:upper() then table.insert(trouble, "the answer is " .. answer.rcode) end
  if self.authoritative and not answer.authoritative then table.insert(trouble, "not authoritative") end
  for _, text in ipairs(self.expect or {}) do
    if not found[tostring(text):lower()] then table.insert(trouble, "no record " .. text) end
  end
  run:state(#trouble > 0 and "critical" or "ok", table.concat(trouble, "; "))
  run:explain(answer.rcode .. ": " .. (#list > 0 and table.concat(list, ", ") or "no records"))
end
