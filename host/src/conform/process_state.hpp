// What a plugin, as a guest, must leave as it was: a snapshot of this process, and
// what differs between two. Main thread.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace virgo::conform {

class ProcessState {
 public:
  // To be called once, before the plugin is loaded: from here on forks are counted.
  static void watch_forks();
  static ProcessState now();

  // Sentences, one for each difference: "the working directory changed from ...".
  std::vector<std::string> changes_to(const ProcessState& after) const;

 private:
  std::map<std::string, std::string> facts_;
};

// Things that leak. Those that are empty could not be counted.
struct Holdings {
  std::size_t memory = 0;            // bytes allocated
  std::optional<std::size_t> files;  // open descriptors
  std::optional<std::size_t> threads;
  // Counts. From the first time on this needs no descriptor, so that it also works
  // when all are taken.
  static Holdings now();
};

}  // namespace virgo::conform
