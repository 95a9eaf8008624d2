-- `virgo endpoint`: the endpoint server, a program on Virgo's Lua runtime. The command
-- line is the host's; what it found are the settings:
--   dir, host, port, tokens, certificate, key, heartbeat_interval (seconds),
--   sync (wait for the disk), show (table on the terminal), duration (seconds),
--   expect (reports of each check for exit code 0), port_file,
--   agent (argv of an agent to start once we listen; for `virgo demo`), agent_log,
--   conf_d (folder of further checks for that agent)

local fs, timer, uv = require "fs", require "timer", require "uv"
local childprocess, virgo = require "childprocess", require "virgo"
local server, store, screen = require "./server", require "./store", require "./screen"

local options = virgo.settings

local function fail(why)
  io.stderr:write("virgo endpoint: ", tostring(why), "\n") -- a text, or an error
  process:exit(1)
end

local function contents(path)
  local text, err = fs.readFileSync(path)
  if not text then fail(err) end
  return text
end

local reports, problem = store.open(options.dir .. "/reports", { sync = options.sync })
if not reports then return fail(problem) end

local view = options.show and screen.new { title = "virgo endpoint" }
local expected = {}  -- agent -> list of check names, from hello
local counts = {}    -- agent\0check -> good reports

local srv, err = server.start {
  host = options.host, port = options.port,
  certificate = contents(options.certificate), key = contents(options.key),
  tokens = options.tokens, heartbeat_interval = options.heartbeat_interval,
  store = reports,
  hello = function(agent, params)
    expected[agent] = {}
    for _, c in ipairs(type(params.checks) == "table" and params.checks or {}) do
      if type(c) == "table" then table.insert(expected[agent], c.check) end
    end
  end,
  received = function(agent, record)
    if record.status == "ok" then
      local id = agent .. "\0" .. record.check
      counts[id] = (counts[id] or 0) + 1
    end
    if view then view:received(agent, record) end
  end,
}
if not srv then return fail(err) end

if options.port_file then
  -- Whole or not at all: whoever waits for it must not read half a number.
  local file = assert(io.open(options.port_file .. ".new", "w"))
  file:write(srv.address:match("%d+$"), "\n")
  file:close()
  assert(os.rename(options.port_file .. ".new", options.port_file))
end
virgo.log.info("listening on " .. srv.address .. ", reports go to " .. reports.dir)
if view then view.title = "virgo endpoint " .. srv.address view:begin() end

-- Every check that an agent announced has arrived `expect` times.
local function missing()
  local lines, agents = {}, 0
  for agent, checks in pairs(expected) do
    agents = agents + 1
    for _, check in ipairs(checks) do
      local n = counts[agent .. "\0" .. check] or 0
      if n < options.expect then
        lines[#lines + 1] = string.format("check '%s' of '%s': %d good reports, expected %d",
          check, agent, n, options.expect)
      end
    end
  end
  if agents == 0 then lines[1] = "no agent has connected" end
  return lines
end

local child
local stopping = false

local function stop(code)
  if stopping then return end
  stopping = true
  local function leave()
    if view then view:finish() end
    srv:stop()
    if options.expect then
      local lines = missing()
      for _, line in ipairs(lines) do io.stderr:write("virgo endpoint: ", line, "\n") end
      if #lines > 0 then code = 1 end
    end
    process:exit(code)
  end
  if not child then return leave() end
  -- The agent goes first, so that its last reports arrive.
  child.on_exit = function(clean)
    if not clean then code = 1 end
    leave()
  end
  child.handle:kill("sigterm")
end

for _, name in ipairs { "sigint", "sigterm" } do
  process:on(name, function() stop(0) end)
end
if view then timer.setInterval(1000, function() view:draw() end) end
if options.duration then
  timer.setTimeout(math.floor(options.duration * 1000), function() stop(0) end)
end

local function start_agent(argv)
  local log = assert(fs.openSync(options.agent_log, "w", "600"))
  local env = {}
  for k, v in pairs(uv.os_environ()) do env[k] = v end
  env.VIRGO_DEMO_DIR = options.dir
  env.VIRGO_DEMO_ADDRESS = srv.address
  env.VIRGO_DEMO_PORT = srv.address:match("%d+$")
  env.VIRGO_DEMO_TOKEN = options.tokens[1]
  env.VIRGO_DEMO_CONF_D = options.conf_d or ""
  local handle = childprocess.spawn(argv[1], { unpack(argv, 2) }, {
    env = env, stdio = { "ignore", log, log },
    -- In a session of its own, or Ctrl-C would reach it as well as us, and our
    -- SIGTERM be its second: that one means at once.
    detached = true,
  })
  handle:on("error", function(err) fail("cannot start " .. argv[1] .. ": " .. tostring(err)) end)
  handle:on("exit", function(code, signal)
    fs.closeSync(log)
    local on_exit = child.on_exit
    child = nil
    local clean = code == 0 and (signal == 0 or signal == nil)
    if not on_exit or not clean then
      io.stderr:write(string.format("virgo demo: the agent ended %s (exit code %s, signal %s):\n",
        on_exit and "badly" or "early", tostring(code), tostring(signal)))
      for line in io.lines(options.agent_log) do io.stderr:write("  ", line, "\n") end
    end
    if on_exit then return on_exit(clean) end
    stop(1)
  end)
  child = { handle = handle }
end

if options.agent then start_agent(options.agent) end
