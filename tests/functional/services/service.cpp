#include "functional/services/service.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <random>

#include <gtest/gtest.h>

namespace virgo::functional {
namespace {

// Debian's nobody and nogroup.
constexpr int kNobody = 65534;

// Some need seconds of a processor to start, and the machine may be busy.
constexpr std::chrono::seconds kStartPatience{240};

class LoopbackSocket {
 public:
  LoopbackSocket() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~LoopbackSocket() { close(fd_); }
  LoopbackSocket(const LoopbackSocket&) = delete;
  LoopbackSocket& operator=(const LoopbackSocket&) = delete;

  bool bind(int port) {
    const sockaddr_in address = loopback(port);
    return ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  bool connect(int port) {
    const sockaddr_in address = loopback(port);
    return ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  int fd() const { return fd_; }

 private:
  static sockaddr_in loopback(int port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }
  int fd_;
};

// False if this or another test has it already. A name without a file, which goes with
// the program, however it ends.
bool reserve(int port) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = "virgo-test-port-" + std::to_string(port);
  name.copy(address.sun_path + 1, name.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0) return true;
  close(fd);
  return false;
}

void give_to_nobody(const std::string& dir) {
  EXPECT_EQ(lchown(dir.c_str(), kNobody, kNobody), 0);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(dir))
    EXPECT_EQ(lchown(entry.path().c_str(), kNobody, kNobody), 0) << entry.path();
}

}  // namespace

int unused_port() {
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> ports(12'000, 32'000);
  for (;;) {
    const int port = ports(random);
    if (reserve(port) && LoopbackSocket().bind(port)) return port;
  }
}

bool answers(int port) {
  return LoopbackSocket().connect(port);
}

std::string converse(int port, const std::string& bytes) {
  LoopbackSocket socket;
  EXPECT_TRUE(socket.connect(port));
  EXPECT_EQ(send(socket.fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
            static_cast<ssize_t>(bytes.size()));
  std::string answer;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = recv(socket.fd(), buffer, sizeof buffer, 0)) > 0)
    answer.append(buffer, static_cast<std::size_t>(n));
  return answer;
}

void Service::write(const std::string& name, const std::string& text) {
  write_file(file(name), text, 0644);
}

void Service::make_certificate() {
  Process make(
      {"/usr/bin/openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
       "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext",
       "subjectAltName=IP:127.0.0.1", "-keyout", file("key.pem"), "-out", file("cert.pem")},
      file("openssl"));
  EXPECT_EQ(make.wait(), 0) << make.err();
}

void Service::start(const std::vector<std::string>& argv, int ready_port,
                    const std::map<std::string, std::string>& environment) {
  std::vector<std::string> prefix;
  if (geteuid() == 0) {
    give_to_nobody(dir());
    const std::string id = std::to_string(kNobody);
    prefix = {"--reuid", id, "--regid", id, "--clear-groups"};
  }
  run(prefix, argv, ready_port, environment);
}

void Service::start_as_root(const std::vector<std::string>& argv, int ready_port) {
  run({}, argv, ready_port, {});
}

// A group of its own, to be killed as a whole; its leader also ends with the test.
void Service::run(const std::vector<std::string>& user, const std::vector<std::string>& argv,
                  int ready_port, const std::map<std::string, std::string>& environment) {
  std::vector<std::string> all{"/usr/bin/setsid", "/usr/bin/setpriv", "--pdeathsig", "KILL"};
  all.insert(all.end(), user.begin(), user.end());
  all.emplace_back("--");
  all.insert(all.end(), argv.begin(), argv.end());
  prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
  process_.emplace(std::move(all), file("server"), environment);
  EXPECT_TRUE(
      eventually([&] { return ready_port == 0 || answers(ready_port) || !process_->running(); },
                 kStartPatience));
  EXPECT_TRUE(process_->running()) << argv[0] << " ended:\n" << process_->out() << process_->err();
}

void Service::stop() {
  if (!process_) return;
  const pid_t group = process_->pid();
  kill(-group, SIGKILL);
  process_.reset();
  while (waitpid(-group, nullptr, 0) > 0) {
  }  // what it has left behind is ours
  prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
}

}  // namespace virgo::functional
