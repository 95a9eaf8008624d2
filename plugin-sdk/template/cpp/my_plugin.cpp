// my.plugin: how many files and folders are in a folder.
#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <string>
#include <virgo/plugin.hpp>

namespace {

using namespace virgo::sdk;

class MyPlugin {
 public:
  static constexpr const char* kName = "my.plugin";
  static constexpr const char* kSummary = "How many files and folders are in a folder.";
  // A disk or a file server may let us wait, and the agent's loop may not.
  static constexpr uint32_t kThread = VIRGO_ON_WORKER;

  enum { kEntries };  // places in kMetrics
  static constexpr virgo_metric kMetrics[] = {
      gauge("my.plugin.entries", "{entry}", "Files and folders, hidden ones too.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {
      param("path", VIRGO_PARAM_TEXT, "/tmp", "The folder, as an absolute path.")};

  explicit MyPlugin(Host) {}

  // The agent has checked names and types already; texts are lent, so copy them.
  void configure(Config root) {
    path_ = root["path"].as_text();
    if (path_.empty() || path_[0] != '/') root["path"].reject("must be an absolute path");
  }

  virgo_status collect(Run run) {
    DIR* folder = opendir(path_.c_str());
    if (folder == nullptr) return cannot_read(run, errno);
    uint64_t entries = 0;
    const dirent* entry = nullptr;
    for (;;) {
      errno = 0;  // nullptr is also what an error gives
      entry = readdir(folder);
      if (entry == nullptr || run.time_left_ns() == 0) break;
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") ++entries;
    }
    const int error = entry == nullptr ? errno : 0;
    closedir(folder);
    if (error != 0) return cannot_read(run, error);
    if (entry != nullptr) return VIRGO_ERR_TIMEOUT;
    return run.emit(kEntries, entries, {label("my.plugin.path", path_)});
  }

 private:
  virgo_status cannot_read(Run run, int error) const {
    run.explain(path_ + ": " + strerror(error));
    return VIRGO_ERR_UNREACHABLE;
  }

  std::string path_;
};

}  // namespace

VIRGO_CXX_MODULE("com.example.my-plugin", "1.0.0", MyPlugin);
