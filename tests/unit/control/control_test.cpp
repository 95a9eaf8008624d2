// The control socket: what is asked and answered, and what clients may not do.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include <gmock/gmock.h>

#include "control/ask.hpp"
#include "control/server.hpp"
#include "net/connect.hpp"
#include "unit/loop_fixture.hpp"

namespace virgo::control {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Client {
  std::unique_ptr<net::Connector> connector;
  std::unique_ptr<net::Connection> connection;
  std::string received;
  bool closed = false;
};

class ControlTest : public virgo::testing::LoopTest {
 protected:
  ControlTest() {
    std::string name = "/tmp/virgo-control-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    folder = name;
    path = folder + "/sock";
  }
  void TearDown() override {
    clients.clear();
    server.reset();
    std::filesystem::remove_all(folder);
    LoopTest::TearDown();
  }

  void open(Duration patience = kPatience) {
    auto opened = Server::open(loop, path, answers, patience);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    server = std::move(opened).value();
  }
  Client& connect() {
    clients.push_back(std::make_unique<Client>());
    Client& client = *clients.back();
    net::ConnectOptions options;
    options.path = path;
    client.connector = std::make_unique<net::Connector>(
        loop, std::move(options), [&client](Result<std::unique_ptr<net::Connection>> connection) {
          ASSERT_TRUE(connection.ok()) << connection.error().message;
          client.connection = std::move(connection).value();
          client.connection->set_handlers(
              {.data = [&client](std::string_view bytes) { client.received += bytes; },
               .closed = [&client](const Error&) { client.closed = true; },
               .drained = [] {}});
        });
    run_until([&] { return client.connection != nullptr; });
    return client;
  }
  // What comes back for `bytes`, up to the `lines`-th line.
  std::string say(Client& client, const std::string& bytes, int lines = 1) {
    client.received.clear();
    EXPECT_TRUE(client.connection->write(bytes).ok());
    run_until([&] {
      return client.closed ||
             std::count(client.received.begin(), client.received.end(), '\n') >= lines;
    });
    return client.received;
  }

