// show(), the reference, and the files that are shipped.
#include <sstream>

#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream out;
  out << in.rdbuf();
  return out.str();
}

// Everything but positions, files and where secrets came from.
void expect_same(const AgentSpec& a, const AgentSpec& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.log_level, b.log_level);
  EXPECT_EQ(a.plugin_dirs, b.plugin_dirs);
  EXPECT_EQ(a.lua_plugin_dirs, b.lua_plugin_dirs);
  EXPECT_EQ(a.conversation, b.conversation);
  EXPECT_EQ(a.state_folder, b.state_folder);
  EXPECT_EQ(a.control, b.control);
  EXPECT_EQ(a.endpoint.configured, b.endpoint.configured);
  EXPECT_EQ(a.endpoint.host, b.endpoint.host);
  EXPECT_EQ(a.endpoint.port, b.endpoint.port);
  EXPECT_EQ(a.endpoint.server_name, b.endpoint.server_name);
  EXPECT_EQ(a.endpoint.ca_file, b.endpoint.ca_file);
  EXPECT_EQ(a.endpoint.connect_timeout, b.endpoint.connect_timeout);
  EXPECT_EQ(a.endpoint.request_timeout, b.endpoint.request_timeout);
  EXPECT_EQ(a.endpoint.backoff_min, b.endpoint.backoff_min);
  EXPECT_EQ(a.endpoint.backoff_max, b.endpoint.backoff_max);
  EXPECT_EQ(a.limits.queue_bytes, b.limits.queue_bytes);
  EXPECT_EQ(a.limits.samples_per_run, b.limits.samples_per_run);
  EXPECT_EQ(a.limits.workers, b.limits.workers);
  EXPECT_EQ(a.limits.lua_memory, b.limits.lua_memory);
  EXPECT_EQ(a.limits.lua_budget, b.limits.lua_budget);
  ASSERT_EQ(a.checks.size(), b.checks.size());
  for (std::size_t i = 0; i < a.checks.size(); ++i)
    EXPECT_TRUE(same_check(a.checks[i], b.checks[i])) << a.checks[i].name;
}

AgentSpec loads_back(const AgentSpec& spec) {
  const std::string text = show(spec);
  const LoadedText again = load_text(text);
  EXPECT_THAT(again.problems, IsEmpty()) << text;
  return again.loaded.spec;
}

TEST(Show, LoadsBackToTheSame) {
  const LoadedText run = load_text(R"(
agent: {id: "web 1: $${x} \"é\" #", log_level: trace}
endpoint: {address: "[::1]:99", ca: ca.pem, token: plain, backoff: {min: 1500ms}}
plugins: {native: [a b, /c], lua: []}
conversation: "it's"
limits: {queue: 65537, workers: 7, lua_budget: 15ms}
checks:
  - cpu
  - name: x
    enabled: false
    interval: 90s
    params:
      int: 12
      hex: 0x1f
      text: '12'
      yes: true
      no: 'true'
      float: -1.5e3
      inf: -.inf
      none: null
      "null": 'null'
      tilde: '~'
      empty: ''
      list: [1, [2, []], {}, {a: b}, null]
      lines: "a\n\tb\x01\u0085\u2028\ufeff"
      odd: ["- a", "a: b", "a #b", "#", "&x", "*x", "!x", "%x", "@x", "---", "...", ":", "a:", "?", "-",
            " x ", "[", "]", "{", ",", "'", "\"", "\\", "$${a}", "$$$${", "$$", "|", ">", "=", "<<", "x\r\ny"]
      "key: odd": 1
      "12": key
      "": empty
      '<<': merge
      plain text: and more text
  - name: y
    alert:
      - {metric: a b, labels: {"k: x": 1, l: 'true'}, above: 0.9, clear: -1e3, for: 90s, text: "é: #"}
      - {metric: m, below: 0x10, severity: warn, clear_for: 1d}
      - {metric: m, equals: '12', text: 't'}
      - {metric: m, not_equals: 12}
      - {metric: m, absent: true}
      - {status: timeout}
      - {status: [not_ok, failed]}
control: sock/x
)");
  ASSERT_THAT(run.problems, IsEmpty());
  expect_same(run.loaded.spec, loads_back(run.loaded.spec));
  EXPECT_EQ(run.loaded.spec.id, "web 1: ${x} \"é\" #");
}

