#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

using namespace std::chrono_literals;

// A service on the loopback interface, which says something when it is told to.
class Service {
 public:
  explicit Service(int family) : listener_(socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  ~Service() {
    hang_up();
    close(listener_);
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  // Where it listens; the kernel chooses the port.
  std::string on_tcp() {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof a;
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&a), size), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&a), &size), 0);
    EXPECT_EQ(listen(listener_, 4), 0);
    return "127.0.0.1:" + std::to_string(ntohs(a.sin_port));
  }
  void on_path(const std::string& path) const {
    sockaddr_un a{};
    a.sun_family = AF_UNIX;
    ASSERT_LT(path.size(), sizeof a.sun_path);
    memcpy(a.sun_path, path.c_str(), path.size() + 1);
    ASSERT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&a), sizeof a), 0);
    ASSERT_EQ(listen(listener_, 4), 0);
  }
  void say(const std::string& text) {
    if (client_ < 0) client_ = accept(listener_, nullptr, nullptr);
    EXPECT_EQ(send(client_, text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
  }
  void hang_up() {
    if (client_ >= 0) close(client_);
    client_ = -1;
  }

 private:
  int listener_;
  int client_ = -1;
};

struct BannerTest : ::testing::Test {
  Host host;
  Check check{host, virgo_module_v1()};
  // Until the connection stands.
  void connected(const Outcome& run) {
    ASSERT_TRUE(host.run_until(
        [&] { return run.ended() || !run.samples("example.banner.connect.duration").empty(); }));
    ASSERT_FALSE(run.ended()) << run.explanation();
  }
  void ended(const Outcome& run) {
    ASSERT_TRUE(host.run_until([&] { return run.ended(); }));
    EXPECT_EQ(host.misuse_text(), "");
  }
};

TEST_F(BannerTest, TimesTheConnectionAndTheFirstByte) {
  Service service(AF_INET);
  ASSERT_TRUE(check.configure({{"address", service.on_tcp()}, {"expect", "SSH-"}}))
      << check.problems_text();
  const Outcome run = check.start();
  connected(run);
  host.advance(250ms);
  service.say("SSH-2.0-Trial\r\n");
  ended(run);
  EXPECT_EQ(run.status(), VIRGO_OK) << run.explanation();
  EXPECT_EQ(run.all_text(),
            "example.banner.connect.duration 0 s\nexample.banner.first_byte.duration 0.25 s\n");
}

TEST_F(BannerTest, AnotherBannerThanExpected) {
  const Folder folder;
  Service service(AF_UNIX);
  service.on_path(folder.file("s"));
  ASSERT_TRUE(check.configure({{"address", folder.file("s")}, {"expect", "220 "}}));
  for (int i = 0; i < 3; ++i) {  // one run after the other
    const Outcome run = check.start();
    connected(run);
    service.say("554 go away\r\n");
    ended(run);
    EXPECT_EQ(run.status(), VIRGO_ERR_FAILED);
    EXPECT_EQ(run.explanation(), folder.file("s") + " does not say what is expected");
    service.hang_up();
  }
}

TEST_F(BannerTest, ItsOwnTimeOut) {
  Service service(AF_INET);
  const std::string address = service.on_tcp();
  ASSERT_TRUE(check.configure({{"address", address}, {"patience", "500ms"}}));
  const Outcome run = check.start();
  connected(run);
  host.advance(499ms);
  EXPECT_FALSE(run.ended());
  host.advance(1ms);
  EXPECT_EQ(run.status(), VIRGO_ERR_TIMEOUT);
  EXPECT_EQ(run.explanation(), address + " says nothing");
  ended(run);
}

TEST_F(BannerTest, TheDeadlineOfTheRunComesFirst) {
  Service service(AF_INET);
  const std::string address = service.on_tcp();
  ASSERT_TRUE(check.configure({{"address", address}, {"patience", "10s"}}));
  const Outcome run = check.start(1s);
  host.advance(1s);
  EXPECT_EQ(run.status(), VIRGO_ERR_TIMEOUT);
  EXPECT_FALSE(run.abandoned());
  EXPECT_EQ(run.explanation(), address + " was not through by the run's deadline");
  ended(run);
}

TEST_F(BannerTest, NobodyListens) {
  std::string address;
  { address = Service(AF_INET).on_tcp(); }  // and is gone
  ASSERT_TRUE(check.configure({{"address", address}}));
  const Outcome run = check.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_UNREACHABLE);
  EXPECT_EQ(run.explanation(), address + " Connection refused");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(BannerTest, HangsUpWithoutAWord) {
  Service service(AF_INET);
  const std::string address = service.on_tcp();
  ASSERT_TRUE(check.configure({{"address", address}}));
  const Outcome run = check.start();
  connected(run);
  service.say("");
  service.hang_up();
  ended(run);
  EXPECT_EQ(run.explanation(), address + " hung up without a word");
}

TEST_F(BannerTest, AddressesThatAreNone) {
  for (const char* bad : {"localhost:22", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:70000", "[::1:22",
                          "127.0.0.1:22x", ":22",
                          "/a/path/of/more/than/one/hundred/and/eight/"
                          "bytes/is/too/long/for/the/address/of/a/unix/socket/on/any/linux/kernel"})
    EXPECT_FALSE(check.configure({{"address", bad}})) << bad;
  for (const char* good : {"127.0.0.1:22", "[::1]:65535", "/run/x.socket"})
    EXPECT_TRUE(check.configure({{"address", good}})) << good;
}

TEST_F(BannerTest, AnAgentWithoutTheLoop) {
  Host older;
  older.without(VIRGO_EXT_LOOP);
  Check there(older, virgo_module_v1());
  ASSERT_TRUE(there.configure({{"address", "127.0.0.1:1"}}));
  const Outcome run = there.collect();
  EXPECT_EQ(run.status(), VIRGO_ERR_UNSUPPORTED);
  EXPECT_EQ(run.explanation(), "this agent has no virgo.loop/1");
}

TEST_F(BannerTest, AnInstanceThatGoesInTheMiddleLeavesNothingOpen) {
  Service service(AF_INET);
  ASSERT_TRUE(check.configure({{"address", service.on_tcp()}}));
  check.start();
  ASSERT_TRUE(check.configure({{"address", "127.0.0.1:1"}})) << "destroys the first instance";
  EXPECT_EQ(host.misuse_text(), "");
}

}  // namespace
}  // namespace virgo::fake
