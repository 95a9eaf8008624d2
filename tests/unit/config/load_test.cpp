// The main file: defaults, ranges, and what is refused how.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr const char* kEndpoint = "endpoint:\n  ca: /ca.pem\n  token: t\n";

TEST(Load, FillsInDefaults) {
  const LoadedText run = load_text("checks: []\n");
  ASSERT_THAT(run.problems, IsEmpty());
  const AgentSpec& spec = run.loaded.spec;
  char host[256] = {};
  ASSERT_EQ(gethostname(host, sizeof host - 1), 0);
  EXPECT_EQ(spec.id, host);
  EXPECT_EQ(spec.log_level, LogLevel::info);
  EXPECT_THAT(spec.plugin_dirs, ElementsAre("/opt/virgo/lib/virgo/plugins"));
  EXPECT_THAT(spec.lua_plugin_dirs, ElementsAre("/opt/virgo/share/virgo/lua-plugins"));
  EXPECT_EQ(spec.conversation, "");
  EXPECT_EQ(spec.state_folder, kDefaultStateFolder);
  EXPECT_FALSE(spec.endpoint.configured);
  EXPECT_EQ(spec.limits.queue_bytes, 16u << 20);
  EXPECT_EQ(spec.limits.samples_per_run, 5000u);
  EXPECT_EQ(spec.limits.workers, 4u);
  EXPECT_EQ(spec.limits.lua_memory, 8u << 20);
  EXPECT_EQ(spec.limits.lua_budget, 100ms);
  EXPECT_THAT(spec.files, SizeIs(1));
}

TEST(Load, ReadsEverything) {
  const LoadedText run = load_text(R"(
agent: {id: web-1, log_level: debug}
endpoint:
  address: "[2001:db8::1]:8443"
  server_name: collector
  ca: ca.pem
  token: ${env:TOKEN}
  connect_timeout: 1s
  request_timeout: 2s
  backoff: {min: 3s, max: 4m}
plugins: {native: [plugins, /abs], lua: []}
conversation: ./talk
state: kept
limits: {queue: 64KiB, samples_per_run: 1, workers: 64, lua_memory: 1GiB, lua_budget: 10ms}
)",
                                   {{"TOKEN", "t0k"}});
  ASSERT_THAT(run.problems, IsEmpty());
  const AgentSpec& spec = run.loaded.spec;
  EXPECT_EQ(spec.id, "web-1");
  EXPECT_EQ(spec.log_level, LogLevel::debug);
  const EndpointSpec& e = spec.endpoint;
  EXPECT_TRUE(e.configured);
  EXPECT_EQ(e.host, "2001:db8::1");
  EXPECT_EQ(e.port, 8443);
  EXPECT_EQ(e.server_name, "collector");
  const std::string folder = spec.files[0].substr(0, spec.files[0].rfind('/'));
  EXPECT_EQ(e.ca_file, folder + "/ca.pem");
  EXPECT_EQ(e.token, "t0k");
  EXPECT_EQ(e.connect_timeout, 1s);
  EXPECT_EQ(e.request_timeout, 2s);
  EXPECT_EQ(e.backoff_min, 3s);
  EXPECT_EQ(e.backoff_max, 4min);
  EXPECT_EQ(e.where.line, 4);
  EXPECT_THAT(spec.plugin_dirs, ElementsAre(folder + "/plugins", "/abs"));
  EXPECT_THAT(spec.lua_plugin_dirs, IsEmpty());
  EXPECT_EQ(spec.conversation, folder + "/talk");
  EXPECT_EQ(spec.state_folder, folder + "/kept");
  EXPECT_EQ(spec.limits.queue_bytes, 64u << 10);
  EXPECT_EQ(spec.limits.workers, 64u);
}

TEST(Load, SectionsMayBeLeftEmpty) {
  const LoadedText run = load_text("agent:\nplugins:\n  native:\nlimits: {}\ndefaults:\nchecks:\n");
  EXPECT_THAT(run.problems, IsEmpty());
  EXPECT_THAT(run.loaded.spec.plugin_dirs, SizeIs(1));
}

