#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

// A line as Linux 6 has it.
std::string line(unsigned cpu, unsigned processed, unsigned dropped = 0, unsigned squeezed = 0,
                 unsigned rps = 0, unsigned flow_limit = 0, unsigned backlog = 0) {
  char text[256];
  snprintf(text, sizeof text,
           "%08x %08x %08x 00000000 00000000 00000000 00000000 00000000 00000000 %08x %08x %08x "
           "%08x 00000000 00000000\n",
           processed, dropped, squeezed, rps, flow_limit, backlog, cpu);
  return text;
}
const std::string kTwoCpus = line(0, 0x35df1b, 1, 10, 2, 3, 4) + line(1, 0x3062f8, 16, 17);

class SoftnetPlugin : public ShippedPlugin {
 protected:
  SoftnetPlugin() : ShippedPlugin("softnet") {
    std::filesystem::create_directories(root + "/proc/net");
  }
  void stat(const std::string& text) { write("/proc/net/softnet_stat", text); }
  double processed(check::Check& check) { return collect(check).at("virgo.softnet.processed"); }
};

TEST_F(SoftnetPlugin, TheSumOfAllProcessors) {
  stat(kTwoCpus);
  auto check = on_tree();
  EXPECT_EQ(collect(*check),
            (std::map<std::string, double>{{"virgo.softnet.processed", 0x35df1b + 0x3062f8},
                                           {"virgo.softnet.dropped", 17},
                                           {"virgo.softnet.times_squeezed", 27},
                                           {"virgo.softnet.received_rps", 2},
                                           {"virgo.softnet.flow_limit", 3},
                                           {"virgo.softnet.backlog", 4}}));
}

TEST_F(SoftnetPlugin, EachProcessorByItsNumber) {
  stat(line(0, 5) + line(3, 7, 0, 0, 0, 0, 9));
  auto check = on_tree(", per_cpu: true");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 12u);
  EXPECT_EQ(s.at("virgo.softnet.processed{cpu.logical_number=0}"), 5);
  EXPECT_EQ(s.at("virgo.softnet.processed{cpu.logical_number=3}"), 7);
  EXPECT_EQ(s.at("virgo.softnet.backlog{cpu.logical_number=3}"), 9);
}

TEST_F(SoftnetPlugin, NodeExportersNames) {
  stat(kTwoCpus);
  auto check = on_tree(", naming: prometheus");
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 12u);
  EXPECT_EQ(s.at("node_softnet_processed_total{cpu=0}"), 0x35df1b);
  EXPECT_EQ(s.at("node_softnet_dropped_total{cpu=1}"), 16);
  EXPECT_EQ(s.at("node_softnet_times_squeezed_total{cpu=1}"), 17);
  EXPECT_EQ(s.at("node_softnet_received_rps_total{cpu=0}"), 2);
  EXPECT_EQ(s.at("node_softnet_flow_limit_count_total{cpu=0}"), 3);
  EXPECT_EQ(s.at("node_softnet_backlog_len{cpu=0}"), 4);
}

TEST_F(SoftnetPlugin, FewerColumnsOnOlderKernels) {
  auto check = on_tree();
  auto each = on_tree(", per_cpu: true");
  const std::string nine = "0000000a 00000002 00000003 0 0 0 0 0 0";
  for (const auto& [more, fields] : std::map<std::string, std::size_t>{
           {"", 3}, {" 4", 4}, {" 4 5", 5}, {" 4 5 6", 6}, {" 4 5 6 7 8 9 a b c", 6}}) {
    stat(nine + more + "\n");
    const auto s = collect(*check);
    EXPECT_EQ(s.size(), fields) << more;
    EXPECT_EQ(s.at("virgo.softnet.processed"), 10);
  }
  stat(nine + "\n" + nine + "\n");
  EXPECT_EQ(collect(*each).at("virgo.softnet.dropped{cpu.logical_number=1}"), 2)
      << "numbered by line";
  stat(nine + " 4\n" + nine + "\n");
  EXPECT_EQ(collect(*check).size(), 3u) << "the sum has what all have";
}

