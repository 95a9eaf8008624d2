#include <sys/stat.h>

#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

class TextfilePlugin : public ShippedPlugin {
 protected:
  TextfilePlugin() : ShippedPlugin("textfile") { std::filesystem::create_directories(folder()); }
  std::string folder() const { return root + "/drop"; }
  void put(const std::string& name, const std::string& text) { write("/drop/" + name, text); }
  std::unique_ptr<check::Check> on_folder(const std::string& more = "") {
    return on_tree(", directory: /drop" + more);
  }
  // The series of the files alone.
  std::map<std::string, double> series(check::Check& check) {
    auto s = collect(check);
    std::erase_if(s, [](const auto& one) { return one.first.rfind("virgo.textfile", 0) == 0; });
    return s;
  }
};

TEST_F(TextfilePlugin, SeriesWithTheirLabels) {
  put("a.prom",
      "# HELP backup_size_bytes How big \\n it is\n# TYPE backup_size_bytes gauge\n"
      "backup_size_bytes{set=\"home\",host=\"a\\\"b\\\\c\\nd\"} 1.5e+09\n"
      "backup_size_bytes { set = \"\" , } -3\n"
      "\n# a comment\n#\n  \t\nplain 18446744073709551615\nns:rule_1\t.5\n tiny 1e-300\nneg "
      "-16\n");
  put("b.prom", "plus +7\n");
  put("c.prom", "");
  put("ignored.txt", "x 1\n");
  put("ignored.prom.tmp", "x 1\n");
  auto check = on_folder();
  const auto s = series(*check);
  ASSERT_EQ(s.size(), 7u);
  EXPECT_EQ(s.at("backup_size_bytes{set=home,host=a\"b\\c\nd}"), 1.5e9);
  EXPECT_EQ(s.at("backup_size_bytes{set=}"), -3);
  EXPECT_EQ(s.at("plain"), 18446744073709551616.0);
  EXPECT_EQ(s.at("ns:rule_1"), 0.5);
  EXPECT_EQ(s.at("tiny"), 1e-300);
  EXPECT_EQ(s.at("neg"), -16);
  EXPECT_EQ(s.at("plus"), 7);
  EXPECT_EQ(explanation, "");
  const auto all = collect(*check);
  EXPECT_EQ(all.at("virgo.textfile.errors"), 0);
  EXPECT_GT(all.at("virgo.textfile.mtime{file.name=a.prom}"), 1.6e9);
  EXPECT_EQ(all.count("virgo.textfile.mtime{file.name=c.prom}"), 1u);
}

TEST_F(TextfilePlugin, NamesOfNodeExporter) {
  put("a.prom", "x 1\n");
  put("b.prom", "1\n");
  auto check = on_folder(", naming: prometheus");
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 3u);
  EXPECT_EQ(s.at("x"), 1);
  EXPECT_EQ(s.at("node_textfile_scrape_error"), 1);
  const double mtime = s.at("node_textfile_mtime_seconds{file=/drop/a.prom}");
  EXPECT_EQ(mtime, static_cast<double>(static_cast<long long>(mtime)));
}

TEST_F(TextfilePlugin, KindsByType) {
  put("a.prom",
      "# TYPE c_total counter\nc_total 1\nc_total_more 1\n# TYPE g gauge\ng 1\ng_sum 1\n"
      "# TYPE h histogram\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\nh 1\n"
      "# TYPE s Summary\ns{quantile=\"0.5\"} 1\ns_sum 1\ns_count 1\ns_bucket 1\n"
      "# TYPE u untyped\nu 1\n");
  auto check = on_folder();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  ASSERT_EQ(run.status, Status::ok);
  std::set<std::string> counters;
  for (std::size_t i = 0; i < run.samples().size(); ++i)
    if (run.samples().metric(i).kind == metric::Kind::counter)
      counters.insert(run.samples().metric(i).name);
  EXPECT_EQ(counters,
            (std::set<std::string>{"c_total", "h_bucket", "h_count", "h_sum", "s_count", "s_sum"}));
}

TEST_F(TextfilePlugin, ValuesThatAreNotFiniteAreLeftOutAndSaid) {
  put("a.prom", "a NaN\nb +Inf\nc -Inf\nd inf\ne nan\nf 1\n");
  auto check = on_folder();
  EXPECT_EQ(series(*check).size(), 1u);
  EXPECT_EQ(explanation, "Values left out because they are not finite: 5.");
}

