// The configuration as plugins read it.
#include "native/config_view.hpp"

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using testing::HasSubstr;

class View : public NativeTest {
 protected:
  View() {
    script.params = {{"text", "\"hello: you\"", nullptr, VIRGO_PARAM_TEXT, 0},
                     {"flag", "true", nullptr, VIRGO_PARAM_BOOL, 0},
                     {"every", "90s", nullptr, VIRGO_PARAM_DURATION, 0},
                     {"room", "64MiB", nullptr, VIRGO_PARAM_SIZE, 0},
                     {"list", "[a, b]", nullptr, VIRGO_PARAM_LIST, 0},
                     {"map", "{k: {inner: 1.5}}", nullptr, VIRGO_PARAM_MAP, 0},
                     {"number", nullptr, nullptr, VIRGO_PARAM_NUMBER, 0}};
  }
  // Configures with `yaml` (a flow map, or "" for no params at all) and looks at
  // it with `look`. Returns what is wrong, one line each.
  std::vector<std::string> configure(
      const std::string& yaml,
      std::function<virgo_status(const virgo_config_api&, const virgo_config*)> look) {
    script.configure = [look](const virgo_host* h, const virgo_config* root) {
      return look(*h->config, root);
    };
    config::CheckSpec s = spec("test.scripted");
    s.where = {std::make_shared<const std::string>("agent.yaml"), 7, 3};
    if (!yaml.empty())
      s.params =
          config::parse("\n\nv: " + yaml, "agent.yaml", config::process_sources()).root.items.at(0);
    if (types.empty()) add(script);
    config::Problems problems;
    auto check = types[0]->create(s, problems);
    EXPECT_EQ(check == nullptr, !problems.empty());
    std::vector<std::string> out;
    for (const auto& p : problems) out.push_back(config::to_string(p));
    return out;
  }
  static std::string text(const virgo_config_api& c, const virgo_config* node,
                          const char* fallback = "?") {
    const virgo_str s = c.as_text(node, virgo_cstr(fallback));
    return std::string(s.ptr, s.len);
  }
  ScriptedModule script{VIRGO_ON_LOOP};
};

