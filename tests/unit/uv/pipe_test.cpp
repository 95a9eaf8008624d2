#include "uv/pipe.hpp"

#include <stdlib.h>

#include <filesystem>
#include <optional>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

class PipeTest : public testing::LoopTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/virgo-pipe-XXXXXX";
    folder_ = ::mkdtemp(name);
    path_ = folder_ + "/s";
    server_ = std::make_unique<PipeServer>(loop, [this](Result<std::unique_ptr<Stream>> stream) {
      if (stream) accepted_ = std::move(stream).value();
    });
  }
  void TearDown() override {
    server_.reset();
    accepted_.reset();
    client_.reset();
    LoopTest::TearDown();
    std::filesystem::remove_all(folder_);
  }
  Result<void> connect(const std::string& path) {
    client_ = std::make_unique<PipeStream>(loop);
    std::optional<Result<void>> done;
    client_->connect(path, [&](Result<void> r) { done = std::move(r); });
    EXPECT_FALSE(done.has_value()) << "called from within connect()";
    run_until([&] { return done.has_value(); });
    return *done;
  }

  std::string folder_;
  std::string path_;
  std::unique_ptr<PipeServer> server_;
  std::unique_ptr<Stream> accepted_;
  std::unique_ptr<PipeStream> client_;
};

TEST_F(PipeTest, CarriesBytesBothWaysAndTheEnd) {
  ASSERT_TRUE(server_->listen(path_).ok());
  ASSERT_TRUE(connect(path_).ok());
  run_until([&] { return accepted_ != nullptr; });
  EXPECT_EQ(client_->peer_name(), "unix:" + path_);
  EXPECT_EQ(accepted_->local_name(), "unix:" + path_);
  const std::string big(3u << 20, 'b');
  std::string at_server;
  std::string at_client;
  bool ended = false;
  accepted_->set_handlers(
      {[&](std::string_view b) { at_server += b; }, [&](const Error&) { ended = true; }, {}});
  client_->set_handlers({[&](std::string_view b) { at_client += b; }, {}, {}});
  accepted_->read_start();
  client_->read_start();
  client_->write(big);
  client_->shutdown([] {});
  run_until([&] { return ended; });
  EXPECT_TRUE(at_server == big);
  accepted_->write("after the end of the other side");
  run_until([&] { return !at_client.empty(); });
}

TEST_F(PipeTest, FailuresComeFromTheLoop) {
  const auto missing = connect(path_);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, Errc::not_found);
  EXPECT_EQ(connect("").error().code, Errc::invalid);
  EXPECT_EQ(connect(std::string(108, 'x')).error().code, Errc::invalid);
}

TEST_F(PipeTest, TheLongestPathIsTaken) {
  const std::string longest = folder_ + "/" + std::string(107 - folder_.size() - 1, 'x');
  ASSERT_EQ(longest.size(), 107u);
  ASSERT_TRUE(server_->listen(longest).ok());
  EXPECT_TRUE(connect(longest).ok());
}

}  // namespace
}  // namespace virgo::uv