TEST(Show, ASpecOfDefaultsLoadsBack) {
  const LoadedText run = load_text("checks: []\n");
  expect_same(run.loaded.spec, loads_back(run.loaded.spec));
}

TEST(Show, HidesSecrets) {
  const LoadedText run = load_text(
      "agent: {id: 'x${env:S}'}\nendpoint:\n  address: ${env:S}\n  ca: /${env:S}\n  token: "
      "hunter2\n"
      "plugins: {lua: [/open, '/${env:S}']}\nlimits: {workers: '${env:N}'}\n"
      "checks: [{name: a, params: {password: ['${env:S}', open], port: '${env:N}'}}]\n",
      {{"S", "hunter2"}, {"N", "17"}});
  ASSERT_THAT(run.problems, IsEmpty());
  const std::string text = show(run.loaded.spec);
  EXPECT_THAT(text,
              AllOf(Not(HasSubstr("hunter2")), HasSubstr("token: \"********\""),
                    HasSubstr("id: \"********\""), HasSubstr("address: \"********\""),
                    HasSubstr("- open"), HasSubstr("- /open"), HasSubstr("port: \"********\"")));
  // Numbers and durations of the schema cannot be secrets.
  EXPECT_THAT(text, HasSubstr("workers: 17"));
}

TEST(Show, TellsWhatFailed) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "checks: []\n");
  folder.write("conf.d/a.yaml", "x: 1\nchecks: []\n");
  const std::string text = show(load(file, with({})).spec);
  EXPECT_THAT(
      text, AllOf(HasSubstr("#   " + file), HasSubstr("# Not used: "), HasSubstr("a.yaml:1:1: ")));
}

TEST(Reference, ListsEveryOptionWithItsDefault) {
  const std::string text = options_reference();
  EXPECT_THAT(text, HasSubstr("| `endpoint.backoff.max` | duration | `2m` | 10ms .. 1d |"));
  EXPECT_THAT(text, HasSubstr("| `limits.queue` | size | `16MiB` | 64KiB .. 1GiB |"));
  EXPECT_THAT(text, HasSubstr("| `checks[].name` | text | required | 1 .. 128 bytes |"));
  EXPECT_THAT(text, HasSubstr("| `agent.id` | text | the host's name |"));
  std::size_t lines = 0;
  for (const char c : text) lines += c == '\n' ? 1 : 0;
  EXPECT_EQ(lines, options().size() + 2);
  for (const OptionInfo& option : options()) {
    EXPECT_FALSE(option.meaning.empty()) << option.path;
    EXPECT_THAT(option.meaning, Not(HasSubstr("|")));
  }
}

// config/agent.yaml: '#' and one space is prose, any other '#' hides an option.
std::string uncommented(const std::string& text) {
  std::string out;
  std::stringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t start = line.find_first_not_of(' ');
    if (start != std::string::npos && line[start] == '#' && start + 1 < line.size()) {
      const bool prose =
          line[start + 1] == ' ' && line.size() > start + 2 && line[start + 2] != ' ';
      if (!prose) line.erase(start, 1);
    }
    out += line + "\n";
  }
  return out;
}

const std::string kConfig = VIRGO_SOURCE_DIR "/config/";

TEST(Shipped, AgentYamlLoads) {
  const LoadedText run = load_text(read(kConfig + "agent.yaml"));
  ASSERT_THAT(run.problems, IsEmpty());
  std::vector<std::string> types;
  types.reserve(run.loaded.spec.checks.size());
  for (const CheckSpec& check : run.loaded.spec.checks) types.push_back(check.type);
  EXPECT_EQ(types.size(), 20u);
  EXPECT_THAT(types, testing::IsSupersetOf({"virgo.cpu", "virgo.memory", "virgo.filesystem",
                                            "virgo.network", "virgo.processes", "virgo.agent"}));
  EXPECT_FALSE(run.loaded.spec.endpoint.configured);
}

