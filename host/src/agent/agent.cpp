#include "agent/agent.hpp"

#include <algorithm>

#include "agent/broken_check.hpp"
#include "agent/check_types.hpp"
#include "agent/control_answers.hpp"
#include "agent/live_files.hpp"
#include "agent/paths.hpp"
#include "agent/plugin_checks.hpp"
#include "agent/services.hpp"
#include "alert/judge.hpp"
#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "base/version.hpp"
#include "config/problems.hpp"
#include "crypto/tls_context.hpp"
#include "deliver/memory_queue.hpp"
#include "deliver/recorder.hpp"
#include "endpoint/client.hpp"
#include "schedule/scheduler.hpp"
#include "schedule/ticker.hpp"
#include "script/lua_conversation.hpp"

namespace virgo::agent {
namespace {

// How often a drop-in file that cannot be used is reported.
constexpr Duration kBrokenInterval = std::chrono::seconds(60);

// Bytes of what a check reports about plugins that were refused.
constexpr std::size_t kMaxRefusals = 2000;

// Between looks at the queue while it empties at a stop.
constexpr Duration kDrainStep = std::chrono::milliseconds(20);

std::uint64_t now_ms(const Clock& clock) {
  return static_cast<std::uint64_t>(clock.wall() / 1'000'000);
}

schedule::Policy policy_of(const config::AgentSpec& spec) {
  schedule::Policy policy;
  policy.samples.samples = spec.limits.samples_per_run;
  return policy;
}

// For a check whose type may be in one of these.
std::string refused_plugins(const std::vector<std::string>& refusals) {
  std::string text = "; not loaded:";
  for (const std::string& r : refusals) text += " " + r + ".";
  return std::string(cut_utf8(text, kMaxRefusals));
}

}  // namespace

// In the order that each needs the one before: destruction runs backwards, so
// checks go before the plugins they came from, and those before what they run on.
struct Agent::Parts {
  uv::Loop& loop;
  const Clock& clock;
  const Options options;
  CheckTypes types;
  deliver::MemoryQueue queue;
  deliver::Recorder recorder;
  alert::Judge judge;
  schedule::Scheduler scheduler;
  std::unique_ptr<schedule::Ticker> ticker;
  std::unique_ptr<script::LuaConversation> conversation;
  std::unique_ptr<endpoint::Client> client;
  std::unique_ptr<control::Server> control;
  PluginChecks plugin_checks;
  const std::vector<std::string> plugin_folders;
  std::unique_ptr<LiveFiles> live_files;
  uv::Timer drain;
  TimePoint stop_deadline{};
  std::function<void()> stopped;
  bool stopping = false;
  unsigned stuck = 0;

  Parts(uv::Loop& l, const Clock& c, const config::AgentSpec& spec, Options o)
      : loop(l),
        clock(c),
        options(o),
        types(l, c, spec, o.replace_when_hung),
        queue(spec.limits.queue_bytes, now_ms(c)),
        recorder(queue),
        judge(c, recorder),
        scheduler(c, judge, spec.id, policy_of(spec)),
        plugin_checks(types, scheduler, spec),
        plugin_folders(spec.lua_plugin_dirs),
        drain(l, [this] { drained(); }) {
    types.services().plugins.use_state(spec.state_folder, spec.id);
    types.set_self_source([this] { return self_figures(); });
  }

