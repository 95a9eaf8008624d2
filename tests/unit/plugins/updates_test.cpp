#include <sys/stat.h>

#include "unit/plugins/proc_tree.hpp"
#include "updates/control.hpp"
#include "updates/deb_version.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

constexpr const char* kLists = "/var/lib/apt/lists/";
constexpr const char* kMain = "deb.example.org_debian_dists_bookworm_main_binary-amd64_Packages";
constexpr const char* kSecurity =
    "deb.example.org_debian-security_dists_bookworm-security_main_binary-amd64_Packages";
constexpr const char* kAll = "virgo.updates.pending{virgo.updates.security=false}";
constexpr const char* kOfSecurity = "virgo.updates.pending{virgo.updates.security=true}";

std::string package(const std::string& name, const std::string& version,
                    const std::string& architecture = "amd64", const std::string& status = "") {
  return "Package: " + name + "\n" + (status.empty() ? "" : "Status: " + status + "\n") +
         "Architecture: " + architecture + "\nVersion: " + version +
         "\nDescription: It.\n Version: 99\n .\n more\n\n";
}
std::string installed(const std::string& name, const std::string& version,
                      const std::string& architecture = "amd64") {
  return package(name, version, architecture, "install ok installed");
}

class UpdatesPlugin : public ShippedPlugin {
 protected:
  UpdatesPlugin() : ShippedPlugin("updates") {
    for (const char* folder : {"/var/lib/apt/lists/partial", "/var/lib/apt/periodic",
                               "/var/lib/dpkg", "/var/lib/update-notifier", "/run"})
      std::filesystem::create_directories(root + folder);
    write("/var/lib/dpkg/status",
          installed("bash", "5.2.15-2+b7") + installed("openssl", "3.0.11-1~deb12u2") +
              installed("tzdata", "2024a-0+deb12u1", "all") + installed("libc6", "2.36-9", "i386") +
              package("linux-image", "6.1.0-1", "amd64", "hold ok installed") +
              package("gone", "1.0", "amd64", "deinstall ok config-files") +
              installed("local", "9.9-1"));
    list(kMain, package("bash", "5.2.15-2+b7") + package("openssl", "3.0.14-1~deb12u1") +
                    package("tzdata", "2024b-0+deb12u1", "all") + package("gone", "2.0") +
                    package("linux-image", "6.1.0-9") + package("other", "1"));
    list(kSecurity, package("openssl", "3.0.14-1~deb12u2"));
  }
  void list(const std::string& name, const std::string& text) { write(kLists + name, text); }
};

// Signs of a difference, from earlier to later.
int sign(int n) {
  return n < 0 ? -1 : n > 0 ? 1 : 0;
}

TEST(DebVersion, AsThePolicySays) {
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{
           {"1.0", "1.1"},
           {"1.9", "1.10"},
           {"1.0~rc1", "1.0"},
           {"1.0~~", "1.0~"},
           {"1.0", "1.0a"},
           {"1.0a", "1.0+"},
           {"1.0-1", "1.0-2"},
           {"9.9", "1:0.1"},
           {"1.0", "1.0-0.1"},
           {"1.0-1~bpo12+1", "1.0-1"},
           {"1.0-1", "1.0-1+b1"},
           {"99999999999999999999998", "99999999999999999999999"}}) {
    EXPECT_LT(plugin::compare_versions(a, b), 0) << a << " " << b;
    EXPECT_GT(plugin::compare_versions(b, a), 0) << a << " " << b;
  }
  for (const auto& [a, b] : std::vector<std::pair<const char*, const char*>>{
           {"1.0", "1.0"}, {"0:1.0", "1.0"}, {"1.00", "1.0"}, {"1.0-0", "1.0"}, {"1.01", "1.1"}})
    EXPECT_EQ(plugin::compare_versions(a, b), 0) << a << " " << b;
}

