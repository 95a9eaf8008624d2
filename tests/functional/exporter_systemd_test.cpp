// virgo.systemd, and node_exporter, before a bus on which python3-dbusmock is systemd.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <optional>

#include "functional/exporter.hpp"

namespace virgo::functional {
namespace {

constexpr const char* kUnits = "400";

// A bus of its own on a socket in a folder that goes away.
class MockedSystemd {
 public:
  MockedSystemd() {
    write_file(dir_.file("bus.conf"),
               "<busconfig><type>session</type><listen>" + address() +
                   "</listen><auth>EXTERNAL</auth><policy context=\"default\">"
                   "<allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>"
                   "<allow own=\"*\"/></policy></busconfig>");
    daemon_.emplace(std::vector<std::string>{"/usr/bin/dbus-daemon", "--nofork",
                                             "--config-file=" + dir_.file("bus.conf")},
                    dir_.file("daemon"));
    EXPECT_TRUE(eventually([this] { return access(socket().c_str(), F_OK) == 0; }));
    mock_.emplace(std::vector<std::string>{"/usr/bin/python3",
                                           source_dir() + "/tests/functional/systemd_mock.py",
                                           address(), kUnits},
                  dir_.file("mock"));
    EXPECT_TRUE(mock_->says("ready")) << mock_->err() << daemon_->err();
  }
  std::string socket() const { return dir_.file("socket"); }
  std::string address() const { return "unix:path=" + socket(); }

 private:
  TempDir dir_;
  std::optional<Process> daemon_;
  std::optional<Process> mock_;
};

TEST(BesideNodeExporter, Systemd) {
  MockedSystemd systemd;
  setenv("DBUS_SYSTEM_BUS_ADDRESS", systemd.address().c_str(), 1);
  Exporter exporter({"--collector.systemd", "--collector.systemd.enable-restarts-metrics"});
  expect_equal(exporter, {.plugin = "systemd",
                          .type = "virgo.systemd",
                          .params = {"bus=" + systemd.socket(), "restarts=true"},
                          .covers = {"node_systemd_.*"},
                          .at_least = 1000});
  unsetenv("DBUS_SYSTEM_BUS_ADDRESS");
}

}  // namespace
}  // namespace virgo::functional