TEST_F(SoftnetPlugin, CountersGoOnWhereTheirThirtyTwoBitsEnd) {
  auto check = on_tree();
  auto node = on_tree(", naming: prometheus");
  stat(line(0, 0xfffffff0) + line(1, 100));
  EXPECT_EQ(processed(*check), 4294967280.0 + 100);
  stat(line(0, 4) + line(1, 200));
  EXPECT_EQ(processed(*check), 4294967300.0 + 200);
  EXPECT_EQ(collect(*node).at("node_softnet_processed_total{cpu=0}"), 4) << "as there";
}

TEST_F(SoftnetPlugin, ProcessorsGoAndComeBack) {
  auto check = on_tree();
  stat(line(0, 1) + line(1, 0xfffffff0) + line(2, 0xfffffff1));
  processed(*check);
  stat(line(0, 1) + line(2, 4));
  EXPECT_EQ(processed(*check), 1 + 4294967300.0) << "2 has wrapped, though it has moved up";
  stat(line(0, 1) + line(1, 5) + line(2, 4));
  EXPECT_EQ(processed(*check), 1 + 5 + 4294967300.0) << "1 was forgotten";
  stat(line(2, 4) + line(1, 5) + line(0, 1));
  EXPECT_EQ(processed(*check), 1 + 5 + 4294967300.0) << "whatever the order";
}

TEST_F(SoftnetPlugin, AThousandProcessors) {
  std::string text;
  for (unsigned i = 0; i < 1000; ++i) text += line(i, 1000 + i, 1);
  stat(text);
  auto sum = on_tree();
  EXPECT_EQ(collect(*sum).at("virgo.softnet.dropped"), 1000);
  auto each = on_tree(", per_cpu: true");
  const auto s = collect(*each);
  EXPECT_EQ(s.size(), 4800u);
  EXPECT_EQ(s.count("virgo.softnet.dropped{cpu.logical_number=798}"), 1u);
  EXPECT_EQ(s.count("virgo.softnet.dropped{cpu.logical_number=799}"), 0u);
  EXPECT_EQ(s.at("virgo.softnet.dropped{otel.metric.overflow=true}"), 201);
}

TEST_F(SoftnetPlugin, TheBoundAtItsEdge) {
  auto check = on_tree(", per_cpu: true, max_series: 18");
  stat(kTwoCpus);
  EXPECT_EQ(collect(*check).size(), 12u) << "two fit beside a sum";
  stat(kTwoCpus + line(2, 7));
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 18u);
  EXPECT_EQ(s.at("virgo.softnet.processed{otel.metric.overflow=true}"), 7);
  stat(kTwoCpus + line(2, 7) + line(3, 8));
  s = collect(*check);
  EXPECT_EQ(s.size(), 18u);
  EXPECT_EQ(s.at("virgo.softnet.processed{otel.metric.overflow=true}"), 15);
}

TEST_F(SoftnetPlugin, AHostWithoutTheFile) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/net/softnet_stat: /proc is not mounted, or the kernel was "
                             "built without networking");
  stat("");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/net/softnet_stat is empty");
}

TEST_F(SoftnetPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  for (const char* text :
       {"1 2 3 4 5 6 7 8\n", "1 2 3 4 5 6 7 8 9", "1 2 3 4 5 6 7 8 x\n", "\n",
        "1 2 3 4 5 6 7 8 100000000\n", "1 2 3 4 5 6 7 8 9\n\n", "1 2 3 4 5 6 7 8 -9\n"}) {
    stat(text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/net/softnet_stat has a line that is not whole") << text;
  }
  for (std::size_t n = 1; n < kTwoCpus.size(); ++n) {
    stat(kTwoCpus.substr(0, n));
    collect(*check, kTwoCpus[n - 1] == '\n' ? Status::ok : Status::failed);
  }
  stat(kTwoCpus);
  EXPECT_EQ(collect(*check).size(), 6u) << "and it recovers";
}

TEST_F(SoftnetPlugin, ThisHost) {
  auto check = on_host();
  EXPECT_GT(processed(*check), 0);
}

}  // namespace
}  // namespace virgo::native
