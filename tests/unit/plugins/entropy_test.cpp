#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class EntropyPlugin : public ShippedPlugin {
 protected:
  EntropyPlugin() : ShippedPlugin("entropy") {}
  void random(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(root + "/proc/sys/kernel/random");
    write("/proc/sys/kernel/random/" + file, text);
  }
};

TEST_F(EntropyPlugin, AvailableAndPoolSize) {
  random("entropy_avail", "3021\n");
  random("poolsize", "4096\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{{"virgo.entropy.available", 3021},
                                                            {"virgo.entropy.limit", 4096}}));
  auto node = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*node), (std::map<std::string, double>{{"node_entropy_available_bits", 3021},
                                                           {"node_entropy_pool_size_bits", 4096}}));
}

TEST_F(EntropyPlugin, WithoutAPoolSizeTheRestIsLeft) {
  random("entropy_avail", "256\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).size(), 1u);
  for (const char* text : {"", "x\n", "\n", "25"}) {
    random("poolsize", text);
    EXPECT_EQ(collect(*check).size(), 1u) << text;
  }
}

TEST_F(EntropyPlugin, HugeNumbers) {
  random("entropy_avail", "9007199254740992\n");
  random("poolsize", "99999999999999999999999\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("virgo.entropy.available"), 9007199254740992.0);
  EXPECT_EQ(collect(*check).at("virgo.entropy.limit"), 18446744073709551615.0);
}

TEST_F(EntropyPlugin, AHostWithoutTheFile) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/sys/kernel/random/entropy_avail: /proc/sys is not mounted, or "
                             "the kernel was built without sysctl");
}

TEST_F(EntropyPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  for (const char* text : {"256", "2", "\n", "-1\n", "2 5\n", "0x10\n", "many\n"}) {
    random("entropy_avail", text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation,
              root + "/proc/sys/kernel/random/entropy_avail does not hold a whole number");
  }
  random("entropy_avail", "");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/sys/kernel/random/entropy_avail is empty");
  random("entropy_avail", " 7 \n");
  EXPECT_EQ(collect(*check).at("virgo.entropy.available"), 7) << "and it recovers";
}

TEST_F(EntropyPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_LE(s.at("virgo.entropy.available"), s.at("virgo.entropy.limit"));
}

}  // namespace
}  // namespace virgo::native
