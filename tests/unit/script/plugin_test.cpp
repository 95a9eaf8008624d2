// lua-plugins/plugin.lua: every row of the format, as it is read now and with `strict`.
#include <sys/stat.h>

#include "exec_checks.hpp"

namespace virgo::script {
namespace {

const std::string kStateForm =
    "failed: State line not in the following format: <available|unavailable>";
const std::string kMetricForm =
    "failed: Metric line not in the following format: metric <name> <type> <value> [<unit>]";
const std::string kTimeForm =
    "failed: Timestamp line not in the following format: timestamp <timestamp>";

class PluginTest : public ExecCheckTest {
 protected:
  void SetUp() override {
    load_shipped("plugin.lua");
    plugins_ = folder_ + "/plugins/";
    ASSERT_EQ(::mkdir(plugins_.c_str(), 0755), 0);
  }
  void write(const std::string& name, const std::string& text, mode_t mode = 0755) const {
    std::ofstream(plugins_ + name) << text;
    ASSERT_EQ(::chmod((plugins_ + name).c_str(), mode), 0);
  }
  check::Check* make_plugin(const std::string& file, Params more = {}) {
    more.insert(more.begin(), {{"folder", scalar(plugins_)}, {"file", scalar(file)}});
    return make("virgo.plugin", more);
  }
  // Of a plugin that prints these bytes and ends with `code`.
  RecordedRun& run_plugin(const std::string& output, const Params& more = {},
                          const std::string& code = "exit 0") {
    EXPECT_EQ(output.find('\''), std::string::npos) << "it would end the shell's word";
    write("plugin", "#!/bin/sh\nprintf %s '" + output + "'\n" + code + "\n");
    check::Check* check = make_plugin("plugin", more);
    if (check == nullptr) {
      ADD_FAILURE() << (problems_.empty() ? "" : problems_[0].text);
      std::abort();
    }
    return collect(*check);
  }
  RecordedRun& run_strict(const std::string& output, const std::string& code = "exit 0") {
    return run_plugin(output, {{"strict", scalar("true")}}, code);
  }
  std::string problem_of(const std::string& file, const Params& more = {}) {
    EXPECT_EQ(make_plugin(file, more), nullptr) << file;
    return problems_.empty() ? "" : problems_[0].text;
  }

