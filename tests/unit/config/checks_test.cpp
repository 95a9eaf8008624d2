// The list of checks, and drop-ins.
#include "config_world.hpp"

namespace virgo::config {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

std::vector<std::string> names(const AgentSpec& spec) {
  std::vector<std::string> out;
  out.reserve(spec.checks.size());
  for (const CheckSpec& check : spec.checks) out.push_back(check.name);
  return out;
}

TEST(Checks, AreNamesOrMaps) {
  const LoadedText run = load_text(
      "checks:\n  - cpu\n  - name: web\n    type: tcp\n    enabled: false\n    interval: 1m\n"
      "    timeout: 5s\n    splay: 0s\n    params: {port: 80}\n  - {name: a/b:c, type: x.y-z_1}\n");
  ASSERT_THAT(run.problems, IsEmpty());
  const auto& checks = run.loaded.spec.checks;
  ASSERT_EQ(checks.size(), 3u);
  EXPECT_EQ(checks[0].name, "cpu");
  EXPECT_EQ(checks[0].type, "virgo.cpu");
  EXPECT_TRUE(checks[0].enabled);
  EXPECT_EQ(checks[0].interval, 10s);
  EXPECT_EQ(checks[0].timeout, 10s);
  EXPECT_EQ(checks[0].splay, 10s);
  EXPECT_EQ(checks[0].params.kind, NodeKind::null);
  EXPECT_EQ(checks[0].path, "checks[0]");
  EXPECT_EQ(checks[0].where.line, 2);
  EXPECT_EQ(checks[0].where.column, 5);
  EXPECT_EQ(checks[1].type, "virgo.tcp");
  EXPECT_FALSE(checks[1].enabled);
  EXPECT_EQ(checks[1].interval, 1min);
  EXPECT_EQ(checks[1].timeout, 5s);
  EXPECT_EQ(checks[1].splay, 0s);
  EXPECT_EQ(as_int(*checks[1].params.find("port")).value(), 80);
  EXPECT_EQ(checks[2].type, "x.y-z_1");
}

TEST(Checks, TakeTheDefaults) {
  const LoadedText run = load_text(
      "defaults: {interval: 2m, timeout: 40s, splay: 3m}\nchecks: [a, {name: b, interval: 5s}]\n");
  ASSERT_THAT(run.problems, IsEmpty());
  const auto& checks = run.loaded.spec.checks;
  EXPECT_EQ(checks[0].interval, 2min);
  EXPECT_EQ(checks[0].timeout, 40s);
  EXPECT_EQ(checks[0].splay, 2min);  // not longer than the interval
  EXPECT_EQ(checks[1].timeout, 5s);
  EXPECT_EQ(checks[1].splay, 5s);
  EXPECT_EQ(load_text("checks: [{name: a, interval: 1h}]").loaded.spec.checks[0].timeout, 30s);
}

TEST(Checks, TimeoutAndSplayStayWithinTheInterval) {
  EXPECT_THAT(load_text("checks: [{name: a, interval: 5s, timeout: 5s, splay: 5s}]").problems,
              IsEmpty());
  EXPECT_THAT(
      load_text("checks:\n- name: a\n  timeout: 10001ms\n  splay: 11s\n").problems,
      ElementsAre("a.yaml:3:12: checks[0].timeout: is longer than the check's interval of 10s",
                  "a.yaml:4:10: checks[0].splay: is longer than the check's interval of 10s"));
}

TEST(Checks, RefuseWhatIsNoCheck) {
  const LoadedText run = load_text(
      "checks:\n  - [a]\n  - type: cpu\n  - {name: a b}\n  - {name: c, type: x/y}\n  - x:y\n"
      "  -\n  - {name: d, params: 3}\n  - {name: e, enabled: yes}\n  - ''\n  - {name: f, timeout: "
      "5}\n"
      "  - {name: g, type: ''}\n");
  EXPECT_THAT(
      run.problems,
      ElementsAre(StartsWith("a.yaml:2:5: checks[0]: expected a check"),
                  StartsWith("a.yaml:3:5: checks[1]: 'name' is missing"),
                  StartsWith("a.yaml:4:12: checks[2].name: may consist of"),
                  StartsWith("a.yaml:5:21: checks[3].type: may consist of"),
                  AllOf(StartsWith("a.yaml:6:5: checks[4]: 'type' is missing"), HasSubstr("x:y")),
                  AllOf(HasSubstr("checks[5]: expected a check")),
                  StartsWith("a.yaml:8:23: checks[6].params: expected a map"),
                  StartsWith("a.yaml:9:24: checks[7].enabled: expected true or false"),
                  StartsWith("a.yaml:10:5: checks[8].name: must not be empty"),
                  StartsWith("a.yaml:11:24: checks[9].timeout: '5' is not a duration"),
                  StartsWith("a.yaml:12:21: checks[10].type: must not be empty")));
}

TEST(Checks, NamesHaveALength) {
  const std::string longest(128, 'n');
  EXPECT_THAT(load_text("checks: [" + longest + "]").problems, IsEmpty());
  EXPECT_THAT(load_text("checks: [" + longest + "n]").problems,
              ElementsAre(HasSubstr("checks[0].name: is longer than 128 bytes")));
}

TEST(Checks, NamesAreUnique) {
  const LoadedText run =
      load_text("checks:\n  - cpu\n  - {name: cpu, type: other, enabled: false}\n");
  ASSERT_THAT(run.problems, SizeIs(1));
  EXPECT_THAT(run.problems[0],
              AllOf(StartsWith("a.yaml:3:12: checks[1].name: the name 'cpu' is taken "
                               "already at "),
                    HasSubstr("a.yaml:2:5")));
}

std::string many_checks(std::size_t from, std::size_t to) {
  std::string out = "checks:\n";
  for (std::size_t i = from; i < to; ++i) out += "- c" + std::to_string(i) + "\n";
  return out;
}

TEST(Checks, AtMostTenThousand) {
  const LoadedText exact = load_text(many_checks(0, kMaxChecks));
  EXPECT_THAT(exact.problems, IsEmpty());
  EXPECT_THAT(exact.loaded.spec.checks, SizeIs(kMaxChecks));
  EXPECT_THAT(load_text(many_checks(0, kMaxChecks + 5)).problems,
              ElementsAre("a.yaml:10002:3: checks: more than 10000 checks in all files together"));
}

TEST(Checks, SameCheckIgnoresPlaces) {
  const auto first = [](const char* text) { return load_text(text).loaded.spec.checks.at(0); };
  const CheckSpec a = first("checks: [{name: a, params: {x: 1}}]");
  EXPECT_TRUE(same_check(a, first("\nchecks:\n- type: virgo.a\n  name: a\n  params:\n    x: 1\n")));
  EXPECT_FALSE(same_check(a, first("checks: [{name: a, params: {x: 2}}]")));
  EXPECT_FALSE(same_check(a, first("checks: [{name: a, interval: 11s, params: {x: 1}}]")));
}

// Drop-ins

TEST(DropIns, AreReadInByteOrder) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "defaults: {interval: 3s}\nchecks: [main]\n");
  folder.write("conf.d/b.yaml", "checks: [b]\n");
  folder.write("conf.d/B.yaml", "checks: [{name: B, params: {f: '${file:x}'}}]\n");
  folder.write("conf.d/x", "of conf.d\n");
  folder.write("conf.d/a.yaml", "checks: [a, a2]\n");
  folder.write("conf.d/.hidden.yaml", "nonsense");
  folder.write("conf.d/readme.txt", "nonsense");
  folder.write("conf.d/a.yaml~", "nonsense");
  const Loaded loaded = load(file, with({}));
  EXPECT_THAT(texts(loaded.problems), IsEmpty());
  EXPECT_THAT(loaded.spec.failed_drop_ins, IsEmpty());
  EXPECT_THAT(names(loaded.spec), ElementsAre("main", "B", "a", "a2", "b"));
  EXPECT_EQ(loaded.spec.checks[4].interval, 3s);
  EXPECT_EQ(loaded.spec.checks[1].params.find("f")->text, "of conf.d");
  EXPECT_EQ(to_string(loaded.spec.checks[4].where), folder.path("conf.d/b.yaml:1:10"));
  EXPECT_THAT(loaded.spec.files, SizeIs(4));
}

