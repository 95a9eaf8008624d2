// What configure() is given, and what never reaches it.
#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

struct FakeConfig : ::testing::Test {
  Host host;
  Scripted script;
  const virgo_config_api* api = host.table()->config;
  const virgo_config* get(const virgo_config* map, const std::string& key) {
    return api->get(map, str(key));
  }
  std::string text(const virgo_config* node) {
    return std::string(detail::view(api->as_text(node, virgo_cstr("(none)"))));
  }
};

TEST_F(FakeConfig, ValuesOfEveryTypeAndTheirDefaults) {
  script.params = {{"path", nullptr, nullptr, VIRGO_PARAM_TEXT, VIRGO_PARAM_IS_REQUIRED},
                   {"every", "10s", nullptr, VIRGO_PARAM_DURATION, 0},
                   {"size", "64MiB", nullptr, VIRGO_PARAM_SIZE, 0},
                   {"deep", "true", nullptr, VIRGO_PARAM_BOOL, 0},
                   {"count", nullptr, nullptr, VIRGO_PARAM_INT, 0},
                   {"share", nullptr, nullptr, VIRGO_PARAM_NUMBER, 0},
                   {"mounts", "[/, '/my, disk']", nullptr, VIRGO_PARAM_LIST, 0},
                   {"names", "{a: x, b: [1, 2]}", nullptr, VIRGO_PARAM_MAP, 0}};
  script.configure = [&](const virgo_config* root) {
    EXPECT_EQ(text(get(root, "path")), "/tmp");
    EXPECT_EQ(api->as_duration(get(root, "every"), 0), 500000000u);
    EXPECT_EQ(api->as_size(get(root, "size"), 0), 64u << 20);
    EXPECT_EQ(api->as_bool(get(root, "deep"), 0), 1);
    EXPECT_EQ(api->as_i64(get(root, "count"), 0), -7);
    EXPECT_EQ(api->as_f64(get(root, "share"), 0), 0.25);
    const virgo_config* mounts = get(root, "mounts");
    EXPECT_EQ(api->kind(mounts), uint32_t{VIRGO_NODE_LIST});
    EXPECT_EQ(api->size(mounts), 2u);
    EXPECT_EQ(text(api->at(mounts, 1)), "/my, disk");
    EXPECT_EQ(api->at(mounts, 2), nullptr);
    const virgo_config* names = get(root, "names");
    EXPECT_EQ(detail::view(api->key_at(names, 1)), "b");
    EXPECT_EQ(api->as_i64(api->at(get(names, "b"), 1), 0), 2);
    EXPECT_EQ(get(root, "nothing"), nullptr);
    EXPECT_EQ(api->as_i64(nullptr, 5), 5);
    EXPECT_EQ(api->as_i64(mounts, 5), 5) << "a list is no number";
    return VIRGO_OK;
  };
  Check check(host, script.type());
  EXPECT_TRUE(
      check.configure({{"path", "/tmp"}, {"every", "500ms"}, {"count", -7}, {"share", 0.25}}))
      << check.problems_text();
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(FakeConfig, AWrongConfigurationDoesNotReachTheCheck) {
  script.params = {{"path", nullptr, nullptr, VIRGO_PARAM_TEXT, VIRGO_PARAM_IS_REQUIRED},
                   {"every", "10s", nullptr, VIRGO_PARAM_DURATION, 0},
                   {"deep", nullptr, nullptr, VIRGO_PARAM_BOOL, 0},
                   {"mounts", nullptr, nullptr, VIRGO_PARAM_LIST, 0}};
  script.configure = [](const virgo_config*) {
    ADD_FAILURE() << "called";
    return VIRGO_OK;
  };
  Check check(host, script.type());
  EXPECT_FALSE(check.configure(
      {{"evry", "1s"}, {"every", "1 second"}, {"deep", quoted("true")}, {"mounts", "/"}}));
  EXPECT_THAT(
      check.problems(),
      ElementsAre(
          Problem{"params", "'test.scripted' has no parameter 'evry', did you mean 'every'?"},
          Problem{"params.every",
                  "'1 second' is not a duration: write a number and a unit (ns, us, ms, s, m, h, "
                  "d), as in 10s or 500ms"},
          Problem{"params.deep", "expected true or false, found the quoted text 'true'"},
          Problem{"params.mounts", "must be a list"},
          Problem{"params", "parameter 'path' (text) of 'test.scripted' is required"}));
}

TEST_F(FakeConfig, WhatTheCheckRejectsHasItsPlace) {
  script.params = {{"mounts", "[]", nullptr, VIRGO_PARAM_LIST, 0}};
  script.configure = [&](const virgo_config* root) {
    api->reject(api->at(get(root, "mounts"), 1), virgo_cstr("is not absolute"));
    api->reject(root, virgo_cstr("too few"));
    return VIRGO_OK;
  };
  Check check(host, script.type());
  EXPECT_FALSE(check.configure({{"mounts", list({"/", "home"})}}));
  EXPECT_EQ(check.problems_text(), "params.mounts[1]: is not absolute\nparams: too few\n");
  script.configure = [](const virgo_config*) { return virgo_status{VIRGO_ERR_NO_MEMORY}; };
  EXPECT_FALSE(check.configure());
  EXPECT_EQ(check.problems_text(), "params: configure() answered -4 (no memory)\n");
}

TEST_F(FakeConfig, AllOnOneLine) {
  script.params = {{"a", nullptr, nullptr, VIRGO_PARAM_TEXT, 0},
                   {"b", nullptr, nullptr, VIRGO_PARAM_LIST, 0}};
  script.configure = [&](const virgo_config* root) {
    EXPECT_EQ(text(get(root, "a")), "say \"hi\"");
    EXPECT_EQ(api->as_f64(api->at(get(root, "b"), 1), 0), 2.5);
    return VIRGO_OK;
  };
  Check check(host, script.type());
  EXPECT_TRUE(check.configure(*parse(R"({a: "say \"hi\"", b: [1, 2.5]})")));
  for (const char* bad : {"{a: 1", "[1, 2", "{a: 1}}", "'open", "{a: 1, a: 2}", "&anchor x"})
    EXPECT_FALSE(parse(bad)) << bad;
  EXPECT_EQ(parse("http://x:80/, y")->text, "http://x:80/, y");
}

TEST_F(FakeConfig, ASecondConfigurationIsANewInstanceUnlessTheCheckSaysOtherwise) {
  int destroyed = 0;
  script.destroy = [&] { ++destroyed; };
  {
    Check check(host, script.type());
    check.configure();
    check.configure();
    EXPECT_EQ(destroyed, 1);
  }
  Scripted lasting(VIRGO_ON_LOOP, VIRGO_CHECK_RECONFIGURES);
  lasting.destroy = [&] { destroyed += 10; };
  Check check(host, lasting.type());
  check.configure();
  check.configure();
  EXPECT_EQ(destroyed, 2);
}

TEST_F(FakeConfig, ADefaultThatDoesNotFitIsMisuse) {
  script.params = {{"every", "soon", nullptr, VIRGO_PARAM_DURATION, 0},
                   {"list", "[1, 2", nullptr, VIRGO_PARAM_LIST, 0}};
  const Check check(host, script.type());
  EXPECT_THAT(host.misuse(),
              ElementsAre(HasSubstr("the default of parameter 'every' of 'test.scripted' does not "
                                    "fit its type: 'soon' is not a duration"),
                          HasSubstr("'list' of 'test.scripted' does not fit its type: it is not "
                                    "YAML")));
}

}  // namespace
}  // namespace virgo::fake
