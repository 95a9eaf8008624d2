// Reading tables of plugins that are older, newer, or wrong.
#include "native/descriptor.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using testing::HasSubstr;

class Descriptor : public testing::Test {
 protected:
  void expect_refused(const std::string& words) {
    const auto r = describe(script.raw());
    ASSERT_FALSE(r.ok());
    EXPECT_EQ(r.error().code, Errc::invalid);
    EXPECT_THAT(r.error().message, HasSubstr(words));
  }
  ScriptedModule script{VIRGO_ON_LOOP};
};

TEST_F(Descriptor, Accepted) {
  const auto r = describe(script.raw());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->types.size(), 1u);
}

TEST_F(Descriptor, ModulesThatAreNone) {
  EXPECT_THAT(describe(nullptr).error().message, HasSubstr("no module"));
  script.module.magic = 0x12345678;
  expect_refused("magic 0x12345678 instead of 0x4f475256");
}

TEST_F(Descriptor, TheVersionRule) {
  script.module.abi_minor = 999;  // built with a newer header, needs none of it
  EXPECT_TRUE(describe(script.raw()).ok());
  script.module.requires_minor = VIRGO_ABI_MINOR + 1;
  expect_refused("requires plugin ABI 1.1, this agent speaks 1.0");
  script.module.abi_major = 0;
  expect_refused("was built for plugin ABI 0.999, this agent speaks 1.0");
  EXPECT_TRUE(accept_versions({1, 5, 0}).ok());
  EXPECT_FALSE(accept_versions({1, 5, 1}).ok());
  EXPECT_FALSE(accept_versions({2, 0, 0}).ok());
}

TEST_F(Descriptor, UnknownFlagsAreIgnoredOrRefusedByTheirBit) {
  script.type.flags = script.module.flags = 0x0000fff8u;
  EXPECT_TRUE(describe(script.raw()).ok());
  script.module.flags = 0x00010000u;
  expect_refused("the module carries the flags 0x00010000");
  script.module.flags = 0;
  script.type.flags = 0x80000000u;
  expect_refused("check type 'test.scripted' carries the flags 0x80000000");
  script.type.flags = 0;
  script.params = {{"p", nullptr, nullptr, VIRGO_PARAM_TEXT, 0x00020000u}};
  expect_refused("parameter 'p' of 'test.scripted' carries");
}

TEST_F(Descriptor, StructsAtTheEdgeOfTheirSize) {
  script.module.struct_size = offsetof(virgo_module, load);  // without load and unload
  script.module.load = [](const virgo_host*) -> virgo_status { return VIRGO_ERR_FAILED; };
  script.type.struct_size = offsetof(virgo_check_type, get_extension);
  const auto r = describe(script.raw());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->load, nullptr);
  script.type.struct_size -= 1;
  expect_refused("check type 0 has 103 bytes");
  script.module.struct_size -= 1;
  expect_refused("its virgo_module has 55 bytes");
}

// A module cut to its stated size, with an unreadable page right behind it.
TEST_F(Descriptor, NoByteBehindStructSizeIsRead) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  auto* memory = static_cast<char*>(
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  ASSERT_NE(memory, MAP_FAILED);
  ASSERT_EQ(mprotect(memory + page, page, PROT_NONE), 0);
  script.raw();
  for (std::size_t cut = 0; cut <= sizeof(virgo_module); cut += 8) {
    const std::size_t size = sizeof(virgo_module) - cut;
    if (size < 16) break;
    script.module.struct_size = static_cast<std::uint32_t>(size);
    char* at = memory + page - size;
    std::memcpy(at, &script.module, size);
    const auto r = describe(reinterpret_cast<const virgo_module*>(at));
    EXPECT_EQ(r.ok(), size >= offsetof(virgo_module, load));
  }
  munmap(memory, 2 * page);
}

