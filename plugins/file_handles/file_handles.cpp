// virgo.file_handles: open files of the whole host, and how many there may be, from
// /proc/sys/fs/file-nr.
#include <shared/main_file.hpp>
#include <shared/naming.hpp>

#include "file_nr.hpp"

namespace {

using virgo::sdk::gauge;

class FileHandles {
 public:
  static constexpr const char* kName = "virgo.file_handles";
  static constexpr const char* kSummary = "Open files of the whole host, and their limit.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kUsage, kLimit, kNodeAllocated, kNodeMaximum };
  static constexpr virgo_metric kMetrics[] = {
      gauge("virgo.file_handles.usage", "{file_handle}", "Open files of the whole host.",
            VIRGO_U64),
      gauge("virgo.file_handles.limit", "{file_handle}",
            "The most that may be open (the sysctl fs.file-max).", VIRGO_U64),
      gauge("node_filefd_allocated", "", "Open files of the whole host.", VIRGO_U64),
      gauge("node_filefd_maximum", "", "The most that may be open.", VIRGO_U64)};
  static constexpr virgo_param kParams[] = {plugin::naming_param(), plugin::root_param()};

  explicit FileHandles(virgo::sdk::Host) {}

  virgo_status configure(virgo::sdk::Config root) {
    naming_ = plugin::naming_of(root);
    return file_nr_.set_path(root["root"].as_text(), "/proc/sys/fs/file-nr") ? VIRGO_OK
                                                                             : VIRGO_ERR_NO_MEMORY;
  }

  virgo_status collect(virgo::sdk::Run run) {
    size_t length = 0;
    virgo_status status = VIRGO_OK;
    const char* text = plugin::read_main(
        file_nr_, run, "/proc/sys is not mounted, or the kernel was built without sysctl", &length,
        &status);
    if (text == nullptr) return status;
    plugin::FileNr files;
    if (!plugin::file_nr_of({text, length}, &files)) {
      plugin::explain(run, "%s does not hold three whole numbers", file_nr_.path());
      return VIRGO_ERR_FAILED;
    }
    if (naming_ == plugin::Naming::prometheus) {
      run.emit(kNodeAllocated, files.allocated);
      run.emit(kNodeMaximum, files.limit);
    } else {
      run.emit(kUsage, plugin::minus(files.allocated, files.unused));
      run.emit(kLimit, files.limit);
    }
    return VIRGO_OK;
  }

 private:
  plugin::ProcFile file_nr_;
  plugin::Naming naming_ = plugin::Naming::otel;
};

}  // namespace

VIRGO_CXX_MODULE("io.virgo.file_handles", "0.2.0", FileHandles);
