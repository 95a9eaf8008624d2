// statsd.lua, to which this sends lines as programs do.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "base/format.hpp"
#include "functional/services/service.hpp"
#include "functional/services/watch.hpp"

namespace virgo::functional {
namespace {

class Sender {
 public:
  explicit Sender(int port) : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Sender() { close(fd_); }
  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;
  // Whether somebody was there is only known of the datagram before.
  void send(const std::string& lines) const {
    (void)::send(fd_, lines.data(), lines.size(), MSG_NOSIGNAL);
  }

 private:
  int fd_;
};

struct Statsd : ::testing::Test {
  int port = unused_port();
  Sender sender{port};

  std::string check(const std::string& more = "") const {
    return format("  - {{name: s, type: virgo.statsd, params: {{port: {}{}}}}}\n", port, more);
  }
  // Until the server has heard the first line.
  void wait_for_server(Watch& watch) const {
    watch.report("s", [this](const json::Value& report) {
      sender.send("ready:1|c");
      return number(report, "ready") > 0;
    });
  }
  // The report in which `series` has this value.
  static json::Value report_with(Watch& watch, const std::string& series, double value) {
    return watch.report("s",
                        [&](const json::Value& report) { return number(report, series) == value; });
  }
};

TEST_F(Statsd, AddsUpWhatComes) {
  Watch watch(check(", percentiles: [50, 90]"));
  wait_for_server(watch);
  std::string lines =
      "views:1|c\nviews:2|c|#page:home,tls\nviews:3|c|@0.1|#tls,page:home\nviews:4|c\n"
      "queue:12|g\nqueue:+3|g\nqueue:-5|g\nbelow:-5|g\nusers:a|s\nusers:b|s\nusers:a|s\n"
      "bytes:1:2:3|d\nodd name/x:1|c\n";
  for (int i = 1; i <= 10; ++i) lines += format("time:{}|ms\n", i);
  sender.send(lines + "last:1|g");
  const json::Value report = report_with(watch, "last", 1);
  const std::map<std::string, double> expected{
      {"views", 5},
      {"views{page=home,tls=true}", 32},
      {"queue", 10},
      {"below", -5},
      {"users", 2},
      {"odd_name_x", 1},
      {"time.count", 10},
      {"time.sum", 55},
      {"time.min", 1},
      {"time.max", 10},
      {"time{quantile=0.5}", 5},
      {"time{quantile=0.9}", 9},
      {"bytes.count", 3},
      {"bytes.sum", 6},
      {"virgo.statsd.series", 20},
      {"virgo.statsd.lines{result=bad}", 0},
      {"virgo.statsd.lines{result=dropped}", 0},
  };
  for (const auto& [series, value] : expected)
    EXPECT_EQ(number(report, series), value) << series << " in " << json::to_json(report);
  // Counters go on, what is of the time between two runs begins anew.
  sender.send("views:1|c\ntime:100|ms\nusers:c|s\nqueue:-11|g\nlast:2|g");
  const json::Value next = report_with(watch, "last", 2);
  EXPECT_EQ(number(next, "views"), 6) << json::to_json(next);
  EXPECT_EQ(number(next, "time.count"), 11);
  EXPECT_EQ(number(next, "time.sum"), 155);
  EXPECT_EQ(number(next, "time.min"), 100);
  EXPECT_EQ(number(next, "users"), 1);
  EXPECT_EQ(number(next, "queue"), -1);
}

TEST_F(Statsd, IsNotHarmedByWhatComes) {
  Watch watch(check(", max_series: 30"));
  wait_for_server(watch);
  const char* bad[] = {
      "x",        "x:|c",     "x:1",      ":1|c",       "x:1|q",
      "x:nan|c",  "x:inf|g",  "x:1|c|@0", "x:1|c|@7",   "x:1e999|ms",
      "x:abc|ms", "\x01\xff", "x:1|c|@",  "x:1|c|@abc", "virgo.statsd.series:1.5|g"};
  for (const char* line : bad) sender.send(line);
  std::string tags = "tags:1|g|#";
  for (int i = 0; i < 500; ++i) tags += format("t{0}:{0},", i);
  sender.send(tags);
  sender.send("tags:1|g|#t:1");
  sender.send("few:1|g|#,:x,,a:,b");
  sender.send(std::string(50'000, 'y') + ":1|c");
  sender.send(std::string(201, 'y') + ":1|c\nx:1|c|#" + std::string(351, 'y'));
  sender.send(std::string(200, 'y') + ":1|h\n");
  sender.send("time:1|ms\nlast:1|g");
  const json::Value first = report_with(watch, "last", 1);
  EXPECT_EQ(number(first, "virgo.statsd.lines{result=bad}"), 19) << json::to_json(first);
  EXPECT_EQ(number(first, std::string(200, 'y') + ".count"), 1);
  EXPECT_EQ(number(first, "time.count"), 1);
  EXPECT_EQ(number(first, "tags{t=1}"), 1);
  EXPECT_EQ(number(first, "few{a=,b=true,tag=x}"), 1);
  // As much as can be; what is beyond the bound is counted, and the rest goes on.
  const json::Value flooded = watch.report("s", [this](const json::Value& r) {
    for (int i = 0; i < 300; ++i) sender.send(format("flood{0}:1|c\nmember:{0}|s\ntime:{0}|ms", i));
    return number(r, "virgo.statsd.lines{result=dropped}") > 1000 &&
           number(r, "virgo.statsd.series") == 30;
  });
  EXPECT_EQ(text_of(flooded, "status"), "ok");
  EXPECT_GT(number(flooded, "time.count"), 1) << json::to_json(flooded);
  EXPECT_LE(number(flooded, "time{quantile=0.5}"), 299);
}

// By default as many as a check may report: what is beyond is dropped, not the check stopped.
TEST_F(Statsd, ManySeriesAreWithinTheLimits) {
  Watch watch(check(), "limits: {lua_cpu_per_run: 60s, lua_cpu_per_minute: 60s}\n");
  wait_for_server(watch);
  const std::string name(190, 'n');
  const std::string member(900, 'm');
  std::string timers;
  for (int i = 0; i < 300; ++i) timers += format("t{0}:1|ms\nt{0}:2|ms\n", i);
  const json::Value report = watch.report("s", [&](const json::Value& r) {
    // A timer without a value since the last report has fewer samples: these come in one datagram,
    // and so before the same report, while of many a slow agent may lose some.
    sender.send(timers);
    for (int i = 0; i < 300; ++i) sender.send(format("users:{1}{0}|s\nother:{1}{0}|s", i, member));
    for (int i = 0; i < 1500; ++i) sender.send(format("{}{}:1|c|#tag:{}", name, i, name));
    return number(r, "virgo.statsd.series") == 1500 &&
           number(r, "virgo.statsd.lines{result=dropped}") > 0 && samples(r).size() > 1400;
  });
  EXPECT_EQ(text_of(report, "status"), "ok");
}

TEST_F(Statsd, SaysThatThePortIsTaken) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  ASSERT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  Watch watch(check());
  watch.report("s", ended("failed", "in use"));
  close(fd);
  // It tries again.
  wait_for_server(watch);
}

// What has been added up goes on when the file is changed.
TEST_F(Statsd, GoesOnWhenItsFileIsChanged) {
  const TempDir folder;
  const std::string text = read_file(source_dir() + "/lua-plugins/statsd.lua");
  write_file(folder.file("statsd.lua"), text);
  Watch watch(check(), "plugins: {lua: [" + folder.path() + "]}\n");
  wait_for_server(watch);
  sender.send("views:5|c|#page:a\ntime:7|ms\nqueue:3|g\nlast:1|g");
  const double ready = number(report_with(watch, "last", 1), "ready");
  write_file(folder.file("new"), text + "\n-- changed\n");
  ASSERT_EQ(rename(folder.file("new").c_str(), folder.file("statsd.lua").c_str()), 0);
  ASSERT_TRUE(watch.agent().process().says("statsd.lua is used as it is now"));
  // A new one listens: what came in between is lost, as datagrams are.
  const json::Value report = watch.report("s", [this](const json::Value& r) {
    sender.send("views:1|c|#page:a\nqueue:+1|g\ntime:1|ms\nlast:2|g");
    return number(r, "last") == 2;
  });
  EXPECT_GT(number(report, "views{page=a}"), 5) << json::to_json(report);
  EXPECT_GT(number(report, "queue"), 3);
  EXPECT_GT(number(report, "time.sum"), 7);
  EXPECT_EQ(number(report, "ready"), ready);
}

}  // namespace
}  // namespace virgo::functional
