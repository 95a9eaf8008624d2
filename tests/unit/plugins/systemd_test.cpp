#include "systemd/units.hpp"
#include "unit/plugins/fake_bus.hpp"
#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class SystemdPlugin : public ShippedPlugin {
 protected:
  SystemdPlugin() : ShippedPlugin("systemd") {
    std::filesystem::create_directories(root + "/run/dbus");
    bus.emplace(socket_path());
    bus->units = {{"ssh.service", "active"},
                  {"cron.service", "failed"},
                  {"gone.service", "failed", "not-found"},
                  {"old.service", "inactive", "masked"},
                  {"apt.timer", "active"},
                  {"dbus.socket", "active"},
                  {"home.mount", "active"},
                  {"multi-user.target", "active"},
                  {"late.service", "activating"},
                  {"odd.service", "refreshing"}};
  }
  std::string socket_path() const { return root + "/run/dbus/system_bus_socket"; }

  // Samples as "name{key=value,...}" -> value as text.
  std::map<std::string, std::string> texts(check::Check& check, Status expected = Status::ok,
                                           Duration time = kLong) {
    TestRun run(system_clock().now() + time);
    check.start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, expected) << run.explanation;
    explanation = run.explanation;
    std::map<std::string, std::string> out;
    const metric::SampleBuffer& s = run.samples();
    for (std::size_t i = 0; i < s.size(); ++i) {
      std::string key = s.metric(i).name;
      for (std::size_t n = 0; n < s.label_count(i); ++n)
        key += (n == 0 ? "{" : ",") + std::string(s.label(i, n).key) + "=" +
               std::string(s.label(i, n).value);
      if (s.label_count(i) > 0) key += "}";
      const metric::Value v = s.value(i);
      char number[64];
      std::snprintf(number, sizeof number, "%.15g",
                    v.type == metric::Type::f64 ? v.f64 : static_cast<double>(v.u64));
      EXPECT_TRUE(
          out.emplace(key, v.type == metric::Type::text ? std::string(v.text) : number).second)
          << "twice: " << key;
    }
    return out;
  }

  std::optional<FakeBus> bus;
};

std::string unit_state(const std::string& name) {
  return "virgo.systemd.unit.state{virgo.systemd.unit.name=" + name + "}";
}
std::string count(const std::string& state) {
  return "virgo.systemd.units{virgo.systemd.unit.state=" + state + "}";
}

TEST(Dbus, LengthsBeyondTheEndAndBeyondTheLimit) {
  using plugin::dbus::Reader;
  Reader elements;
  for (const std::uint64_t length : {5u, 0x04000001u, 0xffffffffu}) {
    const std::string bytes = Packer(false).number(length, 4).out + "abcd";
    Reader in(bytes, false);
    EXPECT_FALSE(in.array('y', &elements)) << length;
    EXPECT_FALSE(in.ok());
    std::uint8_t byte = 0;
    EXPECT_FALSE(in.u8(&byte)) << "nothing after what has failed";
  }
  const std::string four = Packer(true).number(4, 4).out + "abcd";
  Reader in(four, true);
  EXPECT_TRUE(in.array('y', &elements));
  EXPECT_TRUE(in.at_end());
}

TEST(Dbus, PaddingIsZeroAndTextsEndWithANul) {
  using plugin::dbus::Reader;
  std::uint32_t number = 0;
  Reader padded(std::string_view("\1\0\0\1\0\0\0\0", 8), false);
  std::uint8_t byte = 0;
  EXPECT_TRUE(padded.u8(&byte));
  EXPECT_FALSE(padded.u32(&number));
  std::string_view text;
  EXPECT_FALSE(Reader(std::string_view("\2\0\0\0abc", 7), false).text(&text));
  EXPECT_FALSE(Reader(std::string_view("\2\0\0\0a\0\0", 7), false).text(&text));
  EXPECT_FALSE(Reader(std::string_view("\2\0\0\0ab", 6), false).text(&text));
  EXPECT_TRUE(Reader(std::string_view("\2\0\0\0ab\0", 7), false).text(&text));
  EXPECT_EQ(text, "ab");
}

