#include "bench/lua/budget.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <lua.hpp>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/format.hpp"
#include "bench/lua/played_server.hpp"
#include "bench/lua/world.hpp"
#include "bench/measure.hpp"
#include "lua/state.hpp"

namespace virgo::bench {
namespace {

// ---- single calls

constexpr const char* kTables =
    "local out = {}\nfor i = 1, 200 do out[i] = { name = \"disk\" .. i, value = i * 2.5 } end\n"
    "table.sort(out, function(a, b) return a.value > b.value end)\nreturn #out\n";
constexpr const char* kSplit =
    "local text = (\"connected_clients:42\\r\\nused_memory:1048576\\r\\n\"):rep(50)\n"
    "local found = {}\nfor line in text:gmatch(\"[^\\r\\n]+\") do\n"
    "  local key, value = line:match(\"^([%w_]+):(%d+)$\")\n"
    "  found[key] = (found[key] or 0) + tonumber(value)\nend\n";
constexpr const char* kArithmetic =
    "local sum = 0\nfor i = 1, 10000 do\n  sum = sum + i % 7\n  if sum > 1e6 then sum = 0 end\n"
    "end\nreturn sum\n";

// Calls one chunk, which is kept on the stack of its state.
struct Chunk {
  std::unique_ptr<lua::State> state;
  double round(int calls) const {
    const double before = now_us();
    for (int i = 0; i < calls; ++i) {
      lua_pushvalue(state->raw(), -1);
      state->call(state->raw(), 0, 0);
    }
    return (now_us() - before) / calls;
  }
};

Chunk chunk(const char* source, Duration budget, lua::Watchdog& watchdog) {
  lua::StateOptions options;
  options.budget = budget;
  options.watchdog = &watchdog;
  auto state = lua::State::create(std::move(options));
  if (!state || !(*state)->load((*state)->raw(), source, "@bench")) std::abort();
  return {std::move(*state)};
}

void print_calls(int rounds) {
  lua::Watchdog watchdog;
  const struct {
    const char* name;
    const char* source;
    int calls;
  } kinds[] = {{"nothing", "", 100'000},
               {"100 lines taken apart", kSplit, 500},
               {"200 tables made and sorted", kTables, 500},
               {"a loop of arithmetic", kArithmetic, 500}};
  for (const auto& kind : kinds) {
    const Chunk on = chunk(kind.source, std::chrono::milliseconds(100), watchdog);
    const Chunk off = chunk(kind.source, Duration(0), watchdog);
    std::vector<double> with;
    std::vector<double> without;
    for (int r = 0; r < rounds; ++r) {
      with.push_back(on.round(kind.calls));
      without.push_back(off.round(kind.calls));
    }
    const double a = percentile(with, 0.5);
    const double b = percentile(without, 0.5);
    std::printf("  %-42s %10.2f %10.2f us   ratio %.2f\n", kind.name, a, b, a / b);
  }
}

// ---- runs of shipped checks, with servers that answer as real ones of some size do

std::string redis_info() {
  std::string text = "# Server\r\nredis_version:7.0.15\r\n";
  for (int i = 0; i < 150; ++i) text += format("some_field_{}:{}\r\n", i, i * 7919);
  text +=
      "uptime_in_seconds:86400\r\nconnected_clients:42\r\nblocked_clients:0\r\n"
      "used_memory:1048576\r\nused_memory_peak:2097152\r\nused_memory_rss:3145728\r\n"
      "mem_fragmentation_ratio:1.41\r\nmaxmemory:0\r\ntotal_connections_received:9876\r\n"
      "total_commands_processed:123456\r\nkeyspace_hits:999\r\nkeyspace_misses:7\r\n"
      "used_cpu_sys:12.5\r\nused_cpu_user:17.25\r\nrole:master\r\n";
  for (int i = 0; i < 8; ++i) text += format("db{}:keys=5,expires=2,avg_ttl=99\r\n", i);
  return format("${}\r\n", text.size()) + text + "\r\n";
}

std::string memcached_stats() {
  std::string text = "STAT version 1.6.18\r\nSTAT curr_items 12\r\nSTAT bytes 4096\r\n";
  for (const char* name : {"curr_connections", "total_connections", "evictions", "threads",
                           "bytes_read", "bytes_written", "cmd_get", "cmd_set", "cmd_flush",
                           "cmd_touch", "get_hits", "get_misses", "incr_hits", "incr_misses"})
    text += format("STAT {} 1234\r\n", name);
  for (int i = 0; i < 60; ++i) text += format("STAT other_{} {}\r\n", i, i);
  return text + "END\r\n";
}

constexpr const char* kNginx =
    "Active connections: 291 \nserver accepts handled requests\n 16630948 16630948 31070465 \n"
    "Reading: 6 Writing: 179 Waiting: 106 \n";

std::string apache_status() {
  return "127.0.0.1\nServerVersion: Apache/2.4.62 (Debian)\nTotal Accesses: 18\n"
         "Total kBytes: 25\nCPULoad: .02\nUptime: 1234\nReqPerSec: .01\nBytesPerSec: 20.7\n"
         "BytesPerReq: 1422\nBusyWorkers: 1\nIdleWorkers: 49\nScoreboard: " +
         std::string(150, '_') + "W" + std::string(250, '.') + "\n";
}

std::string haproxy_csv() {
  std::string text =
      "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,"
      "wredis,status,weight,act,bck,chkfail,chkdown,lastchg,downtime,qlimit,pid,iid,sid,type,"
      "rate,rate_lim,rate_max,hrsp_1xx,hrsp_2xx,hrsp_3xx,hrsp_4xx,hrsp_5xx,hrsp_other,\n";
  for (int i = 0; i < 20; ++i)
    text += format(
        "web,s{},0,0,3,9,,1200,5000,90000,,0,,0,0,0,0,UP,1,1,0,0,0,77,0,,1,2,{},2,4,,9,"
        "0,1000,20,3,1,0,\n",
        i, i + 1);
  return text;
}

std::string prometheus_page() {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    text += format("# HELP some_seconds_{} What it is.\n# TYPE some_seconds_{} counter\n", i, i);
    for (const char* mode : {"idle", "user", "system", "iowait", "steal"})
      text += format("some_seconds_{}{{cpu=\"0\",mode=\"{}\"}} {}.25\n", i, mode, i * 31);
  }
  return text;
}

struct OneRun final : check::Run {
  metric::SampleBuffer buffer;
  std::string why;
  metric::Status status = metric::Status::ok;
  bool over = false;
  const TimePoint until = system_clock().now() + std::chrono::seconds(10);
  std::uint64_t number() const override { return 1; }
  TimePoint deadline() const override { return until; }
  WallTime started() const override { return 1; }
  metric::SampleBuffer& samples() override { return buffer; }
  void explain(std::string_view text) override { why = text; }
  void finish(metric::Status s) override {
    status = s;
    over = true;
  }
};

// One shipped check, with the budget or without.
class Shipped {
 public:
  Shipped(World& world, const std::string& file, const World::Params& params, bool budget)
      : world_(world) {
    world_.services.limits.lua_budget = budget ? Duration{} : Duration(-1);
    auto* type = world_.load(functional::source_dir() + "/lua-plugins/" + file);
    if (type == nullptr) std::abort();
    check_ = world_.instance(*type, params);
    if (check_ == nullptr) std::abort();
  }
  double round(int runs) {
    const double before = now_us();
    for (int i = 0; i < runs; ++i) once();
    return (now_us() - before) / runs;
  }
  std::size_t samples() const { return samples_; }