TEST_F(TextfilePlugin, ABadFileIsLeftOutWholeAndItsLineNamed) {
  put("good.prom", "good 1\n");
  const std::pair<const char*, const char*> bad[] = {
      {"ok 1\nx 1", "bad.prom:2: the last line has no end, it may be half a line"},
      {"ok 1\n\nx\n", "bad.prom:3: a series without a value"},
      {"x 1 1395066363000\n", "bad.prom:1: time stamps are not supported"},
      {"x 1 y\n", "bad.prom:1: something after the value"},
      {"x 1\r\n", "bad.prom:1: a value that is no number"},
      {"x 1,5\n", "bad.prom:1: a value that is no number"},
      {"x 1e999\n", "bad.prom:1: a value that is no number"},
      {"1x 1\n", "bad.prom:1: neither a metric nor a comment"},
      {"x-y 1\n", "bad.prom:1: a name with characters that names do not have"},
      {"x{a=\"1\" 1\n", "bad.prom:1: labels that do not end with }"},
      {"x{a=\"1} 1\n", "bad.prom:1: a label without its second quote"},
      {"x{a=1} 1\n", "bad.prom:1: a label without quotes"},
      {"x{a} 1\n", "bad.prom:1: a label without ="},
      {"x{a=\"\\t\"} 1\n", "bad.prom:1: an escape that is none"},
      {"x{a=\"\",a=\"\"} 1\n", "bad.prom:1: two labels of the same name"},
      {"x{__name__=\"\"} 1\n", "bad.prom:1: a label without a proper name"},
      {"x{,} 1\n", "bad.prom:1: a label without a proper name"},
      {"x{\n", "bad.prom:1: a label without a proper name"},
      {"# TYPE x chart\n", "bad.prom:1: # TYPE of a type that is none"},
      {"# TYPE\n", "bad.prom:1: # TYPE without the name of a metric"},
      {"x 1\nx 2\n", "bad.prom:2: x with these labels is in bad.prom already"},
      {"\xff\xfe\n", "bad.prom:1: neither a metric nor a comment"}};
  auto check = on_folder();
  for (const auto& [text, why] : bad) {
    put("bad.prom", text);
    const auto s = collect(*check);
    EXPECT_EQ(s.size(), 3u) << text;
    EXPECT_EQ(s.at("virgo.textfile.errors"), 1);
    EXPECT_EQ(s.at("good"), 1);
    EXPECT_EQ(explanation, "Files left out: 1, the first is " + std::string(why) + ".");
  }
  put("bad.prom", "ok 1\n");
  EXPECT_EQ(series(*check).size(), 2u);
}

TEST_F(TextfilePlugin, TheSecondFileWithASeriesIsRefused) {
  put("1.prom", "x{a=\"1\",b=\"2\"} 1\nbroken\n");
  put("2.prom", "x{a=\"1\",b=\"2\"} 2\ny{a=\"1\"} 2\n");
  put("3.prom", "z 3\nx{b=\"2\",a=\"1\",c=\"\"} 3\n");
  put("4.prom", "z 4\ny{a=\"2\"} 4\n");
  auto check = on_folder();
  const auto s = series(*check);
  ASSERT_EQ(s.size(), 4u);
  EXPECT_EQ(s.at("x{a=1,b=2}"), 2);
  EXPECT_EQ(s.at("z"), 4);
  EXPECT_EQ(explanation, "Files left out: 2, the first is 1.prom:2: a series without a value.");
  put("1.prom", "");
  collect(*check);
  EXPECT_EQ(explanation,
            "Files left out: 1, the first is 3.prom:2: x with these labels is in 2.prom already.");
}

TEST_F(TextfilePlugin, WhatIsNoRegularFileDoesNotHang) {
  put("good.prom", "good 1\n");
  ASSERT_EQ(mkfifo((folder() + "/pipe.prom").c_str(), 0600), 0);
  auto check = on_folder();
  EXPECT_EQ(series(*check).size(), 1u);
  EXPECT_EQ(explanation, "Files left out: 1, the first is pipe.prom: it is no regular file.");
  std::filesystem::remove(folder() + "/pipe.prom");
  std::filesystem::create_directory(folder() + "/dir.prom");
  EXPECT_EQ(series(*check).size(), 1u);
  EXPECT_THAT(explanation, HasSubstr("dir.prom: it is no regular file"));
  std::filesystem::remove(folder() + "/dir.prom");
  std::filesystem::create_symlink("nowhere", folder() + "/link.prom");
  EXPECT_EQ(series(*check).size(), 1u);
  EXPECT_THAT(explanation, HasSubstr("link.prom: No such file or directory"));
  std::filesystem::remove(folder() + "/link.prom");
  write("/elsewhere", "linked 1\n");
  std::filesystem::create_symlink(root + "/elsewhere", folder() + "/link.prom");
  EXPECT_EQ(series(*check).size(), 2u);
}

