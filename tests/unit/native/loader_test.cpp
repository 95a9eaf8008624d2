// From files to check types: what is loaded, and the sentence each refusal has.
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const std::string kPlugins = VIRGO_TEST_PLUGIN_DIR;

class Loader : public NativeTest {
 protected:
  void SetUp() override {
    char name[] = "/tmp/virgo-load-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder); }
  void copy(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(kPlugins + "/" + from, folder + "/" + to);
    ASSERT_EQ(chmod((folder + "/" + to).c_str(), 0644), 0);
  }
  std::string folder;
};

struct Refusal {
  const char* file;
  std::vector<std::string> words;
};
void PrintTo(const Refusal& r, std::ostream* out) {
  *out << r.file;
}

class Refused : public Loader, public testing::WithParamInterface<Refusal> {};
INSTANTIATE_TEST_SUITE_P(
    Files, Refused,
    testing::Values(
        Refusal{"plain_text", {"is not a shared library"}},
        Refusal{"no_note", {"not a Virgo plugin", "VIRGO_MODULE_ENTRY"}},
        Refusal{"wrong_major", {"was built for plugin ABI 2.0", "this agent speaks 1.0"}},
        Refusal{"wrong_major_hidden", {"was built for plugin ABI 2.0", "this agent speaks 1.0"}},
        Refusal{"newer_minor",
                {"requires plugin ABI 1.7", "this agent speaks 1.0", "update the agent"}},
        Refusal{"no_entry", {"does not export virgo_module_v1()"}},
        Refusal{"null_module", {"returned no module"}},
        Refusal{"null_types", {"check type 0 is NULL"}},
        Refusal{"null_create", {"'test.refused' has no create()"}},
        Refusal{"truncated_module", {"virgo_module has 24 bytes", "at least 56"}},
        Refusal{"truncated_type", {"check type 0 has 84 bytes", "at least 104"}},
        Refusal{"must_understand", {"'test.refused'", "0x00100002", "must understand 0x00100000"}},
        Refusal{"load_fails", {"its load() answered -3 (unsupported)"}}),
    [](const auto& i) { return i.param.file; });

TEST_P(Refused, WithItsSentence) {
  const std::string file = kPlugins + "/refused/" + GetParam().file + ".so";
  const auto module = load_module(agent, file);
  ASSERT_FALSE(module.ok());
  EXPECT_THAT(module.error().message, HasSubstr("plugin "));
  EXPECT_THAT(module.error().message, HasSubstr(std::string(GetParam().file) + ".so refused: "));
  for (const auto& w : GetParam().words) EXPECT_THAT(module.error().message, HasSubstr(w));
}

TEST_F(Loader, AModuleAndItsTypes) {
  const auto module = load_module(agent, kPlugins + "/test_good.so");
  ASSERT_TRUE(module.ok()) << module.error().message;
  EXPECT_EQ((*module)->description().id, "test.good");
  EXPECT_EQ((*module)->description().version, "1.0.0");
  auto made = NativeCheckType::all_of(agent, *module);
  ASSERT_TRUE(made.ok());
  ASSERT_EQ(made->size(), 2u);
  const check::CheckType& samples = *(*made)[0];
  EXPECT_EQ(samples.name(), "test.samples");
  EXPECT_STREQ(samples.runtime(), "native");
  EXPECT_THAT(samples.origin(), HasSubstr("/test_good.so"));
  ASSERT_EQ(samples.params().size(), 1u);
  EXPECT_EQ(samples.params()[0].name, "count");
  EXPECT_EQ(samples.params()[0].fallback, "3");
  EXPECT_EQ(samples.params()[0].type, check::ParamType::integer);
  const check::CheckType& kinds = *(*made)[1];
  ASSERT_EQ(kinds.metrics().size(), 4u);
  EXPECT_EQ(kinds.metrics()[1].kind, metric::Kind::counter);
  EXPECT_EQ(kinds.metrics()[1].unit, "By");
  EXPECT_EQ(kinds.metrics()[3].type, metric::Type::text);
}

TEST_F(Loader, AnAuthorsOwnFileMayBeWritableForOthersInTools) {
  copy("test_good.so", "mine.so");
  ASSERT_EQ(chmod((folder + "/mine.so").c_str(), 0666), 0);
  std::filesystem::create_symlink("mine.so", folder + "/link.so");
  EXPECT_FALSE(load_module(agent, folder + "/link.so").ok());
  const auto module = load_module(agent, folder + "/link.so", Trust::any);
  ASSERT_TRUE(module.ok()) << module.error().message;
  EXPECT_EQ((*module)->file(), std::filesystem::canonical(folder).string() + "/mine.so");
  const auto none = load_module(agent, folder + "/none.so", Trust::any);
  ASSERT_FALSE(none.ok());
  EXPECT_THAT(none.error().message, HasSubstr("none.so refused: "));
  EXPECT_THAT(none.error().message, HasSubstr("No such file"));
}

TEST_F(Loader, DescribingAModuleDoesNotCallItsLoad) {
  const std::string file = kPlugins + "/refused/load_fails.so";
  ASSERT_FALSE(load_module(agent, file).ok());
  const auto description = describe_module(file, Trust::any);
  ASSERT_TRUE(description.ok()) << description.error().message;
  EXPECT_EQ(description->id, "test.refused");
  const auto refused = describe_module(kPlugins + "/refused/null_create.so", Trust::any);
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("has no create()"));
}