TEST(DropIns, OneThatIsWrongDisablesOnlyItsOwnChecks) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "checks: [main]\n");
  folder.write("conf.d/a.yaml", "checks: [good, {name: bad, intervall: 1s}]\n");
  folder.write("conf.d/b.yaml", "checks: [good]\nendpoint: {}\n");
  folder.write("conf.d/c.yaml", "checks: [good]\n");
  folder.write("conf.d/d.yaml", "checks: [other, good]\n");
  folder.write("conf.d/e.yaml", "checks: [main]\n");
  folder.write("conf.d/f.yaml", "checks: [f\n");
  folder.write("conf.d/g.yml", "checks: [g]\n");
  folder.write("conf.d/h h.yaml", "");
  folder.write("conf.d/i.yaml", "{}");
  const Loaded loaded = load(file, with({}));
  EXPECT_THAT(texts(loaded.problems), IsEmpty());
  EXPECT_THAT(names(loaded.spec), ElementsAre("main", "good"));
  std::vector<std::string> failed;
  for (const FailedDropIn& f : loaded.spec.failed_drop_ins) {
    ASSERT_THAT(f.problems, SizeIs(1)) << f.name;
    std::string text = to_string(f.problems[0]);
    text.erase(0, folder.path("").size());
    failed.push_back(f.name + " | " + text);
  }
  EXPECT_THAT(
      failed,
      ElementsAre(AllOf(StartsWith(
                      "conf.d/a.yaml | conf.d/a.yaml:1:28: checks[1]: unknown key 'intervall'")),
                  AllOf(StartsWith("conf.d/b.yaml | conf.d/b.yaml:2:1: unknown key 'endpoint'"),
                        HasSubstr("checks")),
                  AllOf(StartsWith("conf.d/d.yaml | conf.d/d.yaml:1:17: checks[1].name"),
                        HasSubstr("conf.d/c.yaml:1:10")),
                  AllOf(StartsWith("conf.d/e.yaml | "), HasSubstr("agent.yaml:1:10")),
                  StartsWith("conf.d/f.yaml | conf.d/f.yaml:1:"),
                  "conf.d/g.yml | conf.d/g.yml: is not read: rename it to .yaml",
                  StartsWith("conf.d/h_h.yaml | conf.d/h h.yaml:1:1: the file holds nothing"),
                  StartsWith("conf.d/i.yaml | conf.d/i.yaml:1:1: 'checks' is missing")));
}