TEST(Dbus, NestingHasAnEnd) {
  using plugin::dbus::Reader;
  const auto skips = [](const std::string& bytes, const std::string& type) {
    Reader in(bytes, false);
    std::string_view rest = type;
    return in.skip(rest) && rest.empty();
  };
  std::string variants;
  for (int i = 0; i < 30; ++i) variants += std::string("\1v\0", 3);
  EXPECT_TRUE(skips(variants + std::string("\1y\0x", 4), "v"));
  for (int i = 0; i < 10; ++i) variants += std::string("\1v\0", 3);
  EXPECT_FALSE(skips(variants + std::string("\1y\0x", 4), "v"));
  const std::string none(64, '\0');
  EXPECT_TRUE(skips(none, std::string(20, 'a') + "y"));
  EXPECT_FALSE(skips(none, std::string(40, 'a') + "y"));
  EXPECT_FALSE(skips(none, std::string(40, '(') + "y" + std::string(40, ')')));
  for (const char* type : {"a", "(", "(y", "a(", "z", ")", "a{y"}) EXPECT_FALSE(skips(none, type));
}

TEST(Dbus, VersionsAsNumbers) {
  EXPECT_EQ(plugin::version_number("252.39-1~deb12u1"), 252.39);
  EXPECT_EQ(plugin::version_number("v255-rc1"), 255);
  EXPECT_EQ(plugin::version_number("1.2 (249.11-0ubuntu3)"), 249.11);
  EXPECT_EQ(plugin::version_number("219."), 219);
  EXPECT_EQ(plugin::version_number("44"), 0);
  EXPECT_EQ(plugin::version_number(""), 0);
}

TEST_F(SystemdPlugin, CountsAndWhatHasFailed) {
  bus->start();
  auto check = on_tree();
  const auto s = texts(*check);
  EXPECT_EQ(s.at(count("active")), "5");
  EXPECT_EQ(s.at(count("failed")), "2");
  EXPECT_EQ(s.at(count("inactive")), "1");
  EXPECT_EQ(s.at(count("activating")), "1");
  EXPECT_EQ(s.at(count("deactivating")), "0");
  EXPECT_EQ(s.at(count("reloading")), "0");
  EXPECT_EQ(s.at(count("other")), "1");
  EXPECT_EQ(s.at(unit_state("cron.service")), "failed");
  EXPECT_EQ(s.at(unit_state("gone.service")), "failed");
  EXPECT_EQ(s.at("virgo.systemd.state"), "degraded");
  EXPECT_EQ(s.at("virgo.systemd.running"), "0");
  EXPECT_EQ(s.at("virgo.systemd.version"), "252.39-1~deb12u1");
  EXPECT_EQ(s.size(), 12u);
}

TEST_F(SystemdPlugin, NothingIsStartedAndTheConnectionIsKept) {
  bus->start();
  auto check = on_tree(", restarts: true");
  for (int i = 0; i < 3; ++i) texts(*check);
  EXPECT_EQ(bus->connections, 1);
  EXPECT_EQ(bus->auto_starts, 0);
}

TEST_F(SystemdPlugin, ABusThatWasRestartedIsConnectedToAnew) {
  bus->start();
  auto check = on_tree();
  const auto before = texts(*check);
  const auto units = bus->units;
  bus.reset();
  EXPECT_EQ(texts(*check, Status::unsupported).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("is not there: this host runs no systemd"));
  bus.emplace(socket_path());
  bus->units = units;
  bus->start();
  EXPECT_EQ(texts(*check), before);
  // Within one run, if it went away in between.
  bus->drop();
  EXPECT_EQ(texts(*check), before);
  EXPECT_EQ(bus->connections, 2);
}

TEST_F(SystemdPlugin, ChosenUnitsWithTheirRestarts) {
  bus->start();
  auto check = on_tree(", include: ['*.service'], exclude: [cron.*], restarts: true");
  const auto s = texts(*check);
  EXPECT_EQ(s.at(unit_state("ssh.service")), "active");
  EXPECT_EQ(s.at(unit_state("late.service")), "activating");
  EXPECT_EQ(s.count(unit_state("cron.service")), 0u);
  EXPECT_EQ(s.count(unit_state("gone.service")), 0u);  // not loaded
  EXPECT_EQ(s.at("virgo.systemd.unit.restarts{virgo.systemd.unit.name=ssh.service}"), "3000000000");
}

