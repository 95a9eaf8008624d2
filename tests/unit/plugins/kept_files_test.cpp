// Files of processes that stay open from one pass over /proc to the next.
#include <processes/kept_files.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

namespace plugin {
namespace {

class KeptFilesTest : public testing::Test {
 protected:
  KeptFilesTest() : folder(open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}
  ~KeptFilesTest() override {
    while (!children.empty()) end(children.back());
    close(folder);
  }
  pid_t child() {
    const pid_t pid = fork();
    if (pid == 0)
      for (;;) pause();
    children.push_back(pid);
    return pid;
  }
  void end(pid_t pid) {
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    std::erase(children, pid);
  }
  // Of all children, in one pass; how many could be read.
  unsigned pass(KeptFiles& files) {
    std::vector<pid_t> pids = children;
    std::sort(pids.begin(), pids.end());
    unsigned read = 0;
    files.begin();
    for (const pid_t pid : pids) {
      char text[1024];
      const ssize_t n =
          files.read(folder, (std::to_string(pid) + "/stat").c_str(), pid, text, sizeof text);
      const std::string start = std::to_string(pid) + " (";
      if (n > 0 && std::string(text, static_cast<std::size_t>(n)).rfind(start, 0) == 0) ++read;
    }
    files.end();
    return read;
  }
  static long open_files() {
    return std::distance(std::filesystem::directory_iterator("/proc/self/fd"),
                         std::filesystem::directory_iterator());
  }
  const int folder;
  std::vector<pid_t> children;
};

TEST_F(KeptFilesTest, AreForgottenWithTheirProcess) {
  const long before = open_files();
  {
    KeptFiles files;
    const pid_t first = child();
    child();
    EXPECT_EQ(pass(files), 2u);
    EXPECT_EQ(open_files(), before + 2);
    EXPECT_EQ(pass(files), 2u);
    EXPECT_EQ(open_files(), before + 2);
    end(first);
    EXPECT_EQ(pass(files), 1u);
    EXPECT_EQ(open_files(), before + 1);
  }
  EXPECT_EQ(open_files(), before);
}

TEST_F(KeptFilesTest, AProcessThatEndedIsNotReadFromItsOpenFile) {
  KeptFiles files;
  const pid_t pid = child();
  EXPECT_EQ(pass(files), 1u);
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  EXPECT_EQ(pass(files), 0u);
  std::erase(children, pid);
}

TEST_F(KeptFilesTest, AreBounded) {
  const long before = open_files();
  for (unsigned i = 0; i < KeptFiles::kMost + 12; ++i) child();
  KeptFiles files;
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(pass(files), KeptFiles::kMost + 12);
    EXPECT_EQ(open_files(), before + static_cast<long>(KeptFiles::kMost));
  }
  while (children.size() > 3) end(children.front());
  EXPECT_EQ(pass(files), 3u);
  EXPECT_EQ(open_files(), before + 3);
}

// Pids start again from below when they have reached the highest.
TEST_F(KeptFilesTest, AreBoundedWhenProcessesWithLowerPidsCome) {
  const long before = open_files();
  std::vector<pid_t> all;
  for (unsigned i = 0; i < 2 * KeptFiles::kMost; ++i) all.push_back(child());
  std::sort(all.begin(), all.end());
  KeptFiles files;
  const auto half = all.begin() + KeptFiles::kMost;
  children.assign(half, all.end());
  EXPECT_EQ(pass(files), KeptFiles::kMost);
  children = all;
  EXPECT_EQ(pass(files), 2 * KeptFiles::kMost);
  EXPECT_EQ(open_files(), before + static_cast<long>(KeptFiles::kMost));
  EXPECT_EQ(pass(files), 2 * KeptFiles::kMost);
  children.assign(half, all.end());
  EXPECT_EQ(pass(files), KeptFiles::kMost);  // none is read from another's file
  children = all;
}

}  // namespace
}  // namespace plugin
