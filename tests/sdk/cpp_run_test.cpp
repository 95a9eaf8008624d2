// virgo::sdk::Run: what C++ values become, and which emit() a call means.
#include <stdint.h>

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <virgo/plugin.hpp>

#include "sdk/scripted.hpp"

namespace virgo::fake {
namespace {

// Longer than what a std::string keeps within itself.
const std::string kLong = "a text that is far too long to be kept within the string object";

class Values {
 public:
  static constexpr const char* kName = "test.values";
  static constexpr const char* kSummary = "Reports values of every type.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  static constexpr virgo_metric kMetrics[] = {sdk::gauge("test.u", "1", "A number.", VIRGO_U64),
                                              sdk::gauge("test.i", "1", "A number.", VIRGO_I64),
                                              sdk::gauge("test.f", "1", "A number."),
                                              sdk::state("test.t", "A text.")};

  explicit Values(sdk::Host) {}
  virgo_status collect(sdk::Run run) { return body(run); }

  std::function<virgo_status(sdk::Run)> body;
};

template <class V, class = void>
constexpr bool can_set = false;
template <class V>
constexpr bool can_set<
    V, std::void_t<decltype(sdk::Run::set(std::declval<virgo_sample&>(), std::declval<V>()))>> =
    true;
static_assert(can_set<std::string&> && can_set<const std::string&> && can_set<std::string_view> &&
              can_set<const char*> && can_set<uint32_t> && can_set<double>);
static_assert(!can_set<std::string>, "it would die before the sample is emitted");

struct CppRun : ::testing::Test {
  Host host;
  Outcome run_of(std::function<virgo_status(sdk::Run)> body) {
    Check check(host, sdk::detail::type_of<Values>);
    sdk::detail::check_in<Values>(check.instance()).body = std::move(body);
    return check.collect();
  }
};

TEST_F(CppRun, ATextLivesUntilItWasCopied) {
  const Outcome run = run_of([](sdk::Run r) {
    std::string lvalue = kLong + "1";
    EXPECT_EQ(r.emit(3, lvalue), VIRGO_OK);
    EXPECT_EQ(r.emit(3, std::string(kLong + "2")), VIRGO_OK);
    EXPECT_EQ(r.emit(3, std::string_view(lvalue).substr(0, 6)), VIRGO_OK);
    EXPECT_EQ(r.emit(3, "a literal"), VIRGO_OK);
    virgo_sample s{};
    s.metric = 3;
    sdk::Run::set(s, lvalue);
    lvalue.back() = '5';  // lent, not copied
    return r.emit(&s, 1);
  });
  EXPECT_EQ(run.status(), VIRGO_OK);
  EXPECT_EQ(run.all_text(), "test.t " + kLong + "1\ntest.t " + kLong +
                                "2\ntest.t a text\ntest.t a literal\ntest.t " + kLong + "5\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppRun, LabelsWhoseNumberIsKnownLate) {
  const Outcome run = run_of([](sdk::Run r) {
    const virgo_label labels[] = {sdk::label("a", "b"), sdk::label("c", "d")};
    for (const uint32_t count : {0u, 1u, 2u}) EXPECT_EQ(r.emit(0, count, labels, count), VIRGO_OK);
    sdk::Run later;
    later = r;
    return later.emit(1, -1);
  });
  EXPECT_EQ(run.status(), VIRGO_OK);
  EXPECT_EQ(run.all_text(), "test.u 0 1\ntest.u{a=b} 1 1\ntest.u{a=b,c=d} 2 1\ntest.i -1 1\n");
}

TEST_F(CppRun, WhatNobodyDeclaredHasItsUnitAndKind) {
  const Outcome run = run_of([](sdk::Run r) {
    const virgo_label labels[] = {sdk::label("a", "b")};
    EXPECT_EQ(r.emit_undeclared("found.total", "By", VIRGO_COUNTER, 7u, labels, 1), VIRGO_OK);
    return r.emit_undeclared("found.now", "", 0, 0.5);
  });
  EXPECT_EQ(run.status(), VIRGO_OK);
  ASSERT_EQ(run.samples().size(), 2u);
  EXPECT_EQ(run.samples()[0].unit, "By");
  EXPECT_EQ(run.samples()[0].kind, static_cast<uint32_t>(VIRGO_COUNTER));
  EXPECT_EQ(run.samples()[0].label("a"), "b");
  EXPECT_EQ(run.samples()[1].unit, "");
  EXPECT_EQ(run.samples()[1].kind, static_cast<uint32_t>(VIRGO_GAUGE));
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppRun, ALiteralZeroIsAMetric) {
  const Outcome run = run_of([](sdk::Run r) {
    const uint32_t n = 7;
    EXPECT_EQ(r.emit(0, 1u), VIRGO_OK);
    EXPECT_EQ(r.emit(0, n), VIRGO_OK);
    EXPECT_EQ(r.emit(0, uint64_t{8}), VIRGO_OK);
    EXPECT_EQ(r.emit(0, true), VIRGO_OK);
    EXPECT_EQ(r.emit(1, -3), VIRGO_OK);
    return r.emit(2, 0.5f, {sdk::label("a", "b")});
  });
  EXPECT_EQ(run.all_text(),
            "test.u 1 1\ntest.u 7 1\ntest.u 8 1\ntest.u 1 1\ntest.i -3 1\n"
            "test.f{a=b} 0.5 1\n");
  EXPECT_EQ(host.misuse_text(), "");
}

TEST_F(CppRun, ManyAtOnce) {
  const Outcome run = run_of([](sdk::Run r) {
    virgo_sample s[2] = {};
    sdk::Run::set(s[0], 1u);
    s[1].metric = 1;
    sdk::Run::set(s[1], -1);
    const virgo_sample* first = s;
    EXPECT_EQ(r.emit(s, 2), VIRGO_OK);
    return r.emit(first, 1);
  });
  EXPECT_EQ(run.all_text(), "test.u 1 1\ntest.i -1 1\ntest.u 1 1\n");
  EXPECT_EQ(host.misuse_text(), "");
}

}  // namespace
}  // namespace virgo::fake
