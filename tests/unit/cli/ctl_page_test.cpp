// What `virgo ctl` makes of an agent's answers.
#include "cli/ctl_page.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace virgo::cli {
namespace {

using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;

json::Value parsed(const std::string& text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << (value.ok() ? "" : value.error().message);
  return value.ok() ? *value : json::Value{};
}

constexpr const char* kChecks = R"({"checks":[
  {"name":"cpu","type":"virgo.cpu","runtime":"native","status":"ok","started_us":1795461945309761,
   "duration_us":143,"max_duration_us":2100,"late_us":310,"max_late_us":3200000,"runs":88,
   "skipped":1,"timeouts":0},
  {"name":"redis","type":"virgo.redis","runtime":"lua","status":"limit","started_us":1795461945309761,
   "state":"critical","state_since_us":1795461945309761,"state_reason":"full\u0007","duration_us":5,
   "max_duration_us":5,"late_us":0,"max_late_us":0,"runs":3,"skipped":0,"timeouts":2,
   "suspended":{"limit":"lua_memory","value":"8MiB","strikes":3,"until_us":1795461975309761}},
  {"name":"hog","type":"acme.hog","runtime":"native","state":"ok","duration_us":0,"runs":0,
   "skipped":0,"timeouts":0,"suspended":{"limit":"loop","value":"300ms","strikes":5}}]})";

TEST(CtlPage, ChecksAreATableWithReasonsBelow) {
  const std::string page = checks_page(parsed(kChecks));
  EXPECT_THAT(page, AllOf(HasSubstr("NAME   TYPE         STATUS  STATE"), HasSubstr("143 us"),
                          HasSubstr("lua_memory (8MiB), 3 strikes, until 2026-11-2"),
                          HasSubstr("loop (300ms), 5 strikes, until the agent is restarted"),
                          HasSubstr("\n\nredis is critical since 2026-11-2"),
                          HasSubstr(": full\\x07\n"), Not(HasSubstr("hog is"))));
  EXPECT_THAT(page, HasSubstr("hog    acme.hog     -       ok"));
  EXPECT_EQ(checks_page(parsed(R"({"checks":[]})")), "no checks\n");
  EXPECT_EQ(checks_page(parsed("7")), "no checks\n");
}

constexpr const char* kBroken = R"({"checks":[
  {"name":"redis","type":"acme.redis","runtime":"lua","file":"/p/redis.lua","status":"failed",
   "started_us":1795461945309761,"explanation":"no\nanswer","runs":3}],
  "broken_files":[{"file":"/p/redis.lua","problem":"redis.lua:7: '=' expected\u001b","before_runs":true},
             {"file":"/p/new.lua","problem":"new.lua:1: no","before_runs":false}]})";

TEST(CtlPage, SaysWhyRunsFailedAndWhichFilesAreBroken) {
  const std::string broken =
      "\n/p/redis.lua cannot be used as it is: redis.lua:7: '=' expected\\x1b; the version before "
      "goes on until it is mended\n"
      "/p/new.lua cannot be used as it is: new.lua:1: no; its checks do not run until it is "
      "mended\n";
  const json::Value all = parsed(kBroken);
  EXPECT_THAT(checks_page(all), EndsWith("\n\nredis ended failed: no\\x0aanswer\n" + broken));
  EXPECT_THAT(check_page(all), AllOf(HasSubstr("file      /p/redis.lua\n"),
                                     HasSubstr("it said   no\\x0aanswer\n"), EndsWith(broken)));
  EXPECT_THAT(status_page(all), EndsWith(" dropped\n" + broken));
}

TEST(CtlPage, OneCheckWithAllThereIs) {
  const json::Value all = parsed(kChecks);
  const auto only = [&](std::size_t i) {
    json::Value one = all;
    one.items[0].items = {all.items[0].items[i]};
    return check_page(one);
  };
  EXPECT_THAT(only(0),
              AllOf(HasSubstr("type      virgo.cpu (native)\n"),
                    HasSubstr("took      143 us, at most 2.1 ms\n"),
                    HasSubstr("late      310 us, at most 3.20 s\n"),
                    HasSubstr("runs      88, 1 skipped, 0 timed out\n"), Not(HasSubstr("state"))));
  EXPECT_THAT(only(1), AllOf(HasSubstr("because    full\\x07\n"),
                             HasSubstr("suspended  lua_memory (8MiB), 3 strikes, until ")));
  EXPECT_THAT(only(2), Not(HasSubstr("last run")));
}

TEST(CtlPage, Status) {
  const std::string page = status_page(parsed(
      R"({"version":"0.1.0","agent_id":"web","pid":17,"uptime_us":65000001,"endpoint":"e:443",
          "connected":true,"checks":5,"suspended":1,"states":{"ok":3,"warn":0,"unknown":0,
          "critical":1},"runs":9,"skipped":2,"timeouts":1,"queue_records":4,"queue_bytes":1536,
          "queue_dropped":0})"));
  EXPECT_EQ(page,
            "agent        web, virgo 0.1.0, process 17\n"
            "running for  65s\n"
            "endpoint     e:443, connected\n"
            "checks       5, 1 suspended\n"
            "states       3 ok, 1 critical\n"
            "runs         9, 2 skipped, 1 timed out\n"
            "queue        4 reports (1.5 KiB), 0 dropped\n");
  EXPECT_THAT(status_page(parsed("{}")), HasSubstr("nothing is judged"));
  EXPECT_THAT(status_page(parsed(R"({"endpoint":"e:443","connected":false,"trouble":"no\nway"})")),
              HasSubstr("endpoint     e:443, not connected: no\\x0away\n"));
}

}  // namespace
}  // namespace virgo::cli
