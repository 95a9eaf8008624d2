#include "uv/inspect.hpp"

#include <netinet/in.h>

#include "unit/loop_fixture.hpp"

namespace virgo::uv {
namespace {

using namespace std::chrono_literals;

class InspectTest : public testing::LoopTest {
 protected:
  static void end(uv_handle_t* handle) { uv_close(handle, nullptr); }
};

TEST_F(InspectTest, ALoopOfItsOwnHasNothing) {
  EXPECT_TRUE(list_handles(loop).empty());
  EXPECT_EQ(pending_requests(loop), 0u);
}

TEST_F(InspectTest, TimersAreToldWithTheirTimes) {
  Timer timer(loop, [] {});
  timer.start(100s, 2s);
  const auto handles = list_handles(loop);
  ASSERT_EQ(handles.size(), 1u);
  EXPECT_EQ(handles[0].type, "timer");
  EXPECT_TRUE(handles[0].active);
  EXPECT_TRUE(handles[0].referenced);
  EXPECT_FALSE(handles[0].closing);
  EXPECT_GT(handles[0].due_ms, 90000);
  EXPECT_EQ(handles[0].fd, -1);
  timer.stop();
  EXPECT_FALSE(list_handles(loop)[0].active);
  EXPECT_EQ(list_handles(loop)[0].due_ms, -1);
}

TEST_F(InspectTest, SocketsAreToldWithTheirAddress) {
  uv_tcp_t tcp;
  uv_udp_t udp;
  uv_pipe_t pipe;
  ASSERT_EQ(uv_tcp_init(loop.raw(), &tcp), 0);
  ASSERT_EQ(uv_udp_init(loop.raw(), &udp), 0);
  ASSERT_EQ(uv_pipe_init(loop.raw(), &pipe, 0), 0);
  sockaddr_in any{};
  uv_ip4_addr("127.0.0.1", 0, &any);
  sockaddr_in6 six{};
  uv_ip6_addr("::1", 0, &six);
  ASSERT_EQ(uv_tcp_bind(&tcp, reinterpret_cast<sockaddr*>(&any), 0), 0);
  ASSERT_EQ(uv_listen(reinterpret_cast<uv_stream_t*>(&tcp), 1, [](uv_stream_t*, int) {}), 0);
  const bool has_six = uv_udp_bind(&udp, reinterpret_cast<sockaddr*>(&six), 0) == 0;
  for (const HandleInfo& info : list_handles(loop)) {
    if (info.type == "tcp") {
      EXPECT_TRUE(info.local.starts_with("127.0.0.1:")) << info.local;
      EXPECT_GE(info.fd, 0);
      EXPECT_TRUE(info.active);
    }
    if (info.type == "udp" && has_six) {
      EXPECT_TRUE(info.local.starts_with("[::1]:")) << info.local;
    }
    if (info.type == "pipe") {
      EXPECT_EQ(info.local, "");
      EXPECT_EQ(info.fd, -1);
    }
    EXPECT_EQ(info.peer, "");
  }
  end(reinterpret_cast<uv_handle_t*>(&tcp));
  end(reinterpret_cast<uv_handle_t*>(&udp));
  end(reinterpret_cast<uv_handle_t*>(&pipe));
  for (const HandleInfo& info : list_handles(loop)) EXPECT_TRUE(info.closing) << info.type;
  loop.run();
}

TEST_F(InspectTest, RequestsAreCounted) {
  uv_fs_t request;
  uv_fs_stat(loop.raw(), &request, "/", [](uv_fs_t* r) { uv_fs_req_cleanup(r); });
  EXPECT_EQ(pending_requests(loop), 1u);
  loop.run();
  EXPECT_EQ(pending_requests(loop), 0u);
}

}  // namespace
}  // namespace virgo::uv
