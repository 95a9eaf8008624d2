#include "functional/world.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <gtest/gtest.h>

extern char** environ;

namespace virgo::functional {

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    usleep(10'000);
  }
  return true;
}

TempDir::TempDir() {
  char path[] = "/tmp/virgo-test-XXXXXX";
  if (mkdtemp(path) == nullptr) std::abort();
  path_ = path;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void write_file(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  ASSERT_GE(fd, 0) << path << ": " << std::strerror(errno);
  ASSERT_EQ(write(fd, text.data(), text.size()), static_cast<ssize_t>(text.size()));
  fchmod(fd, mode);
  close(fd);
}

std::string read_file(const std::string& path) {
  std::string text;
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char buffer[65536];
  ssize_t n = 0;
  while ((n = read(fd, buffer, sizeof buffer)) > 0)
    text.append(buffer, static_cast<std::size_t>(n));
  close(fd);
  return text;
}

std::string virgo_binary() {
  return VIRGO_BINARY;
}
std::string test_plugins() {
  return VIRGO_TEST_PLUGIN_DIR;
}
std::string source_dir() {
  return VIRGO_SOURCE_DIR;
}

Process::Process(std::vector<std::string> argv, std::string output,
                 std::map<std::string, std::string> environment)
    : output_(std::move(output)) {
  std::vector<char*> args;
  for (std::string& a : argv) args.push_back(a.data());
  args.push_back(nullptr);
  std::vector<std::string> variables;
  for (char** e = environ; *e != nullptr; ++e) variables.emplace_back(*e);
  for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
  std::vector<char*> env;
  for (std::string& v : variables) env.push_back(v.data());
  env.push_back(nullptr);

  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  const int flags = O_WRONLY | O_CREAT | O_APPEND;
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, (output_ + ".out").c_str(), flags, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, (output_ + ".err").c_str(), flags, 0600);
  const int rc = posix_spawn(&pid_, args[0], &actions, nullptr, args.data(), env.data());
  posix_spawn_file_actions_destroy(&actions);
  if (rc != 0) ADD_FAILURE() << "cannot start " << argv[0] << ": " << std::strerror(rc);
}

Process::~Process() {
  if (!running()) return;
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
}

bool Process::running() {
  if (pid_ <= 0 || status_) return false;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return true;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return false;
}

void Process::signal(int number) {
  if (running()) kill(pid_, number);
}

int Process::wait() {
  if (eventually([this] { return !running(); })) return *status_;
  ADD_FAILURE() << "the process did not end; its standard error:\n" << err();
  kill(pid_, SIGKILL);
  return -1;
}

bool Process::says(const std::string& text) {
  const bool said = eventually([&] { return err().find(text) != std::string::npos; });
  if (!said) ADD_FAILURE() << "not said: " << text << "\nstandard error:\n" << err();
  return said;
}

double Process::peak_mib() const {
  const std::string status = read_file("/proc/" + std::to_string(pid_) + "/status");
  const std::size_t at = status.find("VmHWM:");
  return at == std::string::npos ? 0 : std::atof(status.c_str() + at + 6) / 1024;
}

Endpoint::Endpoint(std::vector<std::string> extra_arguments) : extra_(std::move(extra_arguments)) {
  Process init({virgo_binary(), "endpoint", "--init", dir_.path()}, dir_.file("init"));
  EXPECT_EQ(init.wait(), 0) << init.err();
}

void Endpoint::kill() {
  process_.reset();
  hold_port();
}

// Bound without SO_REUSEADDR, so that the system gives the port to nobody else; where
// connections of before linger that is refused, and the port is not held.
void Endpoint::hold_port() {
  release_port();
  held_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port_));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(held_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) release_port();
}

void Endpoint::release_port() {
  if (held_ >= 0) close(held_);
  held_ = -1;
}

