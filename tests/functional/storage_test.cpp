// The endpoint and its disk: nothing is acknowledged that is not written, and what
// is written is there once, whatever happens in between.
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>

#include "functional/bad_agent.hpp"

namespace virgo::functional {
namespace {

struct BadStorage : BadAgent {
  std::string yaml() {
    return agent_yaml(endpoint, "  - uptime\n", "defaults: {interval: 100ms}\n");
  }
  // Waits until the agent has delivered, then that its runs are there, once each.
  void nothing_is_missing() {
    const std::size_t before = reports_of(endpoint.records(), "uptime").size();
    EXPECT_TRUE(wire.until([&] {
      return reports_of(endpoint.records(), "uptime").size() >= before + 5;
    })) << agent.err()
        << endpoint.process().err();
    agent.process().signal(SIGTERM);
    EXPECT_EQ(agent.process().wait(), 0) << agent.err();
    const auto records = endpoint.records();
    double run = 0;
    for (const json::Value* r : reports_of(records, "uptime"))
      EXPECT_EQ(number_of(*r, "run"), ++run) << json::to_json(*r);
  }
};

TEST_F(BadStorage, ADiskThatIsFull) {
  const std::string file = endpoint.reports_file();
  ASSERT_EQ(symlink("/dev/full", file.c_str()), 0);
  agent.start(yaml());
  EXPECT_TRUE(says("cannot write " + file + ": ENOSPC"));
  EXPECT_TRUE(agent.process().says(
      "a batch was not accepted: the endpoint cannot store reports; next try in"));
  ASSERT_EQ(unlink(file.c_str()), 0);
  nothing_is_missing();
}

// Room for a part of a batch only: that part is taken back, or it would be there
// twice when the batch comes again.
TEST_F(BadStorage, ADiskThatBecomesFullInMidWrite) {
  endpoint.kill();
  signal(SIGXFSZ, SIG_IGN);  // the endpoint inherits that: its writes fail with EFBIG
  endpoint.start();
  signal(SIGXFSZ, SIG_DFL);
  const auto limit = [&](rlim_t bytes) {
    const rlimit to{bytes, RLIM_INFINITY};
    ASSERT_EQ(prlimit(endpoint.process().pid(), RLIMIT_FSIZE, &to, nullptr), 0);
  };
  auto talk = greet("x");
  EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {1, 2}))), 2);
  const std::string before = read_file(endpoint.reports_file("x"));
  limit(before.size() * 2 + 20);
  EXPECT_EQ(error_code(ask(wire, *talk, 2, "batch.post", batch(1, {3, 4, 5, 6, 7, 8}))), 500);
  EXPECT_TRUE(says("cannot write " + endpoint.reports_file("x") + ": EFBIG"));
  EXPECT_EQ(read_file(endpoint.reports_file("x")), before);
  limit(RLIM_INFINITY);
  EXPECT_EQ(acked(ask(wire, *talk, 3, "batch.post", batch(1, {3, 4, 5, 6, 7, 8}))), 8);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2, 3, 4, 5, 6, 7, 8}));
}

TEST_F(BadStorage, AFolderThatIsGone) {
  const std::string folder = endpoint.dir() + "/reports";
  std::filesystem::rename(folder, folder + ".away");
  write_file(folder, "not a folder");
  agent.start(yaml());
  EXPECT_TRUE(says("cannot open " + endpoint.reports_file() + ": ENOTDIR"));
  EXPECT_TRUE(agent.process().says(
      "the endpoint refused us: the endpoint cannot store reports; next try in"));
  unlink(folder.c_str());
  std::filesystem::rename(folder + ".away", folder);
  nothing_is_missing();
}

// Half a line at the end, as a machine leaves it that lost its power.
TEST_F(BadStorage, ATornLine) {
  auto talk = greet("x");
  EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {1, 2}))), 2);
  endpoint.kill();
  const std::string file = endpoint.reports_file("x");
  const std::string torn = R"({"agent":"x","epoch":1,"seq":3,"check":"c","sta)";
  write_file(file, read_file(file) + torn);
  endpoint.start();
  talk = greet("x");
  EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {2, 3, 4}))), 4);
  // The half stands alone; all else can be read.
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2, 3, 4}));
  EXPECT_NE(read_file(file).find(torn + "\n{"), std::string::npos);
  // The next start sees whole lines, and does not take the half for a record.
  endpoint.kill();
  endpoint.start();
  talk = greet("x");
  EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {4, 5}))), 5);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1, 2, 3, 4, 5}));
}

// A file that ends in something else altogether.
TEST_F(BadStorage, AFileOfSomethingElse) {
  write_file(endpoint.reports_file("x"), std::string(3u << 20, '\0') + "\n\xff\xfe\nnot JSON");
  auto talk = greet("x");
  EXPECT_EQ(acked(ask(wire, *talk, 1, "batch.post", batch(1, {1}))), 1);
  EXPECT_EQ(seqs(endpoint.records("x")), (std::vector<int>{1}));
  goes_on();
}

}  // namespace
}  // namespace virgo::functional