// load() is called once per module.
TEST_F(Loader, OtherNamesOfALoadedFileAreRefused) {
  copy("test_good.so", "a.so");
  std::filesystem::create_symlink("a.so", folder + "/b.so");
  std::filesystem::create_hard_link(folder + "/a.so", folder + "/c.so");
  const LoadedPlugins loaded = load_plugins(agent, {folder, folder}, registry);
  ASSERT_EQ(loaded.plugins.size(), 1u);
  ASSERT_EQ(loaded.refusals.size(), 5u);
  for (const Error& refusal : loaded.refusals)
    EXPECT_THAT(refusal.message, HasSubstr("it is " + folder + "/a.so under another name"));
}

TEST_F(Loader, AFolderInNameOrderWithItsRefusals) {
  copy("test_good.so", "b.so");
  copy("test_async.so", "a.so");
  copy("test_good.so", "z-again.so");
  copy("refused/newer_minor.so", "c.so");
  copy("test_values.so", "readme.txt");
  std::ofstream(folder + "/d.so") << "text\n";
  copy("test_flood.so", "e.so");
  ASSERT_EQ(chmod((folder + "/e.so").c_str(), 0666), 0);
  const LoadedPlugins loaded = load_plugins(agent, {folder + "/none", folder}, registry);
  ASSERT_EQ(loaded.plugins.size(), 3u);
  EXPECT_EQ(loaded.plugins[0].id, "test.async");
  EXPECT_EQ(loaded.plugins[1].id, "test.good");
  EXPECT_THAT(loaded.plugins[1].types, testing::ElementsAre("test.samples", "test.kinds"));
  EXPECT_EQ(loaded.plugins[2].types.size(), 0u);
  std::vector<std::string> sentences;
  for (const auto& r : loaded.refusals) sentences.push_back(r.message);
  EXPECT_THAT(sentences,
              testing::ElementsAre(
                  AllOf(HasSubstr(folder + "/none"), HasSubstr("No such file")),
                  AllOf(HasSubstr("c.so"), HasSubstr("requires plugin ABI 1.7")),
                  AllOf(HasSubstr("d.so"), HasSubstr("is not a shared library")),
                  AllOf(HasSubstr("e.so"), HasSubstr("can be written by others")),
                  AllOf(HasSubstr("z-again.so"), HasSubstr("test.samples"), HasSubstr("b.so")),
                  AllOf(HasSubstr("z-again.so"), HasSubstr("test.kinds"))));
  EXPECT_EQ(registry.types().size(), 3u);
}

TEST_F(Loader, ADefaultThatDoesNotFitItsParameterRefusesTheModule) {
  copy("refused/bad_default.so", "bad.so");
  const LoadedPlugins loaded = load_plugins(agent, {folder}, registry);
  ASSERT_EQ(loaded.refusals.size(), 1u);
  EXPECT_THAT(
      loaded.refusals[0].message,
      AllOf(HasSubstr("bad.so"), HasSubstr("default of parameter 'every'"), HasSubstr("soon")));
  EXPECT_EQ(loaded.plugins.size(), 0u);
}

TEST_F(Loader, ALibraryThatCannotBeBoundIsRefusedWithTheReason) {
  copy("test_good.so", "x.so");
  // Spoil the name of a library it needs.
  std::ifstream in(folder + "/x.so", std::ios::binary);
  std::string bytes(std::istreambuf_iterator<char>(in), {});
  const auto at = bytes.find(".so.");
  ASSERT_NE(at, std::string::npos);
  bytes[at - 1] = '?';
  std::ofstream(folder + "/x.so", std::ios::binary | std::ios::trunc) << bytes;
  const auto module = load_module(agent, folder + "/x.so");
  ASSERT_FALSE(module.ok());
  EXPECT_THAT(module.error().message, AllOf(HasSubstr("cannot be loaded"), HasSubstr("?.so.")));
}

TEST_F(Loader, UnloadComesAfterTheLastInstance) {
  static int loads, unloads;
  loads = unloads = 0;
  ScriptedModule script(VIRGO_ON_LOOP);
  script.module.load = [](const virgo_host* h) -> virgo_status {
    EXPECT_EQ(h->abi_major, VIRGO_ABI_MAJOR);
    EXPECT_STREQ(h->name, "virgo");
    ++loads;
    return VIRGO_OK;
  };
  script.module.unload = [] { ++unloads; };
  auto check = make(add(script));
  EXPECT_EQ(loads, 1);
  types.clear();
  EXPECT_EQ(unloads, 0);
  check.reset();
  EXPECT_EQ(unloads, 1);
}

}  // namespace
}  // namespace virgo::native