TEST(Load, NamesUnknownKeysAndWhatWasMeant) {
  const LoadedText run = load_text(
      "agnet: {}\nagent: {idd: x}\nendpoint: {adress: x}\nlimits: {zebra: 1}\nchecks:\n  - name: "
      "a\n"
      "    intervall: 1s\n");
  EXPECT_THAT(
      run.problems,
      ElementsAre("a.yaml:1:1: unknown key 'agnet', did you mean 'agent'?",
                  "a.yaml:2:9: agent: unknown key 'idd', did you mean 'id'?",
                  AllOf(StartsWith("a.yaml:3:11: endpoint: "), HasSubstr("missing")),
                  AllOf(StartsWith("a.yaml:3:11: endpoint: "), HasSubstr("missing")),
                  AllOf(StartsWith("a.yaml:3:11: endpoint: "), HasSubstr("missing")),
                  "a.yaml:3:12: endpoint: unknown key 'adress', did you mean 'address'?",
                  "a.yaml:4:10: limits: unknown key 'zebra', known are: queue, samples_per_run, "
                  "workers, lua_memory, lua_budget, lua_grace, lua_cpu_per_run, "
                  "lua_cpu_per_minute, lua_sockets, "
                  "lua_log_lines, lua_series",
                  "a.yaml:7:5: checks[0]: unknown key 'intervall', did you mean 'interval'?"));
}

TEST(Load, ReportsAllProblemsInFileOrder) {
  const LoadedText run = load_text(
      "checks:\n  - {name: a, interval: 10}\nlimits:\n  workers: many\n  workers: 3\n"
      "agent:\n  log_level: inof\n  id: ${env:NOPE}\n");
  EXPECT_THAT(run.problems,
              ElementsAre(AllOf(StartsWith("a.yaml:2:25: checks[0].interval: "),
                                HasSubstr("'10' is not a duration")),
                          StartsWith("a.yaml:4:12: limits.workers: expected a whole number"),
                          StartsWith("a.yaml:5:3: the key 'workers' is written twice"),
                          HasSubstr("a.yaml:7:14: agent.log_level: 'inof' is not a log level, did "
                                    "you mean 'info'?"),
                          HasSubstr("a.yaml:8:7: ${env:NOPE}")));
}

TEST(Load, RefusesWrongKinds) {
  EXPECT_THAT(load_text("[1]").problems,
              ElementsAre("a.yaml:1:1: expected a map of options, found a list"));
  EXPECT_THAT(load_text("text").problems,
              ElementsAre("a.yaml:1:1: expected a map of options, found text"));
  EXPECT_THAT(load_text("agent: [1]\n").problems,
              ElementsAre("a.yaml:1:8: agent: expected a map of options, found a list"));
  EXPECT_THAT(load_text("agent: {id: [x]}").problems,
              ElementsAre("a.yaml:1:13: agent.id: expected text, found a list"));
  EXPECT_THAT(load_text("agent: {id: }").problems,
              ElementsAre(AllOf(HasSubstr("agent.id: expected text, found nothing"))));
  EXPECT_THAT(load_text("plugins: {native: /x}").problems,
              ElementsAre(HasSubstr("plugins.native: expected a list of folders")));
  EXPECT_THAT(load_text("plugins: {lua: [x, {}, '']}").problems,
              ElementsAre(HasSubstr("plugins.lua[1]: expected text"),
                          HasSubstr("plugins.lua[2]: must not be empty")));
  EXPECT_THAT(load_text("limits: {workers: '4'}").problems, ElementsAre(HasSubstr("quoted")));
  EXPECT_THAT(load_text("limits: {workers: 4.0}").problems, SizeIs(1));
  EXPECT_THAT(load_text("checks: x").problems, ElementsAre(HasSubstr("expected a list")));
  EXPECT_THAT(load_text("agent: {id: \"a\\nb\"}").problems, ElementsAre(HasSubstr("one line")));
}

struct Edge {
  const char* option;  // "limits: {workers: %}"
  const char* lowest;
  const char* below;
  const char* highest;
  const char* above;
};