  void add_checks(const config::AgentSpec& spec, config::Problems& problems);
  void add_check(const config::CheckSpec& spec, config::Problems& problems);
  std::size_t add_broken(const std::string& name, const std::string& type, const std::string& why,
                         const schedule::Timing& timing);
  std::vector<metric::CheckIdentity> identities() const;
  void forget_retired();
  void watch_files();
  Result<void> add_conversation(const config::AgentSpec& spec);
  Result<void> add_control(const config::AgentSpec& spec);
  void drained();
  SelfFigures self_figures();
};

SelfFigures Agent::Parts::self_figures() {
  SelfFigures f;
  for (std::size_t i = 0; i < scheduler.size(); ++i) {
    const schedule::Stats& s = scheduler.stats(i);
    f.runs += s.runs;
    f.skipped += s.skipped;
    f.timeouts += s.timeouts;
    if (!scheduler.live(i)) continue;
    ++f.checks;
    f.quarantined += s.quarantined ? 1 : 0;
    if (const auto suspension = scheduler.suspension(i))
      f.suspended.push_back({scheduler.identity(i).check, suspension->limit});
  }
  f.queue = queue.load();
  f.workers = types.services().workers.load();
  f.connected = client != nullptr && client->ready();
  if (client != nullptr) f.trouble = client->trouble();
  return f;
}

std::size_t Agent::Parts::add_broken(const std::string& name, const std::string& type,
                                     const std::string& why, const schedule::Timing& timing) {
  log_error("agent", "check '{}' does not run: {}", name, why);
  return scheduler.add({name, type, "agent"}, std::make_unique<BrokenCheck>(why), timing);
}

void Agent::Parts::add_check(const config::CheckSpec& spec, config::Problems& problems) {
  const schedule::Timing timing{spec.interval, spec.timeout, spec.splay};
  judge.set_rules(spec.name, spec.alerts);
  config::Problems found;
  auto check = types.registry().create(spec, found);
  if (check != nullptr) {
    const check::CheckType* type = types.registry().find(spec.type);
    scheduler.add({spec.name, spec.type, type->runtime()}, std::move(check), timing);
    return;
  }
  // A type nobody provides may be the fault of a plugin file, not of the
  // configuration: then the other checks shall run.
  const bool missing_plugin =
      types.registry().find(spec.type) == nullptr && !types.refusals().empty();
  const bool drop_in = spec.from_drop_in;
  std::string why = config::to_string(found);
  if (missing_plugin) why += refused_plugins(types.refusals());
  if (missing_plugin || drop_in)
    plugin_checks.wait_for(spec, add_broken(spec.name, spec.type, why, timing));
  else
    problems.insert(problems.end(), found.begin(), found.end());
}

void Agent::Parts::add_checks(const config::AgentSpec& spec, config::Problems& problems) {
  for (const config::CheckSpec& check : spec.checks)
    if (check.enabled) add_check(check, problems);
  for (const config::FailedDropIn& file : spec.failed_drop_ins)
    add_broken(file.name, "virgo.config", config::to_string(file.problems),
               {kBrokenInterval, kBrokenInterval, Duration(0)});
  plugin_checks.start_by_themselves();
}

std::vector<metric::CheckIdentity> Agent::Parts::identities() const {
  std::vector<metric::CheckIdentity> out;
  for (std::size_t i = 0; i < scheduler.size(); ++i)
    if (scheduler.live(i)) out.push_back(scheduler.identity(i));
  return out;
}

// A check of the same name that comes later begins with nothing.
void Agent::Parts::forget_retired() {
  for (std::size_t i = 0; i < scheduler.size(); ++i)
    if (!scheduler.live(i)) judge.forget(scheduler.identity(i).check);
}

void Agent::Parts::watch_files() {
  live_files = std::make_unique<LiveFiles>(loop);
  live_files->watch_conversation(*conversation);
  for (const std::string& folder : plugin_folders)
    live_files->watch_plugins(types.services().plugins, folder,
                              [this](const script::PluginFile::Changes& changes) {
                                plugin_checks.apply(changes);
                                forget_retired();
                                conversation->set_checks(identities());
                              });
}

Result<void> Agent::Parts::add_conversation(const config::AgentSpec& spec) {
  auto tls = crypto::TlsContext::client({spec.endpoint.ca_file});
  if (!tls) return tls.error().context("endpoint.ca");

  script::AgentInfo info;
  info.id = spec.id;
  info.version = kVersion;
  info.token = spec.endpoint.token;
  info.request_timeout = spec.endpoint.request_timeout;
  info.flush_interval = spec.endpoint.flush_interval;
  info.stopping = [this] { return stopping; };
  info.checks = identities();
  const std::string folder = spec.conversation.empty() ? shipped_lua("agent") : spec.conversation;
  auto made = script::LuaConversation::load(loop, types.services().watchdog, queue, std::move(info),
                                            folder + "/conversation.lua");
  if (!made) return made.error();
  conversation = std::move(made).value();

  endpoint::ClientOptions client_options;
  client_options.connect.host = spec.endpoint.host;
  client_options.connect.port = spec.endpoint.port;
  client_options.connect.server_name = spec.endpoint.server_name;
  client_options.connect.timeout = spec.endpoint.connect_timeout;
  client_options.connect.tls = std::move(tls).value();
  client_options.names = {spec.id, "endpoint"};
  client_options.backoff_min = spec.endpoint.backoff_min;
  client_options.backoff_max = spec.endpoint.backoff_max;
  client = std::make_unique<endpoint::Client>(loop, std::move(client_options), *conversation);
  return {};
}

Result<void> Agent::Parts::add_control(const config::AgentSpec& spec) {
  auto opened = open_control(
      loop, spec.control,
      control_answers({clock, scheduler, judge, types.registry(), types.services().plugins,
                       *conversation, [this] { return self_figures(); },
                       format("{}:{}", spec.endpoint.host, spec.endpoint.port)}));
  if (!opened) return opened.error();
  control = std::move(opened).value();
  return {};
}

// The rest of the queue goes out, or patience ends.
void Agent::Parts::drained() {
  const bool waits = queue.load().records > 0 && client->ready();
  if (waits && clock.now() < stop_deadline) {
    drain.start(kDrainStep);
    return;
  }
  const std::size_t left = queue.load().records;
  if (left > 0) log_warn("agent", "{} reports were not delivered", left);
  client->stop([this] {
    stuck = types.stop_workers(std::chrono::milliseconds(200));
    const auto call = std::move(stopped);
    call();
  });
}

Result<std::unique_ptr<Agent>> Agent::create(uv::Loop& loop, const Clock& clock,
                                             const config::AgentSpec& spec,
                                             config::Problems& problems) {
  return create(loop, clock, spec, problems, Options{});
}

Result<std::unique_ptr<Agent>> Agent::create(uv::Loop& loop, const Clock& clock,
                                             const config::AgentSpec& spec,
                                             config::Problems& problems, Options options) {
  auto parts = std::make_unique<Parts>(loop, clock, spec, options);
  for (const std::string& refusal : parts->types.refusals()) log_error("plugins", "{}", refusal);
  const std::size_t before = problems.size();
  parts->add_checks(spec, problems);
  if (problems.size() > before) return std::unique_ptr<Agent>();
  const auto conversation = parts->add_conversation(spec);
  if (!conversation) return conversation.error();
  if (const auto control = parts->add_control(spec); !control) return control.error();
  return std::unique_ptr<Agent>(new Agent(std::move(parts)));
}

Agent::Agent(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Agent::~Agent() = default;

void Agent::start() {
  Parts& p = *parts_;
  log_info("agent", "virgo {} runs as '{}' with {} checks", kVersion, p.conversation->agent_id(),
           p.scheduler.size());
  p.ticker = std::make_unique<schedule::Ticker>(p.loop, p.clock, p.scheduler);
  p.client->start();
  p.watch_files();
}

void Agent::reload() {
  if (parts_->live_files) parts_->live_files->look_now();
}

void Agent::stop(std::function<void()> done) {
  Parts& p = *parts_;
  if (p.stopping) return;
  p.stopping = true;
  p.live_files.reset();
  p.stopped = std::move(done);
  p.stop_deadline = p.clock.now() + p.options.stop_patience;
  log_info("agent", "stopping");
  p.scheduler.stop([&p] {
    p.types.services().plugins.save();
    p.drain.start(Duration(0));
  });
}

unsigned Agent::stuck_calls() const {
  return parts_->stuck;
}

}  // namespace virgo::agent