TEST_F(SystemdPlugin, NamesOfNodeExporterInBothByteOrders) {
  for (const bool big : {false, true}) {
    const auto units = bus->units;
    bus.reset();
    bus.emplace(socket_path());
    bus->units = units;
    bus->big = big;
    bus->start();
    auto check = on_tree(", naming: prometheus, restarts: true");
    const auto s = texts(*check);
    EXPECT_EQ(s.at("node_systemd_units{state=active}"), "5");
    EXPECT_EQ(s.at("node_systemd_units{state=deactivating}"), "0");
    EXPECT_EQ(s.at("node_systemd_unit_state{name=ssh.service,state=active,type=simple}"), "1");
    EXPECT_EQ(s.at("node_systemd_unit_state{name=ssh.service,state=failed,type=simple}"), "0");
    EXPECT_EQ(s.at("node_systemd_unit_state{name=apt.timer,state=active,type=}"), "1");
    EXPECT_EQ(s.at("node_systemd_timer_last_trigger_seconds{name=apt.timer}"), "1700000000.5");
    EXPECT_EQ(s.at("node_systemd_socket_accepted_connections_total{name=dbus.socket}"), "7");
    EXPECT_EQ(s.at("node_systemd_socket_current_connections{name=dbus.socket}"), "2");
    EXPECT_EQ(s.count("node_systemd_socket_refused_connections_total{name=dbus.socket}"), 0u);
    EXPECT_EQ(s.at("node_systemd_service_restart_total{name=ssh.service}"), "3000000000");
    EXPECT_EQ(s.at("node_systemd_system_running"), "0");
    EXPECT_EQ(s.at("node_systemd_version{version=252.39-1~deb12u1}"), "252.39");
    EXPECT_EQ(s.count("node_systemd_unit_state{name=home.mount,state=active,type=ext4}"), 0u);
    EXPECT_EQ(s.count("node_systemd_unit_state{name=old.service,state=inactive,type=simple}"), 0u);
  }
}

TEST_F(SystemdPlugin, MountsAreReportedWithTheirTypeWhenAskedFor) {
  bus->start();
  auto check = on_tree(", naming: prometheus, exclude: [none]");
  EXPECT_EQ(texts(*check).at("node_systemd_unit_state{name=home.mount,state=active,type=ext4}"),
            "1");
}

TEST_F(SystemdPlugin, ManyUnitsAreAskedAboutInParts) {
  bus->units.clear();
  for (int i = 0; i < 1000; ++i)
    bus->units.push_back({"u" + std::to_string(i) + ".service", "active"});
  bus->start();
  auto check = on_tree(", include: ['*'], restarts: true");
  EXPECT_EQ(texts(*check).size(), 2000u + 9);
  LogLines log;
  check = on_tree(", include: ['*'], restarts: true, max_series: 21");
  const auto s = texts(*check);
  EXPECT_EQ(s.size(), 20u + 9);
  EXPECT_EQ(s.at(count("active")), "1000");
  texts(*check);
  ASSERT_EQ(log.all().size(), 1u);
  EXPECT_THAT(log.all()[0], HasSubstr("max_series is 21: 990 units have no series of their own"));
}

TEST_F(SystemdPlugin, NoUnitsAtAll) {
  bus->units.clear();
  bus->start();
  auto check = on_tree();
  EXPECT_EQ(texts(*check).size(), 9u);
}

TEST_F(SystemdPlugin, HostsWithoutSystemd) {
  bus->list_error = "org.freedesktop.DBus.Error.NameHasNoOwner";
  bus->start();
  auto check = on_tree();
  texts(*check, Status::unsupported);
  EXPECT_THAT(explanation, HasSubstr("knows no systemd"));
  EXPECT_EQ(bus->auto_starts, 0);
}

TEST_F(SystemdPlugin, OtherRefusalsAreNamed) {
  bus->list_error = "org.freedesktop.DBus.Error.AccessDenied";
  bus->start();
  auto check = on_tree();
  texts(*check, Status::failed);
  EXPECT_EQ(explanation,
            "systemd does not list its units: org.freedesktop.DBus.Error.AccessDenied");
}

TEST_F(SystemdPlugin, ABusThatNeverAnswersEndsTheRun) {
  bus->silent = 1;
  bus->start();
  auto check = on_tree();
  texts(*check, Status::timeout, std::chrono::milliseconds(300));
}

