#include "cli/endpoint_files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "base/file.hpp"
#include "base/format.hpp"
#include "crypto/random.hpp"
#include "crypto/x509.hpp"

namespace virgo::cli {
namespace {

// A trial's certificates; long enough for any trial, short enough to notice.
constexpr int kAuthorityDays = 3650;
constexpr int kServerDays = 825;
constexpr std::size_t kMaxToken = 1000;
constexpr std::uint64_t kMaxTokenFile = 16 << 20;

// Never replaces a file.
Result<void> write_new(const std::string& path, const std::string& text, mode_t mode) {
  const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (fd < 0) {
    if (errno == EEXIST)
      return Error{Errc::invalid,
                   format("{} is there already: --init does not replace anything", path)};
    return system_error(errno).context(path);
  }
  const ssize_t n = write(fd, text.data(), text.size());
  const bool written = n == static_cast<ssize_t>(text.size());
  const Error error = written ? Error{} : system_error(errno).context(path);
  close(fd);
  if (!written) return error;
  return {};
}

std::string agent_yaml(const std::string& host, const std::string& token) {
  return format(
      "# Made by 'virgo endpoint --init' for trying out: an agent on this machine\n"
      "# that reports to this endpoint. Start it with: virgo run -c agent.yaml\n"
      "\n"
      "endpoint:\n"
      "  address: {}:8443\n"
      "  ca: ca.pem\n"
      "  token: {}\n"
      "\n"
      "defaults:\n"
      "  interval: 10s\n"
      "\n"
      "checks:\n"
      "  - cpu\n"
      "  - load\n"
      "  - memory\n"
      "  - disk\n"
      "  - filesystem\n"
      "  - network\n"
      "  - uptime\n"
      "  - agent\n",
      host, token);
}

}  // namespace

Result<void> make_endpoint_files(const std::string& dir, const std::vector<std::string>& hosts) {
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  auto authority =
      crypto::make_authority("Virgo private CA", crypto::Validity::for_days(now, kAuthorityDays));
  if (!authority) return authority.error();
  auto server = crypto::make_server_certificate(*authority, hosts,
                                                crypto::Validity::for_days(now, kServerDays));
  if (!server) return server.error();
  auto token = crypto::random_token();
  if (!token) return token.error();

  if (mkdir(dir.c_str(), 0700) != 0 && errno != EEXIST) return system_error(errno).context(dir);
  const struct {
    const char* name;
    std::string text;
    mode_t mode;
  } files[] = {
      {"ca.pem", authority->certificate_pem, 0644},
      {"ca-key.pem", authority->key_pem, 0600},
      {"server.pem", server->certificate_pem, 0644},
      {"server-key.pem", server->key_pem, 0600},
      {"tokens", "# One token a line; agents give it in their hello.\n" + *token + "\n", 0600},
      {"agent.yaml", agent_yaml(hosts.front(), *token), 0600},
  };
  for (const auto& file : files) {
    auto written = write_new(dir + "/" + file.name, file.text, file.mode);
    if (!written) return written;
  }
  return {};
}

Result<std::vector<std::string>> read_tokens(const std::string& file) {
  const auto text = read_regular_file(file, kMaxTokenFile);
  if (!text) return text.error().context(file);
  std::vector<std::string> tokens;
  std::string_view rest = *text;
  for (int number = 1; !rest.empty(); ++number) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    while (!line.empty() && std::strchr(" \t\r", line.back()) != nullptr) line.remove_suffix(1);
    if (line.size() > kMaxToken)
      return Error{Errc::invalid,
                   format("{}:{}: a token is at most {} bytes", file, number, kMaxToken)};
    if (!line.empty() && line[0] != '#') tokens.emplace_back(line);
  }
  if (tokens.empty())
    return Error{Errc::invalid, format("{}: holds no token; put one on a line", file)};
  return tokens;
}

}  // namespace virgo::cli