void Endpoint::start() {
  const std::string port_file = dir_.file("port");
  unlink(port_file.c_str());
  std::vector<std::string> argv{
      virgo_binary(), "endpoint", dir_.path(),   "--listen", "127.0.0.1:" + std::to_string(port_),
      "--port-file",  port_file,  "--heartbeat", "1s"};
  argv.insert(argv.end(), extra_.begin(), extra_.end());
  release_port();
  process_.emplace(std::move(argv), dir_.file("endpoint" + std::to_string(++starts_)));
  EXPECT_TRUE(eventually([&] { return !read_file(port_file).empty() || !process_->running(); }));
  port_ = std::atoi(read_file(port_file).c_str());
  EXPECT_GT(port_, 0) << process_->err();
}

std::string Endpoint::token() const {
  const std::string text = read_file(dir_.file("tokens"));
  const std::size_t line = text.find('\n') + 1;
  return text.substr(line, text.find('\n', line) - line);
}

std::vector<json::Value> Endpoint::records(const std::string& agent) const {
  std::vector<json::Value> out;
  const std::string text = read_file(reports_file(agent));
  std::size_t at = 0;
  for (std::size_t end = text.find('\n'); end != std::string::npos; end = text.find('\n', at)) {
    auto value = json::parse(std::string_view(text).substr(at, end - at));
    at = end + 1;
    if (value) out.push_back(std::move(value).value());
  }
  return out;
}

void Agent::start(const std::string& yaml) {
  write_file(dir_.file("agent.yaml"), yaml);
  process_.emplace(std::vector<std::string>{virgo_binary(), "run", "-c", dir_.file("agent.yaml")},
                   dir_.file("agent" + std::to_string(++starts_)));
}

json::Value run_shipped(const std::string& plugin, const std::string& type,
                        const std::vector<std::string>& params) {
  const TempDir dir;
  const std::string tree = virgo_binary().substr(0, virgo_binary().rfind("/bin/"));
  std::vector<std::string> argv{
      virgo_binary(), "plugin", "run",    tree + "/lib/virgo/plugins/" + plugin + ".so",
      "--type",       type,     "--once", "--json"};
  for (const std::string& param : params) {
    argv.emplace_back("--set");
    argv.push_back(param);
  }
  Process process(argv, dir.file("run"));
  process.wait();
  auto parsed = json::parse(process.out());
  if (!parsed) {
    ADD_FAILURE() << "no JSON: " << process.out() << process.err();
    return {};
  }
  const std::string status = text_of(*parsed, "status");
  EXPECT_TRUE(status == "ok" || status == "unsupported") << process.out();
  return *std::move(parsed);
}

std::string agent_yaml(const Endpoint& endpoint, const std::string& checks, const std::string& rest,
                       const std::string& endpoint_lines) {
  // Tests run side by side: the default's path is for one of them at most.
  const bool has_control = rest.find("control:") != std::string::npos;
  return std::string("agent:\n  id: test-agent\n  log_level: debug\n") +
         (has_control ? "" : "control: \"\"\n") + "endpoint:\n  address: " + endpoint.address() +
         "\n  ca: " + endpoint.ca() + "\n  token: " + endpoint.token() +
         "\n  flush_interval: 50ms\n  backoff: {min: 100ms, max: 500ms}\n" + endpoint_lines + rest +
         "checks:\n" + checks;
}

std::string text_of(const json::Value& record, const std::string& key) {
  const json::Value* v = record.find(key);
  return v == nullptr ? "" : v->text;
}

double number_of(const json::Value& record, const std::string& key) {
  const json::Value* v = record.find(key);
  return v == nullptr ? 0 : v->number;
}

std::vector<const json::Value*> reports_of(const std::vector<json::Value>& records,
                                           const std::string& check) {
  std::vector<const json::Value*> out;
  for (const json::Value& r : records)
    if (r.find("gap") == nullptr && text_of(r, "check") == check) out.push_back(&r);
  return out;
}

std::vector<const json::Value*> gaps_of(const std::vector<json::Value>& records,
                                        const std::string& check) {
  std::vector<const json::Value*> out;
  for (const json::Value& r : records) {
    const json::Value* gap = r.find("gap");
    if (gap != nullptr && text_of(*gap, "check") == check) out.push_back(gap);
  }
  return out;
}

}  // namespace virgo::functional
