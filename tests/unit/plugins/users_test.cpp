#include <utmp.h>

#include <cstring>

#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

std::string record(short type, const std::string& user, int pid = 0) {
  utmp u{};
  u.ut_type = type;
  u.ut_pid = pid;
  std::memcpy(u.ut_user, user.data(), std::min(user.size(), sizeof u.ut_user));
  std::memset(u.ut_line, 'x', sizeof u.ut_line);
  std::memset(u.ut_host, 'h', sizeof u.ut_host);
  return {reinterpret_cast<const char*>(&u), sizeof u};
}

class UsersPlugin : public ShippedPlugin {
 protected:
  UsersPlugin() : ShippedPlugin("users") { make_folder("/run"); }
  void make_folder(const std::string& path) { std::filesystem::create_directories(root + path); }
  // Sessions and users.
  std::pair<double, double> counted(check::Check& check) {
    const auto s = collect(check);
    EXPECT_EQ(s.size(), 2u);
    return {s.at("virgo.users.sessions"), s.at("virgo.users.count")};
  }
  using Pair = std::pair<double, double>;
};

TEST_F(UsersPlugin, LoginsInUtmp) {
  write("/run/utmp", record(BOOT_TIME, "reboot") + record(RUN_LVL, "runlevel") +
                         record(LOGIN_PROCESS, "LOGIN") + record(USER_PROCESS, "alice") +
                         record(USER_PROCESS, "bob") + record(DEAD_PROCESS, "carol") +
                         record(USER_PROCESS, "alice") + record(USER_PROCESS, ""));
  auto check = on_tree();
  EXPECT_EQ(counted(*check), Pair(3, 2));
  write("/run/utmp", "");
  EXPECT_EQ(counted(*check), Pair(0, 0));
}

TEST_F(UsersPlugin, PrometheusNames) {
  write("/run/utmp", record(USER_PROCESS, "alice") + record(USER_PROCESS, "alice"));
  auto check = on_tree(", naming: prometheus");
  const std::map<std::string, double> expected = {{"node_users", 1}, {"node_users_sessions", 2}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(UsersPlugin, RecordsWhoseProcessHasEnded) {
  write("/run/utmp", record(USER_PROCESS, "alice", 20) + record(USER_PROCESS, "bob", 21));
  make_folder("/proc/20");
  auto check = on_tree();
  EXPECT_EQ(counted(*check), Pair(2, 2)) << "where not even init is seen nothing is known";
  make_folder("/proc/1");
  EXPECT_EQ(counted(*check), Pair(1, 1));
}

TEST_F(UsersPlugin, EveryCutOfTheFile) {
  const std::string whole =
      record(USER_PROCESS, "alice") + record(USER_PROCESS, std::string(40, 'z'));
  auto check = on_tree();
  for (std::size_t n = 0; n <= whole.size(); n += 16) {
    write("/run/utmp", whole.substr(0, n));
    const std::size_t records = n / sizeof(utmp);
    EXPECT_EQ(counted(*check).first, static_cast<double>(records)) << n;
  }
  write("/run/utmp", std::string(100'000, '\x07'));
  counted(*check);
}

TEST_F(UsersPlugin, ThousandsOfLogins) {
  std::string file;
  for (int i = 0; i < 5000; ++i) file += record(USER_PROCESS, "user" + std::to_string(i % 1000));
  write("/run/utmp", file);
  auto check = on_tree();
  EXPECT_EQ(counted(*check), Pair(5000, 1000));
}

TEST_F(UsersPlugin, SessionsOfSystemdWhereThereIsNoUtmp) {
  make_folder("/run/systemd/sessions");
  auto check = on_tree();
  EXPECT_EQ(counted(*check), Pair(0, 0));
  const auto session = [&](const std::string& id, const std::string& text) {
    write("/run/systemd/sessions/" + id, "# private data\n" + text);
  };
  session("1", "UID=1000\nUSER=alice\nACTIVE=1\nSTATE=active\nCLASS=user\n");
  session("c2", "UID=1000\nSTATE=online\nCLASS=user-early\n");
  session("3", "UID=0\nSTATE=active\n");
  session("4", "UID=116\nSTATE=active\nCLASS=greeter\n");
  session("5", "UID=1000\nSTATE=active\nCLASS=manager\n");
  session("6", "UID=1001\nSTATE=closing\nCLASS=user\n");
  session("7", "UID=\nCLASS=user\n");
  session("8", "UID=10");
  ASSERT_EQ(mkfifo((root + "/run/systemd/sessions/1.ref").c_str(), 0600), 0);
  EXPECT_EQ(counted(*check), Pair(3, 2));
  write("/run/utmp", record(USER_PROCESS, "bob"));
  EXPECT_EQ(counted(*check), Pair(1, 1)) << "utmp knows more, where it is kept";
}

TEST_F(UsersPlugin, WhereItWasOnceKept) {
  make_folder("/var/run");
  write("/var/run/utmp", record(USER_PROCESS, "bob"));
  auto check = on_tree();
  EXPECT_EQ(counted(*check), Pair(1, 1));
}

TEST_F(UsersPlugin, HostsThatKeepNoList) {
  auto check = on_tree();
  EXPECT_EQ(collect(*check, Status::unsupported).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("there is neither " + root + "/run/utmp nor"));
  make_folder("/run/utmp");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/run/utmp: Is a directory");
}

TEST_F(UsersPlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_EQ(run.samples().size(), run.status == Status::ok ? 2u : 0u) << run.explanation;
}

}  // namespace
}  // namespace virgo::native