TEST_F(Descriptor, ArraysOfNewerElementsAreWalkedByTheirStride) {
  struct NewerParam {
    virgo_param known;
    std::uint64_t more;
  } const params[] = {{{"first", "1", nullptr, VIRGO_PARAM_INT, 0}, ~0ull},
                      {{"second", nullptr, "Two.", VIRGO_PARAM_BOOL, VIRGO_PARAM_IS_SECRET}, 0}};
  struct NewerMetric {
    virgo_metric known;
    std::uint64_t more[3];
  } const metrics[] = {{{"a", "s", nullptr, VIRGO_COUNTER, VIRGO_U64}, {}},
                       {{"b", nullptr, nullptr, VIRGO_STATE, VIRGO_TEXT}, {}}};
  script.raw();
  script.type.params = VIRGO_ARRAY(params);
  script.type.metrics = VIRGO_ARRAY(metrics);
  const auto r = describe(&script.module);
  ASSERT_TRUE(r.ok()) << r.error().message;
  const TypeDescription& t = r->types[0];
  ASSERT_EQ(t.params.size(), 2u);
  EXPECT_EQ(t.params[1].name, "second");
  EXPECT_TRUE(t.params[1].secret);
  EXPECT_FALSE(t.params[1].has_fallback);
  ASSERT_EQ(t.metrics.size(), 2u);
  EXPECT_EQ(t.metrics[1].name, "b");
  EXPECT_EQ(t.metrics[1].unit, "");
  EXPECT_EQ(t.metrics[1].kind, metric::Kind::state);
}

TEST_F(Descriptor, ArraysThatCannotBe) {
  script.raw();
  const auto refused = [&] {
    const auto r = describe(&script.module);
    return r.ok() ? std::string() : r.error().message;
  };
  script.type.params = {nullptr, 3, sizeof(virgo_param)};
  EXPECT_THAT(refused(), HasSubstr("the parameters of 'test.scripted': 3 elements at NULL"));
  script.type.params = {&script, 0xffffffff, sizeof(virgo_param)};
  EXPECT_THAT(refused(), HasSubstr("4294967295 elements, the limit is 1024"));
  script.type.params = {&script, 1, 8};
  EXPECT_THAT(refused(), HasSubstr("an element has 8 bytes"));
  script.type.params = {nullptr, 0, 0};
  script.type.metrics.stride = 31;
  EXPECT_THAT(refused(), HasSubstr("the metrics of 'test.scripted': an element has 31 bytes"));
  script.type.metrics = VIRGO_ARRAY_NONE;
  EXPECT_EQ(refused(), "");
}

TEST_F(Descriptor, NamesMustBeNames) {
  const std::string long_name(256, 'x');
  for (const char* name : {"", "has blank", "ünicode", "new\nline", long_name.c_str()}) {
    script.type.name = name;
    expect_refused("check type 0 has no proper name");
  }
  script.type.name = nullptr;
  expect_refused("check type 0 has no proper name");
  const std::string longest(255, 'x');
  script.type.name = longest.c_str();
  EXPECT_TRUE(describe(script.raw()).ok());
  script.metrics[0].name = nullptr;
  expect_refused("number 0 has no proper name");
  script.module.id = "";
  expect_refused("the module has no proper id");
}

TEST_F(Descriptor, UnknownThreadIsRefused) {
  script.type.thread = 3;
  expect_refused("asks for thread 3, this agent (plugin ABI 1.0) knows 1 (loop) and 2 (worker)");
}

TEST_F(Descriptor, UnknownKindsAndTypesFollowTheirRule) {
  script.params = {{"p", nullptr, nullptr, 99, 0}};
  script.metrics = {{"m", nullptr, nullptr, 99, VIRGO_I64},
                    {"n", nullptr, nullptr, VIRGO_GAUGE, 99}};
  const auto r = describe(script.raw());
  ASSERT_TRUE(r.ok()) << r.error().message;
  EXPECT_EQ(r->types[0].params[0].type, check::ParamType::text);
  EXPECT_EQ(r->types[0].metrics[0].kind, metric::Kind::gauge);
  EXPECT_TRUE(r->types[0].known_type[0]);
  EXPECT_FALSE(r->types[0].known_type[1]);
}

TEST_F(Descriptor, AModuleWithoutTypesIsRefused) {
  script.module.type_count = 0;
  expect_refused("offers no check type");
  script.module.type_count = 100'000;
  expect_refused("100000 check types, the limit is 256");
  script.module.type_count = 1;
  script.module.types = nullptr;
  expect_refused("offers no check type");
}

}  // namespace
}  // namespace virgo::native