// Versions put together from odd pieces, by a generator that is always the same.
TEST(DebVersion, AsDpkgSays) {
  std::uint32_t seed = 1;
  const auto random = [&](std::uint32_t n) {
    seed = seed * 1664525 + 1013904223;
    return (seed >> 8) % n;
  };
  const auto version = [&] {
    static const char* const pieces[] = {"0", "1", "01", "10", "9",  "~", "~~", "+",
                                         ".", "a", "z",  "A",  "rc", "-", "b1", "deb12u"};
    std::string out = random(5) == 0 ? std::to_string(random(3)) + ":1" : "1";
    for (std::uint32_t n = random(5); n > 0; --n) out += pieces[random(16)];
    return out + (out.back() == '-' ? "0" : "");
  };
  std::string script;
  std::vector<std::pair<std::string, std::string>> pairs;
  for (int i = 0; i < 600; ++i) {
    const auto& [a, b] = pairs.emplace_back(version(), version());
    script += "if dpkg --compare-versions '" + a + "' lt '" + b +
              "'; then echo -1; elif dpkg "
              "--compare-versions '" +
              a + "' gt '" + b + "'; then echo 1; else echo 0; fi\n";
  }
  char path[] = "/tmp/virgo-versions-XXXXXX";
  const int fd = mkstemp(path);
  ASSERT_EQ(::write(fd, script.data(), script.size()), static_cast<ssize_t>(script.size()));
  close(fd);
  FILE* out = popen((std::string("sh ") + path).c_str(), "r");
  ASSERT_NE(out, nullptr);
  for (const auto& [a, b] : pairs) {
    char line[16] = "";
    ASSERT_NE(fgets(line, sizeof line, out), nullptr);
    EXPECT_EQ(std::to_string(sign(plugin::compare_versions(a, b))) + "\n", line) << a << " " << b;
  }
  pclose(out);
  unlink(path);
}

TEST(UpdatesAvailable, AsUbuntuWritesIt) {
  std::uint64_t all = 0;
  std::uint64_t security = 0;
  EXPECT_TRUE(plugin::parse_updates_available(
      "\n12 updates can be applied immediately.\n5 of these updates are standard security "
      "updates.\nTo see these additional updates run: apt list --upgradable\n",
      &all, &security));
  EXPECT_EQ(all, 12u);
  EXPECT_EQ(security, 5u);
  EXPECT_TRUE(plugin::parse_updates_available(
      "3 packages can be updated.\n9 updates are security updates.\n", &all, &security));
  EXPECT_EQ(all, 3u);
  EXPECT_EQ(security, 3u);
  for (const char* text : {"", "\n", "12", "no updates\n", "5 security updates\n"})
    EXPECT_FALSE(plugin::parse_updates_available(text, &all, &security)) << text;
}

TEST_F(UpdatesPlugin, PendingByTheListsOfApt) {
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at(kOfSecurity), 1);  // openssl
  EXPECT_EQ(s.at(kAll), 1);         // tzdata
  EXPECT_EQ(s.at("virgo.updates.held"), 1);
  EXPECT_EQ(s.at("virgo.updates.reboot_required"), 0);
  EXPECT_GE(s.at("virgo.updates.age"), 0);
  EXPECT_EQ(s.size(), 5u);
}

TEST_F(UpdatesPlugin, NamesOfTheUsualScript) {
  write("/run/reboot-required", "");
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.at("apt_upgrades_pending{origin=bookworm-security,arch=amd64}"), 1);
  EXPECT_EQ(s.at("apt_upgrades_pending{origin=bookworm,arch=all}"), 1);
  EXPECT_EQ(s.at("apt_upgrades_held{origin=,arch=}"), 1);
  EXPECT_EQ(s.at("node_reboot_required"), 1);
  EXPECT_GT(s.at("apt_package_cache_timestamp_seconds"), 1.6e9);
  EXPECT_EQ(s.size(), 5u);
  list(kMain, "");
  list(kSecurity, "");
  EXPECT_EQ(collect(*check).at("apt_upgrades_pending{origin=,arch=}"), 0);
}

TEST_F(UpdatesPlugin, AnUpdateThatSecurityHasTooIsOneOfSecurity) {
  list(kMain, package("openssl", "3.0.14-1~deb12u2"));
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(kOfSecurity), 1);
}

TEST_F(UpdatesPlugin, OneNameFromTwoPlacesIsOneSeries) {
  list("a.example.org_security_dists_stable_main_binary-amd64_Packages", package("bash", "6"));
  list("b.example.org_debian_dists_stable_main_binary-amd64_Packages", package("local", "10"));
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check).at("apt_upgrades_pending{origin=stable,arch=amd64}"), 2);
}

TEST_F(UpdatesPlugin, WhatHasChangedIsCountedAgain) {
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(kAll), 1);
  EXPECT_EQ(collect(*check).at(kAll), 1);
  list("repo.example.org_apt_Packages", package("local", "10"));
  EXPECT_EQ(collect(*check).at(kAll), 2);
  write("/var/lib/dpkg/status", installed("local", "10"));
  EXPECT_EQ(collect(*check).at(kAll), 0);
}