TEST_F(View, DefaultsStandInForWhatIsAbsent) {
  for (const char* yaml : {"", "{}", "{text: null, list: ~}"})
    EXPECT_TRUE(configure(yaml, [](const virgo_config_api& c, const virgo_config* root) {
                  const auto get = [&](const char* key) { return c.get(root, virgo_cstr(key)); };
                  EXPECT_EQ(c.kind(root), uint32_t{VIRGO_NODE_MAP});
                  EXPECT_EQ(text(c, get("text")), "hello: you");
                  EXPECT_EQ(c.as_bool(get("flag"), 0), 1);
                  EXPECT_EQ(c.as_duration(get("every"), 0), 90'000'000'000u);
                  EXPECT_EQ(c.as_size(get("room"), 0), 64u << 20);
                  EXPECT_EQ(c.kind(get("list")), uint32_t{VIRGO_NODE_LIST});
                  EXPECT_EQ(c.size(get("list")), 2u);
                  EXPECT_EQ(text(c, c.at(get("list"), 1)), "b");
                  EXPECT_EQ(c.kind(get("map")), uint32_t{VIRGO_NODE_MAP});
                  const virgo_config* k = c.get(get("map"), virgo_cstr("k"));
                  EXPECT_EQ(c.as_f64(c.get(k, virgo_cstr("inner")), 0), 1.5);
                  EXPECT_EQ(get("number"), nullptr);
                  EXPECT_EQ(c.as_f64(get("number"), 2.5), 2.5);
                  EXPECT_EQ(get("undeclared"), nullptr);
                  return VIRGO_OK;
                }).empty());
}

TEST_F(View, WhatIsWrittenIsRead) {
  const char* yaml =
      "{text: 12, flag: false, every: 1h, room: 512, list: [], map: {x: y, z: [1]}, number: 3}";
  EXPECT_TRUE(configure(yaml, [](const virgo_config_api& c, const virgo_config* root) {
                const auto get = [&](const char* key) { return c.get(root, virgo_cstr(key)); };
                EXPECT_EQ(c.size(root), 7u);
                EXPECT_EQ(std::string(c.key_at(root, 1).ptr, c.key_at(root, 1).len), "flag");
                EXPECT_EQ(text(c, get("text")), "12");
                EXPECT_EQ(c.as_i64(get("text"), 0), 12);
                EXPECT_EQ(c.as_bool(get("flag"), 1), 0);
                EXPECT_EQ(c.as_duration(get("every"), 0), 3'600'000'000'000u);
                EXPECT_EQ(c.as_size(get("room"), 0), 512u);
                EXPECT_EQ(c.size(get("list")), 0u);
                EXPECT_EQ(c.as_f64(get("number"), 0), 3.0);
                const virgo_config* z = c.get(get("map"), virgo_cstr("z"));
                EXPECT_EQ(c.as_i64(c.at(z, 0), 0), 1);
                EXPECT_EQ(c.get(get("map"), virgo_cstr("text")), nullptr)
                    << "defaults are the root's";
                EXPECT_EQ(c.at(root, 0), get("text")) << "one node, one pointer";
                return VIRGO_OK;
              }).empty());
}

TEST_F(View, NullAndWrongKindsGiveTheFallback) {
  configure("{list: [1], map: {a: 1}}", [](const virgo_config_api& c, const virgo_config* root) {
    const virgo_config* list = c.get(root, virgo_cstr("list"));
    const virgo_config* map = c.get(root, virgo_cstr("map"));
    const virgo_config* word = c.get(root, virgo_cstr("text"));
    const virgo_config* absent = nullptr;
    for (const virgo_config* node : {list, map, word, absent}) {
      EXPECT_EQ(c.as_bool(node, 5), 5);
      EXPECT_EQ(c.as_i64(node, -3), -3);
      EXPECT_EQ(c.as_f64(node, 0.25), 0.25);
      EXPECT_EQ(c.as_duration(node, 77), 77u);
      EXPECT_EQ(c.as_size(node, 78), 78u);
      EXPECT_EQ(c.at(node, 1000), nullptr);
      EXPECT_EQ(c.key_at(node, 1000).ptr, nullptr);
      EXPECT_EQ(text(c, node), node == word ? "hello: you" : "?");
    }
    EXPECT_EQ(c.get(nullptr, virgo_cstr("x")), nullptr);
    EXPECT_EQ(c.get(list, virgo_cstr("x")), nullptr);
    EXPECT_EQ(c.get(word, virgo_cstr("x")), nullptr);
    EXPECT_EQ(c.get(root, {nullptr, 0}), nullptr);
    EXPECT_EQ(c.size(nullptr), 0u);
    EXPECT_EQ(c.size(word), 0u);
    EXPECT_EQ(c.key_at(list, 0).len, 0u);
    EXPECT_EQ(c.kind(nullptr), uint32_t{VIRGO_NODE_NONE});
    c.reject(nullptr, virgo_cstr("nobody"));
    return VIRGO_OK;
  });
}

TEST_F(View, RejectionsCarryPlaceAndPath) {
  const auto problems = configure(
      "{text: x, list: [a, b], map: {k: v}}",
      [](const virgo_config_api& c, const virgo_config* root) {
        c.reject(c.get(root, virgo_cstr("text")), virgo_cstr("not absolute"));
        c.reject(c.at(c.get(root, virgo_cstr("list")), 1), virgo_cstr("twice"));
        c.reject(c.get(c.get(root, virgo_cstr("map")), virgo_cstr("k")), virgo_cstr("odd"));
        c.reject(c.get(root, virgo_cstr("every")), virgo_cstr("a default"));
        return VIRGO_OK;  // does not help
      });
  EXPECT_THAT(problems, testing::ElementsAre("agent.yaml:3:11: checks[0].params.text: not absolute",
                                             "agent.yaml:3:24: checks[0].params.list[1]: twice",
                                             "agent.yaml:3:37: checks[0].params.map.k: odd",
                                             "agent.yaml:7:3: checks[0].params.every: a default"));
}

TEST_F(View, ReasonsAreCleanedAndCut) {
  const std::string huge(5000, 'x');
  const auto problems = configure("", [&](const virgo_config_api& c, const virgo_config* root) {
    c.reject(root, virgo_cstr("a\nb\x1b[31m\xff"));
    c.reject(root, {huge.data(), huge.size()});
    c.reject(root, {nullptr, 0});
    return VIRGO_OK;
  });
  ASSERT_EQ(problems.size(), 3u);
  EXPECT_EQ(problems[0], "agent.yaml:7:3: checks[0].params: a b [31m\xef\xbf\xbd");
  EXPECT_LT(problems[1].size(), 1100u);
  EXPECT_THAT(problems[2], HasSubstr("refused by the check"));
}

TEST_F(View, AFloodOfRejectionsIsBounded) {
  const auto problems = configure("", [](const virgo_config_api& c, const virgo_config* root) {
    for (int i = 0; i < 100'000; ++i) c.reject(root, virgo_cstr("no"));
    return VIRGO_ERR_INVALID;
  });
  EXPECT_EQ(problems.size(), 100u);
}

TEST_F(View, AStatusWithoutARejectionIsAProblemOfTheCheck) {
  const auto problems = configure("", [](const virgo_config_api&, const virgo_config*) {
    return virgo_status{VIRGO_ERR_UNSUPPORTED};
  });
  EXPECT_THAT(problems, testing::ElementsAre("agent.yaml:7:3: checks[0]: 'test.scripted' refused "
                                             "its configuration: -3 (unsupported)"));
}

TEST_F(View, AFailingCreateIsAProblemOfTheCheck) {
  bool destroyed = false;
  script.create = [](void**) { return VIRGO_ERR_NO_MEMORY; };
  script.destroyed = [&] { destroyed = true; };
  const auto problems =
      configure("", [](const virgo_config_api&, const virgo_config*) { return VIRGO_OK; });
  EXPECT_THAT(problems, testing::ElementsAre(HasSubstr("could not be created: -4 (no memory)")));
  EXPECT_FALSE(destroyed);
}

}  // namespace
}  // namespace virgo::native