  Server::Answers answers{
      {"echo", [](const json::Value& r) { return Result<std::string>(json::to_json(r)); }},
      {"fail",
       [](const json::Value&) -> Result<std::string> {
         return Error{Errc::failed, "not \"today\""};
       }},
      {"big", [this](const json::Value&) {
         ++big_answers;
         return Result<std::string>("\"" + std::string(5u << 20, 'x') + "\"");
       }}};
  int big_answers = 0;
  std::string folder;
  std::string path;
  std::unique_ptr<Server> server;
  std::vector<std::unique_ptr<Client>> clients;
};

TEST_F(ControlTest, AnswersLineByLine) {
  open();
  Client& client = connect();
  EXPECT_EQ(say(client, "{\"request\":\"echo\",\"n\":7}\n"),
            "{\"result\":{\"request\":\"echo\",\"n\":7}}\n");
  EXPECT_EQ(say(client, "{\"request\":\"fail\"}\r\n"), "{\"error\":\"not \\\"today\\\"\"}\n");
  EXPECT_EQ(say(client, "{\"request\":\"fail\"}\n{\"request\":\"echo\"}\n", 2),
            "{\"error\":\"not \\\"today\\\"\"}\n{\"result\":{\"request\":\"echo\"}}\n");
  client.received.clear();
  ASSERT_TRUE(client.connection->write("{\"request\":\"ec").ok());
  turn();
  EXPECT_EQ(client.received, "") << "the line has not ended";
  EXPECT_EQ(say(client, "ho\"}\n"), "{\"result\":{\"request\":\"echo\"}}\n");
}

TEST_F(ControlTest, IsForItsOwnUserOnly) {
  open();
  struct stat status {};
  ASSERT_EQ(lstat(path.c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777u, 0600u);
  server.reset();
  turn();
  EXPECT_NE(lstat(path.c_str(), &status), 0) << "it is removed";
}

TEST_F(ControlTest, BadLinesAreAnsweredAndCostNothingElse) {
  open();
  Client& client = connect();
  for (const char* line : {"\n", "hello\n", "[]\n", "{}\n", "7\n", "{\"request\":7}\n",
                           "{\"request\":\"echo\"} x\n", "[[[[[[[[[[1]]]]]]]]]]\n", "\xff\xfe\n"})
    EXPECT_THAT(say(client, line), StartsWith("{\"error\":\"not a request: ")) << line;
  EXPECT_EQ(say(client, "{\"request\":\"nothing\\u0007\"}\n"),
            "{\"error\":\"there is no request 'nothing\\\\x07'\"}\n");
  EXPECT_THAT(say(client, std::string("{\"request\":\"\0\"}\n", 16)), HasSubstr("error"));
  EXPECT_THAT(say(client, "{\"request\":\"echo\"}\n"), HasSubstr("result"));
}

TEST_F(ControlTest, ALineMayHaveSoManyBytes) {
  open();
  Client& client = connect();
  const std::string head = "{\"request\":\"echo\",\"x\":\"";
  const std::string most = head + std::string(kMaxRequest - head.size() - 2, 'x') + "\"}";
  ASSERT_EQ(most.size(), kMaxRequest);
  EXPECT_EQ(say(client, most + "\n"), "{\"result\":" + most + "}\n");
  EXPECT_EQ(say(client, most + " \n"), "{\"error\":\"a request has at most 4096 bytes\"}\n");
  run_until([&] { return client.closed; });
  EXPECT_EQ(server->clients(), 0u);

  Client& endless = connect();  // without ever a line's end
  EXPECT_THAT(say(endless, std::string(100'000, 'x')), HasSubstr("at most 4096 bytes"));
  run_until([&] { return endless.closed; });
}

TEST_F(ControlTest, SoManyClientsAtATime) {
  open();
  for (std::size_t i = 0; i < kMaxClients; ++i) connect();
  run_until([&] { return server->clients() == kMaxClients; });
  Client& one_more = connect();
  run_until([&] { return one_more.closed; });
  EXPECT_EQ(one_more.received,
            "{\"error\":\"8 clients are connected already, which is the limit\"}\n");
  EXPECT_THAT(say(*clients[7], "{\"request\":\"echo\"}\n"), HasSubstr("result"));
  clients[3]->connection.reset();
  run_until([&] { return server->clients() == kMaxClients - 1; });
  EXPECT_THAT(say(connect(), "{\"request\":\"echo\"}\n"), HasSubstr("result"));
}

TEST_F(ControlTest, WhoSaysNothingIsLetGo) {
  open(20ms);
  Client& client = connect();
  run_until([&] { return client.closed; });
  EXPECT_EQ(client.received, "{\"error\":\"nothing was asked for 20ms\"}\n");
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ControlTest, OneAnswerAtATimeIsHeldForASlowReader) {
  open();
  Client& client = connect();
  client.connection->pause();
  std::string many;
  for (int i = 0; i < 50; ++i) many += "{\"request\":\"big\"}\n";
  ASSERT_TRUE(client.connection->write(many).ok());
  turn(100);  // 50 answers would be 250 MiB
  EXPECT_EQ(big_answers, 1);
  client.connection->resume();
  run_until([&] { return client.received.size() >= 2 * (5u << 20); });
  client.connection.reset();  // and who goes away in the middle is forgotten
  run_until([&] { return server->clients() == 0; });
}

TEST_F(ControlTest, ThoseWhoEndTheirSideGetTheirAnswer) {
  open();
  Client& client = connect();
  ASSERT_TRUE(client.connection->write("{\"request\":\"big\"}\n").ok());
  client.connection->shutdown([] {});
  run_until([&] { return client.closed; });
  EXPECT_GT(client.received.size(), 5u << 20);
  EXPECT_EQ(server->clients(), 0u);
}

TEST_F(ControlTest, ADeadAgentsSocketIsReplacedALiveOnesIsNot) {
  const int dead = socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(dead, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  close(dead);
  open();
  const auto second = Server::open(loop, path, answers);
  ASSERT_FALSE(second.ok());
  EXPECT_THAT(second.error().message, HasSubstr("another agent answers there"));
  EXPECT_THAT(say(connect(), "{\"request\":\"echo\"}\n"), HasSubstr("result")) << "the first";
}

TEST_F(ControlTest, SaysWhatIsInTheWay) {
  const auto error = [&](const std::string& where) {
    const auto opened = Server::open(loop, where, answers);
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? "" : opened.error().message;
  };
  std::ofstream(path) << "a file";
  EXPECT_THAT(error(path), HasSubstr("there is something else than a socket already"));
  EXPECT_EQ(std::filesystem::file_size(path), 6u) << "it is left alone";
  EXPECT_THAT(error(folder + "/none/sock"), HasSubstr("no such file or directory"));
  const std::string longest = folder + "/" + std::string(107 - folder.size() - 1, 's');
  const auto fits = Server::open(loop, longest, answers);
  EXPECT_TRUE(fits.ok());
  EXPECT_THAT(error(longest + "s"), HasSubstr("cannot be the path of a unix socket (1 to 107"));
}

TEST_F(ControlTest, Ask) {
  open();
  std::optional<Result<json::Value>> echo;
  std::optional<Result<json::Value>> fail;
  std::atomic<bool> done = false;
  std::thread client([&] {
    echo = ask(path, R"({"request":"echo","n":"x"})");
    fail = ask(path, R"({"request":"fail"})");
    done = true;
  });
  run_until([&] { return done.load(); });
  client.join();
  ASSERT_TRUE(echo->ok());
  EXPECT_EQ((*echo)->find("n")->text, "x");
  ASSERT_FALSE(fail->ok());
  EXPECT_EQ(fail->error().message, "not \"today\"");
  EXPECT_EQ(fail->error().code, Errc::failed);
}

TEST_F(ControlTest, AskWhereNobodyAnswers) {
  const auto nobody = ask(path, "{}");
  ASSERT_FALSE(nobody.ok());
  EXPECT_THAT(nobody.error().message, HasSubstr("no such file or directory"));
  EXPECT_FALSE(ask(std::string(200, 'x'), "{}").ok());

  open();  // the loop does not turn: nobody accepts
  const auto silent = ask(path, "{\"request\":\"echo\"}", 30ms);
  ASSERT_FALSE(silent.ok());
  EXPECT_EQ(silent.error().code, Errc::timeout);
  EXPECT_THAT(silent.error().message, HasSubstr("no answer within 30ms"));
}

}  // namespace
}  // namespace virgo::control
