// lua-plugins/nagios.lua, with programs that say what Nagios plugins say.
#include "exec_checks.hpp"

namespace virgo::script {
namespace {

class NagiosTest : public ExecCheckTest {
 protected:
  void SetUp() override { load_shipped("nagios.lua"); }
  // A plugin that prints `output` and ends with `code`.
  RecordedRun& run_plugin(const std::string& output, const std::string& code = "exit 0",
                          const Params& more = {}) {
    Params params{
        {"command", list({"/bin/sh", "-c", "printf '%s' \"$1\"; " + code, "sh", output})}};
    params.insert(params.end(), more.begin(), more.end());
    check::Check* check = make("virgo.nagios", params);
    EXPECT_NE(check, nullptr);
    return collect(*check);
  }
  std::string samples(const std::string& perf) { return samples_of(run_plugin("OK|" + perf)); }
};

TEST_F(NagiosTest, ExitCodesAreStates) {
  const std::tuple<const char*, const char*, const char*> kCases[] = {
      {"exit 0", "ok", "ok: LOAD is so"},
      {"exit 1", "warn: LOAD is so", "ok: LOAD is so"},
      {"exit 2", "critical: LOAD is so", "ok: LOAD is so"},
      {"exit 3", "unknown: LOAD is so", "ok: LOAD is so"},
      {"exit 4", "unknown: it ended with exit code 4: LOAD is so", "ok: LOAD is so"},
      {"exit 127", "unknown: it ended with exit code 127: LOAD is so", "ok: LOAD is so"},
      {"kill -SEGV $$", "unknown: it ended by SIGSEGV: LOAD is so", "ok: LOAD is so"},
  };
  for (const auto& [code, health, verdict] : kCases) {
    const auto& run = run_plugin("LOAD is so\n", code);
    EXPECT_EQ(health_of(run), health) << code;
    EXPECT_EQ(verdict_of(run), verdict) << code;
  }
}

TEST_F(NagiosTest, TextAndPerformanceDataMayHaveSeveralLines) {
  const auto& run = run_plugin(
      "DISK OK - free space: / 3326 MB (56%); | /=2643MB;5948;5958;0;5968\n"
      "/ 15272 MB (77%);\n"
      "/boot 68 MB (69%); | /boot=68MB;88;93;0;98\n"
      "/home=69357MB;253404;253409;0;253414\n");
  EXPECT_EQ(run.text(),
            "DISK OK - free space: / 3326 MB (56%);\n/ 15272 MB (77%);\n/boot 68 MB (69%);");
  EXPECT_EQ(samples_of(run),
            "virgo.nagios.size{label=/} f64 2771386368 By | "
            "virgo.nagios.size{label=/boot} f64 71303168 By | "
            "virgo.nagios.size{label=/home} f64 72726085632 By");
}

TEST_F(NagiosTest, WhoSaysNothingIsTakenByItsErrors) {
  EXPECT_EQ(run_plugin("", "echo broken >&2; exit 3").text(), "broken");
  EXPECT_EQ(run_plugin("", "exit 0").text(), "it said nothing");
}

TEST_F(NagiosTest, UnitsBecomeBaseUnits) {
  const std::pair<const char*, const char*> kCases[] = {
      {"a=1", "virgo.nagios.value{label=a} f64 1"},
      {"a=-1.5", "virgo.nagios.value{label=a} f64 -1.5"},
      {"a=1e3", "virgo.nagios.value{label=a} f64 1000"},
      {"a=.5", "virgo.nagios.value{label=a} f64 0.5"},
      {"a=2s", "virgo.nagios.duration{label=a} f64 2 s"},
      {"a=250ms", "virgo.nagios.duration{label=a} f64 0.25 s"},
      {"a=500000us", "virgo.nagios.duration{label=a} f64 0.5 s"},
      {"a=45%", "virgo.nagios.ratio{label=a} f64 0.45 1"},
      {"a=10B", "virgo.nagios.size{label=a} f64 10 By"},
      {"a=2KB", "virgo.nagios.size{label=a} f64 2048 By"},
      {"a=2MB", "virgo.nagios.size{label=a} f64 2097152 By"},
      {"a=2MiB", "virgo.nagios.size{label=a} f64 2097152 By"},
      {"a=1GB", "virgo.nagios.size{label=a} f64 1073741824 By"},
      {"a=1TB", "virgo.nagios.size{label=a} f64 1099511627776 By"},
      {"a=17c", "virgo.nagios.counter{label=a} f64 17 counter"},
      {"a=20C", "virgo.nagios.value{label=a,uom=C} f64 20"},
      {"a=U", ""},
      {"a=", ""},
      {"a", ""},
      {"", ""},
      {"=1", ""},
  };
  for (const auto& [perf, expected] : kCases) EXPECT_EQ(samples(perf), expected) << perf;
}

TEST_F(NagiosTest, LabelsMayBeQuoted) {
  EXPECT_EQ(samples("'a b'=1 'it''s'=2 '''q'''=3 'x=y'=4 plain=5"),
            "virgo.nagios.value{label=a b} f64 1 | virgo.nagios.value{label=it's} f64 2 | "
            "virgo.nagios.value{label='q'} f64 3 | virgo.nagios.value{label=x=y} f64 4 | "
            "virgo.nagios.value{label=plain} f64 5");
  EXPECT_EQ(samples("a=1 'never closed=2"), "virgo.nagios.value{label=a} f64 1");
  EXPECT_EQ(samples("a=U b=2"), "virgo.nagios.value{label=b} f64 2");
}

TEST_F(NagiosTest, BoundsAreReportedOnRequest) {
  const auto& run =
      run_plugin("OK|a=2KB;10:20;~:30;0;40 b=1;@5:6;;;", "exit 0", {{"bounds", scalar("true")}});
  EXPECT_EQ(samples_of(run),
            "virgo.nagios.size{label=a} f64 2048 By | "
            "virgo.nagios.size{bound=warn,label=a} f64 20480 By | "
            "virgo.nagios.size{bound=crit,label=a} f64 30720 By | "
            "virgo.nagios.size{bound=min,label=a} f64 0 By | "
            "virgo.nagios.size{bound=max,label=a} f64 40960 By | "
            "virgo.nagios.value{label=b} f64 1 | virgo.nagios.value{bound=warn,label=b} f64 6");
}

TEST_F(NagiosTest, RangesAreJudgedOnRequest) {
  const std::pair<const char*, const char*> kCases[] = {
      {"a=10;10", "ok"},
      {"a=10.1;10", "warn: a is 10.1 (warn 10)"},
      {"a=-1;10", "warn: a is -1 (warn 10)"},
      {"a=9;10:", "warn: a is 9 (warn 10:)"},
      {"a=10;10:", "ok"},
      {"a=1e9;10:", "ok"},
      {"a=-99;~:10", "ok"},
      {"a=11;~:10", "warn: a is 11 (warn ~:10)"},
      {"a=9;10:20", "warn: a is 9 (warn 10:20)"},
      {"a=20;10:20", "ok"},
      {"a=21;10:20", "warn: a is 21 (warn 10:20)"},
      {"a=10;@10:20", "warn: a is 10 (warn @10:20)"},
      {"a=20;@10:20", "warn: a is 20 (warn @10:20)"},
      {"a=21;@10:20", "ok"},
      {"a=50%;40;60", "warn: a is 50% (warn 40)"},
      {"a=70%;40;60", "critical: a is 70% (critical 60)"},
      {"a=70;;60", "critical: a is 70 (critical 60)"},
      {"a=70;;", "ok"},
      {"a=70;junk;x:y", "ok"},
  };
  for (const auto& [perf, expected] : kCases)
    EXPECT_EQ(
        health_of(run_plugin(std::string("T|") + perf, "exit 0", {{"judge", scalar("true")}})),
        expected)
        << perf;
  EXPECT_EQ(health_of(run_plugin("T|a=70;40;60")), "ok") << "not asked to judge";
}

TEST_F(NagiosTest, WhatCannotRunIsUnknownAndSaysWhy) {
  check::Check* check = make("virgo.nagios", {{"command", list({"/nowhere/check_x"})}});
  ASSERT_NE(check, nullptr);
  const auto& missing = collect(*check);
  EXPECT_EQ(verdict_of(missing), "failed: /nowhere/check_x: No such file or directory");
  EXPECT_EQ(health_of(missing), "unknown: /nowhere/check_x: No such file or directory");

  check = make("virgo.nagios", {{"command", list({"/bin/sleep", "1000"})}});
  ASSERT_NE(check, nullptr);
  const auto& late = collect(*check, milliseconds(300));
  EXPECT_EQ(late.status(), Status::timeout);
  EXPECT_THAT(health_of(late), ::testing::StartsWith("unknown: /bin/sleep: still ran after"));

  EXPECT_EQ(make("virgo.nagios", {}), nullptr);
  config::Node words = list({"/bin/sh", "-c", "echo $1 $2", "sh", "true", "007"});
  for (config::Node& word : words.items) word.quoted = false;
  check = make("virgo.nagios", {{"command", words}});
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check).text(), "true 007");
}

TEST_F(NagiosTest, ThePluginsEnvironmentCanBeSet) {
  check::Check* check = make(
      "virgo.nagios", {{"command", list({"/bin/sh", "-c", "echo $A $PERL5LIB"})},
                       {"env", map({{"A", scalar("of mine")}, {"PERL5LIB", scalar("/too")}})}});
  ASSERT_NE(check, nullptr);
  EXPECT_EQ(collect(*check).text(), "of mine /too");
}

TEST_F(NagiosTest, OutputWithoutEndIsBounded) {
  const auto& run = run_plugin("x|", "head -c 1000000 /dev/zero | tr '\\0' ' '; exit 1");
  EXPECT_EQ(health_of(run), "warn: x");
  EXPECT_THAT(log_, ::testing::Contains(::testing::HasSubstr("cut after 64 KiB")));
}

}  // namespace
}  // namespace virgo::script