 private:
  void once() {
    OneRun run;
    check_->start(run);
    while (!run.over) world_.loop.run_once(true);
    samples_ = run.buffer.size();
    if (run.status == metric::Status::ok) return;
    std::fprintf(stderr, "bench: a shipped check failed: %s\n", run.why.c_str());
    std::abort();
  }
  World& world_;
  std::unique_ptr<check::Check> check_;
  std::size_t samples_ = 0;
};

void print_shipped(int rounds) {
  PlayedServers servers;
  const auto port = [](int p) { return World::Params{{"port", std::to_string(p)}}; };
  const auto url = [&](const std::string& body) {
    return World::Params{{"url", format("http://127.0.0.1:{}/", servers.add_page(body))}};
  };
  const std::vector<std::pair<std::string, World::Params>> checks = {
      {"tainted.lua", {}},
      {"nginx.lua", url(kNginx)},
      {"apache.lua", url(apache_status())},
      {"memcached.lua", port(servers.add("stats\r\n", memcached_stats()))},
      {"redis.lua", port(servers.add("INFO\r\n", redis_info()))},
      {"haproxy.lua", url(haproxy_csv())},
      {"prometheus.lua", url(prometheus_page())},
  };
  servers.start();
  World world;
  constexpr int kRuns = 100;
  for (const auto& [file, params] : checks) {
    Shipped on(world, file, params, true);
    Shipped off(world, file, params, false);
    std::vector<double> with;
    std::vector<double> without;
    on.round(kRuns);
    off.round(kRuns);
    for (int r = 0; r < rounds; ++r) {
      with.push_back(on.round(kRuns));
      without.push_back(off.round(kRuns));
    }
    const double a = percentile(with, 0.5);
    const double b = percentile(without, 0.5);
    std::printf("  %-42s %10.2f %10.2f us   ratio %.2f\n",
                format("{}, {} samples", file, on.samples()).c_str(), a, b, a / b);
  }
}

}  // namespace

void print_cost_of_budget(int rounds) {
  std::printf("\nthe budget: a call with the watchdog and line mode, and one without\n");
  print_calls(rounds);
  std::printf("\nthe budget: a run of a shipped check, its server played, with and without\n");
  print_shipped(rounds);
}

}  // namespace virgo::bench