  std::string plugins_;
};

struct Row {
  const char* output;
  std::string verdict;
  const char* samples;
};

TEST_F(PluginTest, Lines) {
  const Row kRows[] = {
      // status
      {"status all is well\n", "ok: all is well", ""},
      {"status first\nstatus second\n", "ok: first", ""},
      {"status ok two  words\n", "ok: two words", "legacy_state text ok"},
      {"status warn\n", "ok: ", "legacy_state text warn"},
      {"status err it is broken\n", "ok: it is broken", "legacy_state text err"},
      {"status OK big\n", "ok: OK big", ""},
      {"status critical x\n", "ok: critical x", ""},
      {"status error x\n", "ok: error x", ""},
      {"status warning  x\n", "ok: warning  x", ""},
      {"statusfoo bar\n", "ok: oo bar", ""},
      // state
      {"state available\nmetric a int 1\n", "ok: ", "a i64 1"},
      {"state unavailable\nstatus gone\nmetric a int 1\n", "failed: gone", "a i64 1"},
      {"state unavailable\n", "failed: success", ""},
      {"state available\nstate unavailable\n", "ok: ", ""},
      {"state up\n", kStateForm, ""},
      {"state\n", kStateForm, ""},
      {"metric a int 1\nstate maybe\n", kStateForm, ""},
      // metric
      {"metric a int32 -7\n", "ok: ", "a i64 -7"},
      {"metric a uint32 7 things\n", "ok: ", "a u64 7 things"},
      {"metric a int64 7\nmetric b uint64 8\n", "ok: ", "a i64 7 | b u64 8"},
      {"metric a gauge 11 bytes\n", "ok: ", "a u64 11 bytes counter"},
      {"metric a double 12.5 seconds\n", "ok: ", "a f64 12.5 seconds"},
      {"metric a float 12.5\n", "ok: ", "a f64 12.5"},
      {"metric a string several  words here\n", "ok: ", "a text several words here"},
      {"metric a\tint \t 7\n", "ok: ", "a i64 7"},
      {"metrics a int 1\n", "ok: ", "a i64 1"},
      {"metric a.b.c int 1\n", "ok: ", "c{dimension=a.b} i64 1"},
      {"metric .a int 1\n", "ok: ", ".a i64 1"},
      {"metric a int 1\nmetric b int 2\nmetric a int 3\n", "ok: ", "a i64 3 | b i64 2"},
      {"metric a int\n", kMetricForm, ""},
      {"metric\n", kMetricForm, ""},
      {"metric b int 1\nmetric a int 100 200 bytes\nmetric c int 1\n",
       "failed: Invalid \"<value> [<unit>]\" combination \"100 200 bytes\" for a non-string metric",
       ""},
      {"metric metric1 intfoo 100\n", "failed: Invalid type \"intfoo\" for metric \"metric1\"", ""},
      {"metric a INT 1\n", "failed: Invalid type \"INT\" for metric \"a\"", ""},
      {"metric a bool true\n", "failed: Invalid type \"bool\" for metric \"a\"", ""},
      // timestamp
      {"timestamp 1760000000123\nmetric a int 1\n", "ok: ", "a i64 1"},
      {"timestamp 1760000000123junk\n", "ok: ", ""},
      {"timestamp soon\n", kTimeForm, ""},
      {"timestamp\n", kTimeForm, ""},
      // anything else
      {"some unknown line\n", "failed: Unrecognized line \"some unknown line\"", ""},
      {" metric a int 1\n", "failed: Unrecognized line \" metric a int 1\"", ""},
      {"# comment\n", "failed: Unrecognized line \"# comment\"", ""},
      {"Status x\n", "failed: Unrecognized line \"Status x\"", ""},
      {"metric a int 1\nbad\nstate up\n", "failed: Unrecognized line \"bad\"", ""},
      {"", "ok: ", ""},
  };
  for (const Row& row : kRows) {
    for (const bool strict : {false, true}) {
      const auto& run = strict ? run_strict(row.output) : run_plugin(row.output);
      EXPECT_EQ(verdict_of(run), row.verdict) << row.output << " strict " << strict;
      EXPECT_EQ(samples_of(run), row.samples) << row.output << " strict " << strict;
    }
  }
}

TEST_F(PluginTest, WhatWasMended) {
  const std::string exact =
      "metric a uint64 9007199254740993\nmetric b gauge 18446744073709551615\n";
  const struct {
    std::string output;
    std::string verdict, samples;                // now
    std::string strict_verdict, strict_samples;  // and as it was
  } kRows[] = {
      {"metric a int 1\nmetric b int 2", "ok: ", "a i64 1 | b i64 2", "ok: ", "a i64 1"},
      {"\nmetric a int 1\n", "ok: ", "a i64 1", "failed: Unrecognized line \"\"", ""},
      {"metric a int 1\n  \n", "ok: ", "a i64 1", "failed: Unrecognized line \"  \"", ""},
      {"state available\r\n", "ok: ", "", kStateForm, ""},
      {"status fine\r\nmetric a int 1\r\n", "ok: fine", "a i64 1", "ok: fine\r", "a i64 1"},
      {"status ok fine\r\n", "ok: fine", "legacy_state text ok", "ok: fine",
       "legacy_state text ok"},
      {"metric a int 7\n", "ok: ", "a i64 7", "ok: ", "a i64 7"},
      {"metric a int -5\n", "ok: ", "a i64 -5", "ok: ", "a i64 -5"},
      {"metric a int 12.7\n", "ok: ", "a i64 12", "ok: ", "a i64 12"},
      {"metric a int -12.7\n", "ok: ", "a i64 -12", "ok: ", "a i64 -12"},
      {"metric a int 0x10\n", "ok: ", "a i64 16", "ok: ", "a i64 16"},
      {"metric a int abc\nmetric b int 1\n", "ok: ", "b i64 1", "ok: ", "b i64 1"},
      {"metric a uint32 abc\n", "ok: ", "", "ok: ", "a text abc"},
      {"metric a uint32 -1\n", "ok: ", "", "ok: ", "a text -1"},
      {"metric a uint32 4294967295\n", "ok: ", "a u64 4294967295", "ok: ", "a u64 4294967295"},
      {"metric a uint32 4294967296\n", "ok: ", "", "ok: ", "a text 4294967296"},
      {"metric a int32 -4\n", "ok: ", "a i64 -4", "ok: ", "a i64 -4"},
      {"metric a int32 2147483648\n", "ok: ", "", "ok: ", "a text 2147483648"},
      {"metric a double abc\n", "ok: ", "", "ok: ", "a text abc"},
      {"metric a double nan\n", "ok: ", "", "ok: ", "a text nan"},
      {"metric a float 1e3\n", "ok: ", "a f64 1000", "ok: ", "a f64 1000"},
      {exact, "ok: ", "a u64 9007199254740993 | b u64 18446744073709551615 counter",
       "ok: ", "a u64 9007199254740992 | b u64 0 counter"},
      {"metric a gauge 18446744073709551616\n", "ok: ", "", "ok: ", "a u64 0 counter"},
      {"metric a int 9223372036854775807\n", "ok: ", "a i64 9223372036854775807",
       "ok: ", "a i64 -9223372036854775808"},
      {"metric a int -9223372036854775808\n", "ok: ", "a i64 -9223372036854775808",
       "ok: ", "a i64 -9223372036854775808"},
      {"metric a uint64 -5\n", "ok: ", "", "ok: ", "a u64 18446744073709551611"},
      {"metric a int nan\n", "ok: ", "", "ok: ", "a i64 -9223372036854775808"},
      {"metric a int inf\n", "ok: ", "", "ok: ", "a i64 -9223372036854775808"},
      {"metric a int 1e20\n", "ok: ", "", "ok: ", "a i64 -9223372036854775808"},
  };
  for (const auto& row : kRows) {
    const auto& now = run_plugin(row.output);
    EXPECT_EQ(verdict_of(now), row.verdict) << row.output;
    EXPECT_EQ(samples_of(now), row.samples) << row.output;
    const auto& before = run_strict(row.output);
    EXPECT_EQ(verdict_of(before), row.strict_verdict) << "strict: " << row.output;
    EXPECT_EQ(samples_of(before), row.strict_samples) << "strict: " << row.output;
  }
  EXPECT_THAT(log_, ::testing::Contains(::testing::HasSubstr("metric a: 'abc' is not a number")));
}

TEST_F(PluginTest, TheStatusIsCutAndItsWordIsTheState) {
  EXPECT_EQ(run_plugin("status " + std::string(300, 'x') + "\n").text(), std::string(256, 'x'));
  EXPECT_EQ(health_of(run_plugin("status ok fine\n")), "ok: fine");
  EXPECT_EQ(health_of(run_plugin("status warn\n")), "warn");
  EXPECT_EQ(health_of(run_plugin("status err bad\n")), "critical: bad");
  EXPECT_EQ(run_plugin("status fine\n").health(), metric::Health::none);
}

TEST_F(PluginTest, TheTimestampIsThatOfAllSamples) {
  const auto& run = run_plugin("metric a int 1\ntimestamp 1760000000123\nmetric b string x\n");
  ASSERT_EQ(run.samples().size(), 2u);
  EXPECT_EQ(run.samples().unix_ns(0), 1760000000123000000);
  EXPECT_EQ(run.samples().unix_ns(1), 1760000000123000000);
  EXPECT_EQ(run_plugin("metric a int 1\n").samples().unix_ns(0), 0);
}

TEST_F(PluginTest, ExitCodes) {
  const std::string kOutput = "metric a int 1\n";
  for (const bool strict : {false, true}) {
    const Params params{{"strict", scalar(strict ? "true" : "false")}};
    const auto verdict = [&](const std::string& output, const std::string& code) {
      const auto& run = run_plugin(output, params, code);
      EXPECT_EQ(samples_of(run), "");
      return verdict_of(run);
    };
    EXPECT_EQ(verdict(kOutput, "exit 3"),
              "failed: Plugin exited with non-zero status code (code=3)");
    EXPECT_EQ(verdict("status success\n" + kOutput, "exit 1"),
              "failed: Plugin exited with non-zero status code (code=1)");
    EXPECT_EQ(verdict("status my own words\n" + kOutput, "exit 1"), "failed: my own words");
    EXPECT_EQ(verdict("bad\n", "exit 1"), "failed: Unrecognized line \"bad\"");
    EXPECT_EQ(verdict(kOutput, "kill -9 $$"), "failed: Plugin was ended by SIGKILL");
  }
}

TEST_F(PluginTest, WhatCannotBeStartedHasTheCodeOfOld) {
  const std::string kText = "failed: Plugin exited with non-zero status code (code=-127)";
  check::Check* check = make_plugin("missing.sh");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(verdict_of(collect(*check)), kText);
  EXPECT_THAT(log_, ::testing::Contains(::testing::HasSubstr("missing.sh: No such file")));
  write("plain", "#!/bin/sh\necho status x\n", 0644);
  check = make_plugin("plain");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(verdict_of(collect(*check)), kText);
  EXPECT_THAT(log_, ::testing::Contains(::testing::HasSubstr("plain is not executable")));
}

TEST_F(PluginTest, ABrokenFirstLineIsTheShells) {
  write("ping.sh", "#/usr/sbin/env bash\necho status runs\n");
  check::Check* check = make_plugin("ping.sh");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(verdict_of(collect(*check)), "ok: runs");
}

TEST_F(PluginTest, PathsLieInTheFolder) {
  ASSERT_EQ(::mkdir((plugins_ + "sub").c_str(), 0755), 0);
  write("sub/x.sh", "#!/bin/sh\necho status $1 $2\n");
  for (const std::string& file :
       {std::string("sub/x.sh"), std::string("./sub//x.sh"), plugins_ + "sub/x.sh"}) {
    check::Check* check = make_plugin(file, {{"args", list({"a b", "c"})}});
    ASSERT_NE(check, nullptr) << file;
    EXPECT_EQ(verdict_of(collect(*check)), "ok: a b c") << file;
  }
  EXPECT_THAT(problem_of("../x.sh"), ::testing::HasSubstr("no '..' in it"));
  EXPECT_THAT(problem_of(plugins_ + "../x.sh"), ::testing::HasSubstr("no '..' in it"));
  EXPECT_THAT(problem_of("sub/.."), ::testing::HasSubstr("no '..' in it"));
  EXPECT_THAT(problem_of("/bin/true"), ::testing::HasSubstr("must lie in " + plugins_));
  EXPECT_EQ(make("virgo.plugin", {{"folder", scalar("/tmp")}, {"file", scalar("x")}}), nullptr);
  EXPECT_THAT(problems_[0].text, ::testing::HasSubstr("must end in /"));
  // As it was: joined, whatever it begins with.
  check::Check* check = make_plugin("/sub/x.sh", {{"strict", scalar("true")}});
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check).status(), Status::ok);
}

