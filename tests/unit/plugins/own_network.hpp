// Tests that need interfaces and sockets of their own: they run in a network namespace
// that nobody else sees.
#pragma once

#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

namespace virgo::native {

class OwnNetwork {
 public:
  // At the top of a TEST: true inside of the namespace. Outside, the test program is
  // started anew with this one test in a namespace made for it, and this is false: the
  // test returns, having passed, failed, or been skipped as it was inside.
  static bool enter() {
    if (getenv(kInside) != nullptr) return true;
    const testing::TestInfo* test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string filter =
        std::string("--gtest_filter=") + test->test_suite_name() + "." + test->name();
    const pid_t child = fork();
    if (child == 0) {
      if (!make()) _exit(kNotPermitted);
      setenv(kInside, "1", 1);
      execl("/proc/self/exe", "unit_plugins", filter.c_str(), static_cast<char*>(nullptr));
      _exit(126);
    }
    int status = 0;
    waitpid(child, &status, 0);
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    if (code == kNotPermitted)
      skip("network namespaces are not permitted here");
    else
      EXPECT_EQ(code, 0) << "see above";
    return false;
  }

  // Commands for ip(8), one a line; false, the test being skipped, when this host cannot.
  static bool ip(const std::string& commands) {
    FILE* pipe = popen("ip -batch - 2>&1", "w");
    if (pipe == nullptr) return false;
    fwrite(commands.data(), 1, commands.size(), pipe);
    if (pclose(pipe) == 0) return true;
    skip("ip(8) could not make the interfaces");
    return false;
  }

  // From here on nobody in this process gets a netlink socket, as under a service manager
  // that restricts address families.
  static bool refuse_netlink() {
    const sock_filter code[] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_socket, 0, 3),
                                BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])),
                                BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, AF_NETLINK, 0, 1),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAFNOSUPPORT),
                                BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog program{6, const_cast<sock_filter*>(code)};
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0)
      return true;
    skip("seccomp filters are not permitted here");
    return false;
  }

 private:
  static constexpr const char* kInside = "VIRGO_TEST_OWN_NETWORK";
  static constexpr int kNotPermitted = 77;

  static void skip(const char* why) { GTEST_SKIP() << why; }

  // With its own /sys, which shows the interfaces of the one who mounted it. Not in a user
  // namespace: files of root belong to nobody there, and the agent does not load such.
  static bool make() {
    if (unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return false;
    mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr);
    mount("sysfs", "/sys", "sysfs", 0, nullptr);
    return true;
  }
};

}  // namespace virgo::native
