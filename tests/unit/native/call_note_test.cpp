// Which plugin a thread is in.
#include "native/call_note.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "unit/native/native_world.hpp"

namespace virgo::native {
namespace {

const CodeMark kOuter{"com.acme.outer", "/outer.so", "1"};
const CodeMark kInner{"com.acme.inner", "/inner.so", "2"};

TEST(CallNote, IsThatOfTheInnermostCall) {
  EXPECT_EQ(current_call(), nullptr);
  {
    const CallScope outer(kOuter, "disk", "collect");
    ASSERT_NE(current_call(), nullptr);
    EXPECT_EQ(current_call()->mark, &kOuter);
    EXPECT_STREQ(current_call()->check.data(), "disk");
    {
      const CallScope inner(kInner, "", "load");
      EXPECT_EQ(current_call()->mark, &kInner);
      EXPECT_STREQ(current_call()->check.data(), "");
      EXPECT_STREQ(current_call()->function, "load");
      EXPECT_EQ(current_call()->outer->mark, &kOuter);
    }
    EXPECT_EQ(current_call()->mark, &kOuter);
  }
  EXPECT_EQ(current_call(), nullptr);
}

TEST(CallNote, BelongsToItsThread) {
  const CallScope here(kOuter, "disk", "collect");
  std::thread([] {
    EXPECT_EQ(current_call(), nullptr);
    const CallScope there(kInner, "net", "collect");
    EXPECT_EQ(current_call()->mark, &kInner);
  }).join();
  EXPECT_EQ(current_call()->mark, &kOuter);
}

TEST(CallNote, IsGoneWhenACallThrows) {
  try {
    const CallScope scope(kOuter, "disk", "collect");
    throw 1;
  } catch (int) {
  }
  EXPECT_EQ(current_call(), nullptr);
}

TEST(CallNote, TheLongestNameOfACheckFits) {
  const std::string name(128, 'n');
  const CallScope scope(kOuter, name, "collect");
  EXPECT_EQ(current_call()->check.data(), name);
  const CallScope longer(kOuter, std::string(1000, 'm'), "collect");
  EXPECT_EQ(std::string(current_call()->check.data()).size(), 135u);
}

TEST(FileIdentity, ChangesWithTheFile) {
  char dir[] = "/tmp/virgo-identity-XXXXXX";
  ASSERT_NE(mkdtemp(dir), nullptr);
  const std::string file = std::string(dir) + "/x.so";
  EXPECT_EQ(file_identity(file), "");
  std::ofstream(file) << "one";
  const std::string one = file_identity(file);
  EXPECT_NE(one, "");
  EXPECT_EQ(file_identity(file), one);
  std::ofstream(file) << "four";
  EXPECT_NE(file_identity(file), one) << "another size";
  std::ofstream(file) << "six";
  std::filesystem::last_write_time(
      file, std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));
  EXPECT_NE(file_identity(file), one) << "another time";
  std::filesystem::remove_all(dir);
}

class LoadedCode : public NativeTest {};

TEST_F(LoadedCode, IsKnownByItsAddressesAndItsLoadIsNoted) {
  EXPECT_EQ(mark_at(reinterpret_cast<const void*>(&file_identity)), nullptr);
  EXPECT_EQ(mark_at(nullptr), nullptr);
  const auto module =
      load_module(agent, std::string(VIRGO_TEST_PLUGIN_DIR) + "/test_good.so", Trust::checked);
  ASSERT_TRUE(module.ok()) << module.error().message;
  const auto collect = (*module)->description().types[0].collect;
  const CodeMark* mark = mark_at(reinterpret_cast<const void*>(collect));
  ASSERT_NE(mark, nullptr);
  EXPECT_EQ(mark->module, "test.good");
  EXPECT_EQ(mark->file, (*module)->file());
  EXPECT_EQ(mark->identity, file_identity((*module)->file()));
  EXPECT_EQ(current_call(), nullptr);
}

TEST_F(LoadedCode, ACallOfLoadAndUnloadHasANote) {
  static std::vector<std::string>* seen = nullptr;
  std::vector<std::string> notes;
  seen = &notes;
  const auto note = [] {
    const CallNote* call = current_call();
    seen->push_back(call == nullptr ? "none" : call->mark->module + " " + call->function);
  };
  static void (*take)() = note;
  ScriptedModule script(VIRGO_ON_LOOP);
  script.module.load = [](const virgo_host*) -> virgo_status {
    take();
    return VIRGO_OK;
  };
  script.module.unload = [] { take(); };
  {
    const auto module = Module::open(agent, "scripted.so", script.raw());
    ASSERT_TRUE(module.ok());
  }
  EXPECT_THAT(notes, testing::ElementsAre("test.module load", "test.module unload"));
}

}  // namespace
}  // namespace virgo::native