class Ranges : public testing::TestWithParam<Edge> {};

TEST_P(Ranges, HoldAtBothEnds) {
  const Edge& edge = GetParam();
  const auto load_with = [&](std::string_view value) {
    std::string text = edge.option;
    text.replace(text.find('%'), 1, value);
    return load_text(text).problems;
  };
  EXPECT_THAT(load_with(edge.lowest), IsEmpty());
  EXPECT_THAT(load_with(edge.highest), IsEmpty());
  EXPECT_THAT(load_with(edge.above), ElementsAre(HasSubstr("out of range, use ")));
  if (edge.below != nullptr) {
    EXPECT_THAT(load_with(edge.below), ElementsAre(HasSubstr("out of range, use ")));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Options, Ranges,
    testing::Values(Edge{"limits: {queue: %}", "64KiB", "65535", "1GiB", "1073741825"},
                    Edge{"limits: {samples_per_run: %}", "1", "0", "100000", "100001"},
                    Edge{"limits: {workers: %}", "1", "0", "64", "65"},
                    Edge{"limits: {lua_memory: %}", "1MiB", "1048575", "1GiB", "1073741825"},
                    Edge{"limits: {lua_budget: %}", "10ms", "9ms", "10s", "10001ms"},
                    Edge{"defaults: {interval: %}", "100ms", "99ms", "24h", "86401s"},
                    Edge{"defaults: {timeout: %}", "10ms", "9ms", "24h", "86401s"},
                    Edge{"defaults: {splay: %}", "0s", nullptr, "24h", "86401s"},
                    Edge{"checks: [{name: a, interval: %, timeout: 10ms}]", "100ms", "99ms", "24h",
                         "86401s"},
                    Edge{"endpoint: {address: h, ca: /c, token: t, connect_timeout: %}", "10ms",
                         "9ms", "10m", "601s"},
                    Edge{"endpoint: {address: h, ca: /c, token: t, request_timeout: %}", "10ms",
                         "9ms", "10m", "601s"},
                    Edge{"endpoint: {address: h, ca: /c, token: t, backoff: {min: %, max: 1d}}",
                         "10ms", "9ms", "1h", "3601s"},
                    Edge{"endpoint: {address: h, ca: /c, token: t, backoff: {min: 10ms, max: %}}",
                         "10ms", "9ms", "1d", "86401s"}));

TEST(Load, TextHasALength) {
  EXPECT_THAT(load_text("agent: {id: " + std::string(128, 'x') + "}").problems, IsEmpty());
  EXPECT_THAT(load_text("agent: {id: " + std::string(129, 'x') + "}").problems,
              ElementsAre(HasSubstr("agent.id: is longer than 128 bytes")));
  EXPECT_THAT(load_text("agent: {id: ''}").problems, ElementsAre(HasSubstr("must not be empty")));
}

TEST(Endpoint, TakesAllFormsOfAddresses) {
  const auto address = [](const std::string& text) {
    const LoadedText run = load_text(kEndpoint + ("  address: '" + text + "'\n"));
    EXPECT_THAT(run.problems, IsEmpty()) << text;
    const EndpointSpec& e = run.loaded.spec.endpoint;
    EXPECT_EQ(e.server_name, e.host);
    return e.host + " " + std::to_string(e.port);
  };
  EXPECT_EQ(address("collector.example"), "collector.example 443");
  EXPECT_EQ(address("collector.example:1"), "collector.example 1");
  EXPECT_EQ(address("127.0.0.1:65535"), "127.0.0.1 65535");
  EXPECT_EQ(address("[::1]"), "::1 443");
  EXPECT_EQ(address("[::ffff:1.2.3.4]:5000"), "::ffff:1.2.3.4 5000");
}

TEST(Endpoint, RefusesOtherAddresses) {
  for (const char* text :
       {"h:0", "h:65536", "h:", "h:x", "h:-1", "h:1:2", ":443", "::1", "[::1", "[::1]x443",
        "[]:443", "[h]:443", "a b", "https://h", "h/x", "[::1]:", "h:4 3", "h:+1"}) {
    const LoadedText run = load_text(kEndpoint + (std::string("  address: '") + text + "'\n"));
    EXPECT_THAT(run.problems, ElementsAre(AllOf(StartsWith("a.yaml:4:12: endpoint.address: "),
                                                HasSubstr("host:port"))))
        << text;
  }
}

TEST(Endpoint, NeedsAddressCaAndToken) {
  EXPECT_THAT(load_text("endpoint:\n").problems,
              ElementsAre("a.yaml:1:1: endpoint: 'address' is missing",
                          "a.yaml:1:1: endpoint: 'ca' is missing",
                          "a.yaml:1:1: endpoint: 'token' is missing"));
}

TEST(Endpoint, BackoffMustGrow) {
  EXPECT_THAT(load_text(kEndpoint + std::string("  address: h\n  backoff: {min: 5m}\n")).problems,
              ElementsAre("a.yaml:5:12: endpoint.backoff: min (5m) is longer than max (2m)"));
}

TEST(Load, RefusesFilesThatAreNone) {
  const Folder folder;
  const auto problem = [&](const std::string& name) {
    const Loaded loaded = load(folder.path(name), with({}));
    EXPECT_THAT(loaded.problems, SizeIs(1)) << name;
    return loaded.problems.empty() ? "" : to_string(loaded.problems[0]);
  };
  folder.write("empty.yaml", "");
  folder.write("comment.yaml", "# nothing\n");
  folder.write("huge.yaml", std::string((1u << 20) + 1, '#'));
  folder.write("largest.yaml", "checks: []" + std::string((1u << 20) - 10, '\n'));
  ASSERT_EQ(mkfifo(folder.path("pipe.yaml").c_str(), 0600), 0);
  EXPECT_THAT(problem("missing.yaml"),
              AllOf(StartsWith(folder.path("missing.yaml: ")), HasSubstr("No such file")));
  EXPECT_THAT(problem(""), HasSubstr(": is a directory, not a regular file"));
  EXPECT_THAT(problem("pipe.yaml"), HasSubstr(": is a FIFO, not a regular file"));
  EXPECT_THAT(problem("empty.yaml"), HasSubstr(":1:1: the file holds nothing"));
  EXPECT_THAT(problem("comment.yaml"), HasSubstr("the file holds nothing"));
  EXPECT_THAT(problem("huge.yaml"), HasSubstr("is larger than 1048576 bytes (limit 'bytes')"));
  EXPECT_THAT(problem("empty.yaml/x"), HasSubstr("Not a directory"));
  EXPECT_THAT(load(folder.path("largest.yaml"), with({})).problems, IsEmpty());
  EXPECT_THAT(to_string(load("/dev/zero", with({})).problems.at(0)), HasSubstr("is a device"));
}

TEST(Load, RelativeNamesWork) {
  const Folder folder;
  folder.write("agent.yaml", "conversation: talk\nchecks: [x y]\n");
  folder.write("conf.d/a.yaml", "checks: [1b]\n");
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path(""));
  const std::string here = std::filesystem::current_path();
  const Loaded loaded = load("agent.yaml", with({}));
  std::filesystem::current_path(before);
  EXPECT_THAT(texts(loaded.problems), ElementsAre(StartsWith("agent.yaml:2:10: checks[0].name: ")));
  EXPECT_EQ(loaded.spec.conversation, (here.ends_with('/') ? here : here + "/") + "talk");
  EXPECT_THAT(loaded.spec.files, ElementsAre("agent.yaml", "conf.d/a.yaml"));
}

TEST(ProcessSources, ReadTheEnvironmentAndFindTheInstalledTree) {
  setenv("VIRGO_CONFIG_TEST", "yes", 1);
  const Sources sources = process_sources();
  EXPECT_EQ(sources.environment("VIRGO_CONFIG_TEST"), "yes");
  EXPECT_EQ(sources.environment("VIRGO_CONFIG_TEST_NOT_SET"), std::nullopt);
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe");
  EXPECT_EQ(sources.prefix, self.parent_path().parent_path().string());
}

}  // namespace
}  // namespace virgo::config