TEST(DropIns, OddFilesFailWithoutWaiting) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "checks: []\n");
  folder.write("conf.d/dir.yaml/x", "");
  ASSERT_EQ(mkfifo(folder.path("conf.d/pipe.yaml").c_str(), 0600), 0);
  ASSERT_EQ(symlink("nowhere", folder.path("conf.d/link.yaml").c_str()), 0);
  const Loaded loaded = load(file, with({}));
  EXPECT_THAT(texts(loaded.problems), IsEmpty());
  ASSERT_THAT(loaded.spec.failed_drop_ins, SizeIs(3));
  EXPECT_THAT(loaded.spec.failed_drop_ins[0].problems[0].text, HasSubstr("is a directory"));
  EXPECT_THAT(loaded.spec.failed_drop_ins[1].problems[0].text, HasSubstr("No such file"));
  EXPECT_THAT(loaded.spec.failed_drop_ins[2].problems[0].text, HasSubstr("is a FIFO"));
}

TEST(DropIns, TheFolderCanBeNamed) {
  const Folder folder;
  folder.write("conf.d/a.yaml", "checks: [default]\n");
  folder.write("more/a.yaml", "checks: [named]\n");
  folder.write("more/b.yaml", "x");
  folder.write("file", "");
  const auto run = [&](const std::string& value) {
    return load(folder.write("agent.yaml", "checks: []\nconf_d: " + value + "\n"), with({}));
  };
  EXPECT_THAT(names(run("more").spec), ElementsAre("named"));
  EXPECT_THAT(names(run(folder.path("more/")).spec), ElementsAre("named"));
  EXPECT_EQ(run("more").spec.failed_drop_ins.at(0).name, "more/b.yaml");
  EXPECT_THAT(names(run("''").spec), IsEmpty());
  EXPECT_THAT(texts(run("gone").problems),
              ElementsAre(AllOf(StartsWith(folder.path("agent.yaml:2:9: conf_d: ")),
                                HasSubstr("No such file"))));
  EXPECT_THAT(texts(run("file").problems), ElementsAre(HasSubstr("is not a directory")));
  EXPECT_THAT(texts(run("[x]").problems), ElementsAre(HasSubstr("conf_d: expected text")));
}

TEST(DropIns, ADefaultFolderThatIsNoneIsAProblem) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "checks: []\n");
  EXPECT_THAT(load(file, with({})).problems, IsEmpty());
  folder.write("conf.d", "");
  EXPECT_THAT(
      texts(load(file, with({})).problems),
      ElementsAre(AllOf(StartsWith(folder.path("conf.d: ")), HasSubstr("is not a directory"))));
}

TEST(DropIns, AtMostAThousand) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "checks: []\n");
  for (std::size_t i = 0; i < kMaxDropIns; ++i)
    folder.write("conf.d/" + std::to_string(i) + ".yaml", "checks: [c" + std::to_string(i) + "]\n");
  const Loaded exact = load(file, with({}));
  EXPECT_THAT(texts(exact.problems), IsEmpty());
  EXPECT_THAT(exact.spec.checks, SizeIs(kMaxDropIns));
  folder.write("conf.d/more.yaml", "checks: [more]\n");
  EXPECT_THAT(texts(load(file, with({})).problems),
              ElementsAre(folder.path("conf.d: more than 1000 drop-in files")));
}

TEST(DropIns, ShareTheLimitOnChecks) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", many_checks(0, kMaxChecks - 2));
  folder.write("conf.d/a.yaml", "checks: [x1, x2, x3]\n");
  folder.write("conf.d/b.yaml", "checks: [y1, y2]\n");
  const Loaded loaded = load(file, with({}));
  EXPECT_THAT(loaded.spec.checks, SizeIs(kMaxChecks));
  ASSERT_THAT(loaded.spec.failed_drop_ins, SizeIs(1));
  EXPECT_EQ(
      to_string(loaded.spec.failed_drop_ins[0].problems.at(0)),
      folder.path("conf.d/a.yaml:1:18: checks: more than 10000 checks in all files together"));
}

TEST(DropIns, ProblemsOfTheMainFileDoNotHideTheirs) {
  const Folder folder;
  const std::string file = folder.write("agent.yaml", "agent: {idd: x}\n");
  folder.write("conf.d/a.yaml", "check: [a]\n");
  const Loaded loaded = load(file, with({}));
  EXPECT_THAT(loaded.problems, SizeIs(1));
  EXPECT_THAT(loaded.spec.failed_drop_ins, SizeIs(1));
}

}  // namespace
}  // namespace virgo::config