TEST_F(TextfilePlugin, LimitsAtTheirEdge) {
  std::string labels;
  for (int i = 0; i < 16; ++i)
    labels += "l" + std::to_string(i) + "=\"" + std::string(50, 'x') + "\",";
  put("a.prom", "x{" + labels + "} 1\n");
  auto check = on_folder();
  EXPECT_EQ(series(*check).size(), 1u);
  put("a.prom", "x{" + labels + "more=\"\"} 1\n");
  EXPECT_EQ(series(*check).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("more than 16 labels"));
  put("a.prom", "x{a=\"" + std::string(1024, 'v') + "\"} 1\n");
  EXPECT_EQ(series(*check).size(), 1u);
  put("a.prom", "x{a=\"" + std::string(1025, 'v') + "\"} 1\n");
  EXPECT_EQ(series(*check).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("a label of more than 1024 bytes"));
  const std::string tail = "x 1\n";
  put("a.prom", "#" + std::string((8u << 20) - tail.size() - 2, 'c') + "\n" + tail);
  EXPECT_EQ(series(*check).size(), 1u);
  put("a.prom", "#" + std::string((8u << 20) - tail.size() - 1, 'c') + "\n" + tail);
  EXPECT_EQ(series(*check).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("longer than 8 MiB"));
}

TEST_F(TextfilePlugin, BeyondMaxSeriesNothingIsReported) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "x{i=\"" + std::to_string(i) + "\"} 1\n";
  put("a.prom", text);
  put("b.prom", "y 1\n");
  auto check = on_folder(", max_series: 1001");
  EXPECT_EQ(series(*check).size(), 1001u);
  EXPECT_EQ(explanation, "");
  LogLines log;
  check = on_folder(", max_series: 1000");
  EXPECT_EQ(series(*check).size(), 1000u);
  EXPECT_EQ(explanation, "max_series is 1000: series left out: 1.");
  collect(*check);
  EXPECT_EQ(log.all().size(), 1u);
  put("a.prom", text + "x{i=\"0\"} 1\n" + "y 1\n");
  EXPECT_EQ(series(*check).size(), 1000u) << "one beyond the limit is not looked for";
}

TEST_F(TextfilePlugin, ManyFiles) {
  for (int i = 0; i < 1001; ++i)
    put("f" + std::to_string(i) + ".prom", "x" + std::to_string(i) + " 1\n");
  auto check = on_folder();
  EXPECT_EQ(series(*check).size(), 1000u);
  EXPECT_EQ(explanation, "Only 1000 files are read.");
}

TEST_F(TextfilePlugin, EveryCutOfAFileIsAnswered) {
  const std::string whole = "# HELP x It.\n# TYPE x counter\nx{a=\"b\\n\",c=\"d\"} 123456\ny 12\n";
  auto check = on_folder();
  for (std::size_t n = 0; n <= whole.size(); ++n) {
    put("a.prom", whole.substr(0, n));
    for (const auto& [name, value] : series(*check))
      EXPECT_EQ(value, name == "y" ? 12 : 123456) << n;
  }
}

TEST_F(TextfilePlugin, FoldersThatAreNotThere) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, root + "/var/lib/prometheus/node-exporter: No such file or directory");
  std::filesystem::remove(folder());
  write("/drop", "a file");
  check = on_folder();
  collect(*check, Status::failed);
  std::filesystem::remove(folder());
  std::filesystem::create_directory(folder());
  EXPECT_EQ(collect(*check).size(), 1u);
}

TEST_F(TextfilePlugin, ThisHost) {
  auto check = on_host();
  TestRun run = new_run();
  check->start(run);
  run_until_finished(run);
  EXPECT_TRUE(run.status == Status::ok || run.status == Status::unsupported);
}

}  // namespace
}  // namespace virgo::native