TEST_F(UpdatesPlugin, NothingIsReadThatHasNotChanged) {
  auto check = on_tree();
  collect(*check);
  // Another text of the same length, with the time of before.
  const std::string path = root + kLists + kSecurity;
  struct stat before {};
  ASSERT_EQ(stat(path.c_str(), &before), 0);
  list(kSecurity, package("openssl", "2.0.14-1~deb12u2"));
  const timespec times[] = {before.st_atim, before.st_mtim};
  ASSERT_EQ(utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  EXPECT_EQ(collect(*check).at(kOfSecurity), 1);
}

TEST_F(UpdatesPlugin, BackportsAreNoUpdates) {
  list("deb.example.org_debian_dists_bookworm-backports_main_binary-amd64_Packages",
       package("bash", "9"));
  list("deb.example.org_debian_dists_bookworm-backports_InRelease",
       "Origin: Debian\nNotAutomatic: yes\nButAutomaticUpgrades: yes\nMD5Sum:\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(kAll), 1);
}

TEST_F(UpdatesPlugin, CompressedListsAreNotHalfCounted) {
  list("x_dists_y_main_binary-amd64_Packages.lz4", "?");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).count(kAll), 0u);
  EXPECT_THAT(explanation, HasSubstr("1 of apt's lists in"));
  write("/var/lib/update-notifier/updates-available",
        "7 updates can be applied immediately.\n2 of these updates are security updates.\n");
  const auto s = collect(*check);
  EXPECT_EQ(s.at(kOfSecurity), 2);
  EXPECT_EQ(s.at(kAll), 5);
}

TEST_F(UpdatesPlugin, NoListsAtAll) {
  std::filesystem::remove_all(root + "/var/lib/apt");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 1u);
  EXPECT_THAT(explanation, HasSubstr("\"apt update\" has not been run"));
}

TEST_F(UpdatesPlugin, RebootWithItsPackages) {
  write("/run/reboot-required", "*** System restart required ***\n");
  write("/run/reboot-required.pkgs", "linux-base\nlibc6\nlinux-base\n\nlibc6\ncut");
  auto check = on_tree();
  const auto s = collect(*check);
  EXPECT_EQ(s.at("virgo.updates.reboot_required"), 1);
  EXPECT_EQ(s.at("virgo.updates.reboot_required.packages"), 2);
  std::filesystem::remove(root + "/run/reboot-required");
  EXPECT_EQ(collect(*check).at("virgo.updates.reboot_required"), 0);
}

TEST_F(UpdatesPlugin, TheAgeIsThatOfTheStamp) {
  write("/var/lib/apt/periodic/update-success-stamp", "");
  const timespec times[] = {{1000, 0}, {1000, 0}};
  utimensat(AT_FDCWD, (root + "/var/lib/apt/periodic/update-success-stamp").c_str(), times, 0);
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check).at("apt_package_cache_timestamp_seconds"), 1000);
}

TEST_F(UpdatesPlugin, ManyPackagesAndLongLines) {
  std::string status;
  std::string packages;
  for (int i = 0; i < 5000; ++i) {
    status += installed("p" + std::to_string(i), "1." + std::to_string(i));
    packages += "Depends: " + std::string(i == 7 ? 200000 : 10, 'x') + "\n" +
                package("p" + std::to_string(i), "2." + std::to_string(i));
  }
  write("/var/lib/dpkg/status", status);
  list(kMain, packages);
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at(kAll), 5000);
}

TEST_F(UpdatesPlugin, EveryCutIsAnswered) {
  const std::string whole = installed("bash", "5.1") + installed("openssl", "3.0");
  auto check = on_tree();
  for (std::size_t n = 0; n <= whole.size(); n += 3) {
    write("/var/lib/dpkg/status", whole.substr(0, n));
    const auto s = collect(*check);
    EXPECT_LE(s.at(kAll) + s.at(kOfSecurity), 2) << n;
  }
}

TEST_F(UpdatesPlugin, OtherSystems) {
  std::filesystem::remove(root + "/var/lib/dpkg/status");
  auto check = on_tree();
  EXPECT_EQ(collect(*check, Status::unsupported).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("knows Debian and its kin only"));
}

TEST_F(UpdatesPlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_TRUE(run.status == Status::ok || run.status == Status::unsupported);
}

}  // namespace
}  // namespace virgo::native
