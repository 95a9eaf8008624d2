// What virgo/plugin.hpp makes of a class: its optional parts, and what it refuses.
#include <stdexcept>
#include <string>
#include <virgo/plugin.hpp>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

// Has nothing but what it must.
struct Bare {
  static constexpr const char* kName = "test.bare";
  static constexpr const char* kSummary = "Reports what is not declared.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  explicit Bare(sdk::Host) {}
  void collect(sdk::Run run) {
    virgo_sample s{};
    s.metric = VIRGO_UNDECLARED;
    s.name = virgo_cstr("test.bare");
    sdk::Run::set(s, 1);
    run.emit(&s, 1);
  }
};

std::string calls;  // of load() and unload()

struct First : Bare {
  static constexpr const char* kName = "test.first";
  using Bare::Bare;
  static void load(sdk::Host) { calls += "load 1,"; }
  static void unload() noexcept { calls += "unload 1,"; }
};
struct Second : Bare {
  static constexpr const char* kName = "test.second";
  using Bare::Bare;
  static virgo_status load(sdk::Host module) {
    module.log(VIRGO_LOG_INFO, "loading");
    calls += "load 2,";
    if (refuse) throw std::runtime_error("the library is too old");
    return VIRGO_OK;
  }
  static void unload() { calls += "unload 2,"; }
  static inline bool refuse = false;
};

struct Asking : Bare {
  static constexpr const char* kName = "test.asking";
  static constexpr virgo_param kParams[] = {
      sdk::param("path", VIRGO_PARAM_TEXT, nullptr, "A file."),
      sdk::param("server", VIRGO_PARAM_MAP, nullptr, "A map."),
      sdk::param("mounts", VIRGO_PARAM_LIST, "[]", "A list.")};
  using Bare::Bare;
  void configure(sdk::Config root) {
    EXPECT_FALSE(root["path"]);
    root["path"].reject("must be an absolute path");
    root["server"]["tls"]["key"].reject("is needed");
    root["mounts"].at(1204).reject("is needed too");
    root["server"].reject("is wrong");
    root[std::string(200, 'x') + "\xc3\xa4"].reject(std::string(2000, 'y') + "\xc3\xa4");
  }
};

struct CppCheck : ::testing::Test {
  Host host;
};

TEST_F(CppCheck, WhatIsAbsentIsRejectedWhereItShouldBe) {
  Check check(host, sdk::detail::type_of<Asking>);
  EXPECT_FALSE(check.configure(*parse("{server: {port: 1}}")));
  ASSERT_EQ(check.problems().size(), 5u);
  const std::vector<Problem>& found = check.problems();
  EXPECT_EQ(found[0], (Problem{"params", "path: must be an absolute path"}));
  EXPECT_EQ(found[1], (Problem{"params.server", "tls.key: is needed"}));
  EXPECT_EQ(found[2], (Problem{"params.mounts", "[1204]: is needed too"}));
  EXPECT_EQ(found[3], (Problem{"params.server", "is wrong"}));
  EXPECT_EQ(found[4].text.substr(0, 100), std::string(96, 'x') + ": yy");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppCheck, MetricsAreOptional) {
  Check check(host, sdk::detail::type_of<Bare>);
  EXPECT_EQ(check.collect().i64("test.bare"), 1);
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppCheck, TheModuleIsLoadedAndUnloadedByItsClasses) {
  constexpr virgo_module kModule =
      sdk::detail::module<Bare, First, Second>("test", "1", nullptr, 0);
  static_assert(sdk::detail::module<Bare>("test", "1", nullptr, 0).load == nullptr);
  static_assert(sdk::detail::module<Bare>("test", "1", nullptr, 0).unload == nullptr);
  calls.clear();
  {
    Host other;
    const Check check(other, &kModule, "test.bare");
    EXPECT_EQ(calls, "load 1,load 2,");
    ASSERT_EQ(other.log().size(), 1u);
    EXPECT_EQ(other.log()[0].check, "");
  }
  EXPECT_EQ(calls, "load 1,load 2,unload 1,unload 2,");
  calls.clear();
  Second::refuse = true;
  EXPECT_THROW(Check(host, &kModule, "test.bare"), std::logic_error);
  Second::refuse = false;
  EXPECT_EQ(calls, "load 1,load 2,unload 1,");
  EXPECT_EQ(host.log().back().text, "the library is too old");
}

// What the compiler is asked before it refuses a class.
namespace detail = sdk::detail;

struct WrongCancel : Bare {
  void cancel(int) {}
};
class HiddenCancel : public Bare {
  void cancel(sdk::Run) {}
};
struct WrongConfigure : Bare {
  void configure() {}
};
class Hidden : public Bare {
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;
};
struct WrongArrays : Bare {
  static constexpr const char* kParams[] = {"path"};
  static constexpr const char* kMetrics[] = {"test.bare"};
};
struct Good : Asking {
  using Asking::Asking;
  static constexpr virgo_metric kMetrics[] = {sdk::gauge("test.good", "1", "A number.")};
  static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;
  void cancel(const sdk::Run&) noexcept {}
  void cancel(int) {}
};
constexpr virgo_metric kElsewhere[] = {sdk::gauge("test.elsewhere", "1", "A number.")};
struct Referring : Bare {
  using Bare::Bare;
  static constexpr const auto& kMetrics = kElsewhere;
};
static_assert(detail::has_metrics<Referring>);
static_assert(detail::describe<Referring>().metrics.count == 1);
struct Sealed final : Good {
  using Good::Good;
};

static_assert(detail::names_cancel<WrongCancel> && !detail::has_cancel<WrongCancel>);
static_assert(detail::names_cancel<HiddenCancel> && !detail::has_cancel<HiddenCancel>);
static_assert(detail::names_configure<WrongConfigure> && !detail::has_configure<WrongConfigure>);
static_assert(detail::names_kFlags<Hidden> && !detail::has_flags<Hidden>);
static_assert(detail::names_kParams<WrongArrays> && !detail::has_params<WrongArrays>);
static_assert(detail::names_kMetrics<WrongArrays> && !detail::has_metrics<WrongArrays>);
static_assert(!detail::names_cancel<Bare> && !detail::names_configure<Bare> &&
              !detail::names_kFlags<Bare> && !detail::names_kParams<Bare> &&
              !detail::names_kMetrics<Bare>);
static_assert(detail::well_formed<Good>() && detail::well_formed<Sealed>());
static_assert(detail::has_cancel<Good> && detail::has_configure<Good> && detail::has_flags<Good> &&
              detail::has_params<Good> && detail::has_metrics<Good> && detail::has_cancel<Sealed>);

}  // namespace
}  // namespace virgo::fake
