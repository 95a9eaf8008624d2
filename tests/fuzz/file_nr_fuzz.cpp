// /proc/sys/fs/file-nr
#include "file_handles/file_nr.hpp"

#include "fuzz/fuzz.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text(data, size);
  plugin::FileNr files;
  if (plugin::file_nr_of(text, &files))
    fuzz::require(text.size() >= 6 && text.find('\n') != std::string_view::npos);
  return 0;
}