// The option's value, in any of the items where it stands in a list.
const Node* find_path(const Node& root, std::string_view path) {
  if (path.empty()) return &root;
  const std::size_t dot = path.find('.');
  std::string_view key = path.substr(0, dot);
  path = dot == std::string_view::npos ? "" : path.substr(dot + 1);
  const bool list = key.ends_with("[]") || key == "FILE";
  if (key.ends_with("[]")) key.remove_suffix(2);
  const Node* node = key == "FILE" ? &root : root.find(key);
  if (node == nullptr || !list) return node == nullptr ? nullptr : find_path(*node, path);
  for (const Node& item : node->items)
    if (const Node* found = find_path(item, path); found != nullptr) return found;
  return nullptr;
}

TEST(Shipped, AgentYamlHoldsEveryOptionWithItsDefault) {
  const std::string text = uncommented(read(kConfig + "agent.yaml"));
  const LoadedText run = load_text(text);
  ASSERT_THAT(run.problems, IsEmpty()) << text;
  EXPECT_TRUE(run.loaded.spec.endpoint.configured);
  const Node root = parse_text(text).root;
  for (const OptionInfo& option : options()) {
    const Node* node = find_path(root, option.path);
    ASSERT_NE(node, nullptr) << option.path;
    if (option.preset[0] != '(') {
      EXPECT_EQ(node->text, option.preset == "\"\"" ? "" : option.preset) << option.path;
    }
  }
}

TEST(Shipped, AgentYamlExplainsEveryOption) {
  std::stringstream lines(read(kConfig + "agent.yaml"));
  std::string before;
  for (std::string line; std::getline(lines, line); before = line) {
    const std::size_t start = line.find_first_not_of(" #");
    const bool option = start != std::string::npos && line.find("# ") != line.find('#') &&
                        line.find(": ", start) != std::string::npos;
    if (option) {
      EXPECT_THAT(before, HasSubstr("# ")) << line;
    }
  }
}

// Whatever is wrong with a file, loading it ends with positions; and what loads
// can be shown and loaded again. The changes are random but always the same.
TEST(Shipped, SurvivesSmallDamage) {
  const std::string whole = uncommented(read(kConfig + "agent.yaml"));
  const std::string pieces = "[]{}:,-?&*!|>'\"%@# \t\n\\$~0aZ\xff\xc3";
  std::uint64_t state = 1;
  const auto random = [&state](std::size_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::size_t>(state >> 33) % below;
  };
  int good = 0;
  for (int i = 0; i < 400; ++i) {
    std::string text = whole;
    const std::size_t at = random(text.size());
    switch (random(3)) {
      case 0:
        text[at] = pieces[random(pieces.size())];
        break;
      case 1:
        text.erase(at, 1 + random(40));
        break;
      default:
        text.insert(at, 1, pieces[random(pieces.size())]);
        break;
    }
    const LoadedText run = load_text(text);
    for (const Problem& problem : run.loaded.problems) EXPECT_GT(problem.where.line, 0) << text;
    if (!run.problems.empty()) continue;
    ++good;
    expect_same(run.loaded.spec, loads_back(run.loaded.spec));
  }
  EXPECT_GT(good, 0);
}

TEST(Shipped, QuickstartLoads) {
  const std::string text = read(kConfig + "quickstart.yaml");
  const LoadedText run = load_text(text, {{"VIRGO_DEMO_ADDRESS", "127.0.0.1:4433"},
                                          {"VIRGO_DEMO_DIR", "/tmp/demo"},
                                          {"VIRGO_DEMO_TOKEN", "t"},
                                          {"VIRGO_DEMO_CONF_D", ""},
                                          {"VIRGO_DEMO_PORT", "8080"}});
  ASSERT_THAT(run.problems, IsEmpty());
  const AgentSpec& spec = run.loaded.spec;
  EXPECT_EQ(spec.endpoint.port, 4433);
  EXPECT_EQ(spec.endpoint.ca_file, "/tmp/demo/ca.pem");
  ASSERT_THAT(spec.checks, SizeIs(5));
  for (const CheckSpec& check : spec.checks) EXPECT_EQ(check.interval, std::chrono::seconds(1));
  EXPECT_EQ(as_int(*spec.checks[4].params.find("port")).value(), 8080);
  EXPECT_THAT(load_text(text).problems, SizeIs(5));  // nothing is silently empty
}

}  // namespace
}  // namespace virgo::config