TEST_F(PluginTest, TheEnvironmentTellsOfTheCheckWithoutItsSecrets) {
  write("env", "#!/bin/sh\nenv | sort | sed -n 's/^RAX_/status /p' | tr '\\n' ' '\n");
  check::Check* check = make_plugin("env", {{"details", map({{"Host", scalar("db1")},
                                                             {"port", scalar("5432")},
                                                             {"password", scalar("x")},
                                                             {"api_token", scalar("x")},
                                                             {"Secret", scalar("x")}})},
                                            {"timeout", scalar("20000")}});
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check).text(),
            "CHECK_ID=virgo.plugin_instance status CHECK_PERIOD=0 status CHECK_TYPE=agent.plugin "
            "status DETAILS_FILE=env status DETAILS_HOST=db1 status DETAILS_PORT=5432 status "
            "DETAILS_TIMEOUT=20000 ");
}

TEST_F(PluginTest, InputIsClosedAndErrorsAreLogged) {
  write("quiet", "#!/bin/sh\nread line && exit 1\necho complaint >&2\necho status done\n");
  check::Check* check = make_plugin("quiet");
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(verdict_of(collect(*check)), "ok: done");
  EXPECT_THAT(log_, ::testing::Contains(::testing::HasSubstr("complaint")));
}

TEST_F(PluginTest, Timeouts) {
  write("slow", "#!/bin/sh\necho metric a int 1\nexec sleep 1000\n");
  const Params kStrict{{"timeout", scalar("60")}, {"strict", scalar("true")}};
  check::Check* check = make_plugin("slow", kStrict);
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(verdict_of(collect(*check)), "timeout: Plugin didn't finish in 0.06 seconds");
  // 60 is a minute, as its author meant: the run's deadline is sooner.
  check = make_plugin("slow", {{"timeout", scalar("60")}});
  ASSERT_NE(check, nullptr);
  const auto& run = collect(*check, milliseconds(400));
  EXPECT_THAT(verdict_of(run),
              ::testing::MatchesRegex("timeout: Plugin didn't finish in 0\\.[0-3][0-9]* seconds"));
  EXPECT_EQ(samples_of(run), "");
}

}  // namespace
}  // namespace virgo::script
