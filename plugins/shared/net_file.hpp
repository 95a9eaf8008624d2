// A file of /proc/net of the host that is watched.
//
// /proc/net is the network of whoever reads it. With `root`, which is another host's tree
// seen from a container, that would be the container's: process 1 of that tree knows the
// host's.
#pragma once

#include <shared/proc_file.hpp>

namespace plugin {

class NetFile {
 public:
  // `name`: "dev" for /proc/net/dev.
  bool set_path(std::string_view root, std::string_view name) {
    Text of_first;
    Text of_reader;
    has_root_ = !root.empty();
    return of_first.set("/proc/1/net/", name) && of_reader.set("/proc/net/", name) &&
           first_.set_path(root, of_first.c_str()) && reader_.set_path(root, of_reader.c_str());
  }
  // As those of ProcFile.
  char* read(virgo::sdk::Run run, size_t* length) {
    char* text = has_root_ ? first_.try_read(length) : nullptr;
    if (text != nullptr && *length > 0) return text;
    return reader_.read(run, length);
  }
  char* try_read(size_t* length) {
    char* text = has_root_ ? first_.try_read(length) : nullptr;
    return text != nullptr ? text : reader_.try_read(length);
  }
  // The one to name in an explanation.
  const char* path() const { return reader_.path(); }

 private:
  ProcFile first_;
  ProcFile reader_;
  bool has_root_ = false;
};

}  // namespace plugin
