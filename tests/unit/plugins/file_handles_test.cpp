#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;

class FileHandlesPlugin : public ShippedPlugin {
 protected:
  FileHandlesPlugin() : ShippedPlugin("file_handles") {}
  void files(const std::string& text) {
    std::filesystem::create_directories(root + "/proc/sys/fs");
    write("/proc/sys/fs/file-nr", text);
  }
};

TEST_F(FileHandlesPlugin, UsageAndLimit) {
  files("1152\t0\t2466177\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check),
            (std::map<std::string, double>{{"virgo.file_handles.usage", 1152},
                                           {"virgo.file_handles.limit", 2466177}}));
}

TEST_F(FileHandlesPlugin, NodeExportersNames) {
  files("1152\t100\t2466177\n");
  auto check = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*check), (std::map<std::string, double>{{"node_filefd_allocated", 1152},
                                                            {"node_filefd_maximum", 2466177}}));
}

TEST_F(FileHandlesPlugin, HandlesThatAnOldKernelKeepsForLaterAreNotInUse) {
  files("1152\t152\t8192\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("virgo.file_handles.usage"), 1000);
  files("100\t152\t8192\n");
  EXPECT_EQ(collect(*check).at("virgo.file_handles.usage"), 0);
}

TEST_F(FileHandlesPlugin, NoLimitAndBeyond) {
  files("4294967296\t0\t9223372036854775807\n");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("virgo.file_handles.usage"), 4294967296.0);
  EXPECT_EQ(collect(*check).at("virgo.file_handles.limit"), 9223372036854775807.0);
  files("9007199254740992\t0\t99999999999999999999999\tmore\n");
  EXPECT_EQ(collect(*check).at("virgo.file_handles.usage"), 9007199254740992.0);
  EXPECT_EQ(collect(*check).at("virgo.file_handles.limit"), 18446744073709551615.0);
}

TEST_F(FileHandlesPlugin, AHostWithoutTheFile) {
  auto check = on_tree();
  collect(*check, Status::unsupported);
  EXPECT_EQ(explanation, "there is no " + root +
                             "/proc/sys/fs/file-nr: /proc/sys is not mounted, or the kernel was "
                             "built without sysctl");
}

TEST_F(FileHandlesPlugin, DamagedFilesFailWithASentence) {
  auto check = on_tree();
  for (const char* text : {"1152\t0\n", "1152\n", "\n", "a\tb\tc\n", "1152 0 2466177\n", "\t\t\n",
                           "-1\t0\t5\n", "1152\t\t2466177\n"}) {
    files(text);
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << text;
    EXPECT_EQ(explanation, root + "/proc/sys/fs/file-nr does not hold three whole numbers") << text;
  }
  const std::string whole = "1152\t0\t2466177\n";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    files(whole.substr(0, n));
    EXPECT_EQ(collect(*check, Status::failed).size(), 0u) << n;
  }
  files("");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc/sys/fs/file-nr is empty");
  files(whole);
  EXPECT_EQ(collect(*check).size(), 2u) << "and it recovers";
}

TEST_F(FileHandlesPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_GT(s.at("virgo.file_handles.usage"), 0);
  EXPECT_GE(s.at("virgo.file_handles.limit"), s.at("virgo.file_handles.usage"));
}

}  // namespace
}  // namespace virgo::native
