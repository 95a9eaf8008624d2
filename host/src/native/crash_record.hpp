// Crashes inside plugins, as the crash handler writes them down: a file
// "crashes" in the agent's state folder, one line each, fields between tabs:
//
//   seconds since 1970, signal, identity of the file, module, check, function, file
//
// A line that was cut off or spoilt is not a record and is passed over, and so is one
// of a time before 1970 or after 9999. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::native {

inline constexpr const char* kCrashFile = "crashes";

struct CrashRecord {
  std::int64_t at = 0;  // seconds since 1970
  int signal = 0;
  std::string identity;  // file_identity()
  std::string module;
  std::string check;     // "" if none was being called
  std::string function;  // "" if not known
  std::string file;
};

struct Crashes {
  std::vector<CrashRecord> records;  // in the order written
  std::size_t unreadable = 0;        // lines that are no records
};

Crashes parse_crashes(std::string_view text);
std::string to_line(const CrashRecord& record);  // with its newline

}  // namespace virgo::native
