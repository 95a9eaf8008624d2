#include "uv/poll.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <memory>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

class PollTest : public testing::LoopTest {
 protected:
  void SetUp() override { ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends_), 0); }
  void TearDown() override {
    for (const int fd : ends_)
      if (fd >= 0) close(fd);
  }
  void close_end(int i) {
    close(ends_[i]);
    ends_[i] = -1;
  }
  // Of the first end. Stops the loop each time.
  std::unique_ptr<Poll> watch() {
    auto poll = Poll::open(loop, ends_[0], [this](unsigned events) {
      seen_ = events;
      ++told_;
      loop.stop();
    });
    EXPECT_TRUE(poll.ok()) << poll.error().message;
    return std::move(*poll);
  }
  int ends_[2] = {-1, -1};
  unsigned seen_ = 0;
  int told_ = 0;
};

TEST_F(PollTest, TellsWhatIsReadyAsLongAsItHolds) {
  auto poll = watch();
  EXPECT_NE(fcntl(ends_[0], F_GETFL) & O_NONBLOCK, 0);
  ASSERT_EQ(write(ends_[1], "x", 1), 1);
  poll->start(Poll::kReadable);
  for (int i = 1; i < 4; ++i) {
    loop.run();
    EXPECT_EQ(seen_, Poll::kReadable + 0u);
    EXPECT_EQ(told_, i);
  }
}

TEST_F(PollTest, WaitsForSomethingElse) {
  auto poll = watch();
  poll->start(Poll::kReadable);
  poll->start(Poll::kWritable);
  loop.run();
  EXPECT_EQ(seen_, Poll::kWritable + 0u);
  poll->start(0);
  loop.run_once(false);
  loop.run_once(false);
  EXPECT_EQ(told_, 1);
}

TEST_F(PollTest, TellsThatTheOtherSideHasGone) {
  auto poll = watch();
  poll->start(Poll::kReadable | Poll::kHangup);
  close_end(1);
  loop.run();
  EXPECT_NE(seen_ & Poll::kHangup, 0u);
}

// An error on a socket that lives on, as of a datagram nobody took.
TEST_F(PollTest, GoesOnAfterAnError) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  sockaddr_in nobody{};
  nobody.sin_family = AF_INET;
  nobody.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  {
    // A port that was just free.
    const int other = socket(AF_INET, SOCK_DGRAM, 0);
    ASSERT_EQ(bind(other, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody), 0);
    socklen_t size = sizeof nobody;
    ASSERT_EQ(getsockname(other, reinterpret_cast<sockaddr*>(&nobody), &size), 0);
    close(other);
  }
  ASSERT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&nobody), sizeof nobody), 0);
  int told = 0;
  auto poll = Poll::open(loop, fd, [&](unsigned) {
    char byte = 0;
    EXPECT_LT(recv(fd, &byte, 1, 0), 0);  // takes the error away
    if (++told < 3)
      EXPECT_EQ(send(fd, "x", 1, 0), 1);
    else
      loop.stop();
  });
  ASSERT_TRUE(poll.ok());
  EXPECT_TRUE((*poll)->start(Poll::kReadable));
  ASSERT_EQ(send(fd, "x", 1, 0), 1);
  loop.run();
  EXPECT_EQ(told, 3);
  poll->reset();
  close(fd);
}

TEST_F(PollTest, ADescriptorClosedMeanwhileDoesNotEndTheProcess) {
  auto poll = watch();
  EXPECT_TRUE(poll->start(Poll::kReadable));
  close_end(0);
  loop.run();
  EXPECT_NE(seen_ & Poll::kHangup, 0u);
  EXPECT_FALSE(poll->start(Poll::kReadable));
  // Nor does a file that has got its number.
  auto other = Poll::open(loop, ends_[1], [this](unsigned) { loop.stop(); });
  ASSERT_TRUE(other.ok());
  EXPECT_TRUE((*other)->start(Poll::kReadable));
  const int file = open("/proc/self/exe", O_RDONLY);
  ASSERT_EQ(dup2(file, ends_[1]), ends_[1]);
  loop.run();
  close(file);
}

TEST_F(PollTest, MayGoInItsOwnCallback) {
  std::unique_ptr<Poll> poll;
  auto made = Poll::open(loop, ends_[0], [&](unsigned) {
    poll.reset();
    ++told_;
  });
  ASSERT_TRUE(made.ok());
  poll = std::move(*made);
  poll->start(Poll::kWritable);
  loop.run();  // ends, as nothing is open any more
  EXPECT_EQ(told_, 1);
}

TEST_F(PollTest, RefusesWhatCannotBeWatched) {
  auto first = watch();
  first->start(Poll::kReadable);
  EXPECT_EQ(Poll::open(loop, ends_[0], [](unsigned) {}).error().code, Errc::invalid);
  const int file = open("/proc/self/exe", O_RDONLY);
  ASSERT_GE(file, 0);
  EXPECT_EQ(Poll::open(loop, file, [](unsigned) {}).error().code, Errc::unsupported);
  close(file);
  const auto closed = Poll::open(loop, file, [](unsigned) {});
  EXPECT_EQ(closed.error().code, Errc::io);
  EXPECT_NE(closed.error().message.find("bad file descriptor"), std::string::npos);
}

}  // namespace
}  // namespace virgo::uv