TEST_F(SystemdPlugin, ABusThatWantsAnotherAuthentication) {
  bus->auth_answer = "REJECTED KERBEROS_V4 SKEY\r\n";
  bus->start();
  auto check = on_tree();
  texts(*check, Status::failed);
  EXPECT_THAT(explanation, HasSubstr("does not accept the authentication EXTERNAL"));
}

TEST_F(SystemdPlugin, WhatIsNoBus) {
  for (const std::string& said :
       {std::string("HTTP/1.0 400 Bad Request\r\n"), std::string(600, 'x'), std::string("\r\n")}) {
    bus.reset();
    bus.emplace(socket_path());
    bus->auth_answer = said;
    bus->start();
    auto check = on_tree();
    texts(*check, Status::failed);
    EXPECT_THAT(explanation, HasSubstr("does not speak the protocol"));
  }
}

TEST_F(SystemdPlugin, EveryCutOfAnAnswerIsABusThatClosed) {
  const auto units = bus->units;
  bus.reset();
  std::size_t length = 1;
  for (std::size_t cut = 0; cut < length; cut += 41) {
    bus.emplace(socket_path());
    bus->units = units;
    bool closing = false;
    bus->spoil = [&](const std::string& member, std::string answer) {
      if (closing) return std::string();
      if (member != "ListUnits") return answer;
      closing = true;
      length = answer.size();
      return answer.substr(0, cut);
    };
    bus->start();
    auto check = on_tree();
    texts(*check, Status::unreachable);
    EXPECT_THAT(explanation, HasSubstr("closed the connection"));
    bus.reset();  // its thread is done with what it has been told
  }
}

TEST_F(SystemdPlugin, EveryDamagedByteIsAnswered) {
  const auto units = bus->units;
  bus.reset();
  std::size_t length = 1;
  for (std::size_t at = 0; at < length; at += 7) {
    bus.emplace(socket_path());
    bus->units = units;
    bus->spoil = [&](const std::string& member, std::string answer) {
      if (member != "ListUnits") return answer;
      length = answer.size();
      answer[at] = static_cast<char>(answer[at] ^ 0xff);
      return answer;
    };
    bus->start();
    auto check = on_tree();
    // Some bytes are only those of a name; a longer length is waited for.
    TestRun run(system_clock().now() + std::chrono::milliseconds(40));
    check->start(run);
    run_until_finished(run);
    EXPECT_TRUE(run.status.has_value());
    EXPECT_TRUE(run.status == Status::ok || !run.explanation.empty()) << at;
    bus.reset();  // its thread is done with what it has been told
  }
}

TEST_F(SystemdPlugin, GarbageAndAMessageThatIsTooLong) {
  for (const bool long_one : {false, true}) {
    const auto units = bus->units;
    bus.reset();
    bus.emplace(socket_path());
    bus->spoil = [long_one](const std::string& member, std::string answer) {
      if (member != "ListUnits") return answer;
      if (!long_one) return std::string(64, '\xee');
      answer[7] = 0x04;  // 64 MiB of body
      return answer;
    };
    bus->start();
    auto check = on_tree();
    texts(*check, Status::failed);
    EXPECT_THAT(explanation, HasSubstr(long_one ? "more than 8 MiB" : "no D-Bus message"));
    bus->units = units;
  }
}

TEST_F(SystemdPlugin, AddressesAreChecked) {
  for (const std::string bad : {"tcp:host=x", "relative", "unix:path=rel", "''"}) {
    config::CheckSpec s = spec("virgo.systemd");
    s.params = config::parse("v: {bus: " + (bad == "''" ? bad : "'" + bad + "'") + "}", "test.yaml",
                             config::process_sources())
                   .root.items.at(0);
    config::Problems problems;
    EXPECT_EQ(registry.create(s, problems), nullptr) << bad;
  }
  bus->start();
  auto check = on_tree(", bus: 'unix:path=/run/dbus/system_bus_socket,guid=0123'");
  EXPECT_GT(texts(*check).size(), 8u);
}

TEST_F(SystemdPlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  if (std::filesystem::exists("/run/dbus/system_bus_socket")) return;
  EXPECT_EQ(run.status, Status::unsupported);
}

}  // namespace
}  // namespace virgo::native
