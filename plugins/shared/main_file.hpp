// The file a check lives on: without it there is nothing to report.
#pragma once

#include <shared/proc_file.hpp>

namespace plugin {

// The file's text; null when the run has ended with *status and an explanation. A file
// that is not there at all is a kernel that cannot do it: `absent` says why that may be.
inline char* read_main(ProcFile& file, virgo::sdk::Run run, const char* absent, size_t* length,
                       virgo_status* status) {
  char* text = file.try_read(length);
  if (text != nullptr && *length > 0) return text;
  *status = VIRGO_ERR_FAILED;
  if (text != nullptr) {
    explain(run, "%s is empty", file.path());
  } else if (errno == ENOENT) {
    explain(run, "there is no %s: %s", file.path(), absent);
    *status = VIRGO_ERR_UNSUPPORTED;
  } else {
    explain(run, "%s: %s", file.path(), strerror(errno));
  }
  return nullptr;
}

}  // namespace plugin
