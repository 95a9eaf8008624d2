// The hostile Lua plugins of tests/lua/hostile, and what is expected of each: the second
// line of its file says "-- expect: STATUS [TEXT]", the text being part of the
// explanation.
#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>
#include <string>
#include <vector>

namespace virgo {

struct Hostile {
  std::string name;  // of the file, without ".lua"; its check is "hostile.NAME"
  std::string status;
  std::string text;
};

inline void PrintTo(const Hostile& hostile, std::ostream* out) {
  *out << hostile.name;
}

inline Hostile read_hostile(const std::filesystem::path& path) {
  Hostile out{path.stem().string(), "", ""};
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  std::getline(file, line);
  const std::string mark = "-- expect: ";
  if (line.rfind(mark, 0) != 0) return out;
  const std::size_t blank = line.find(' ', mark.size());
  out.status = line.substr(mark.size(), blank - mark.size());
  if (blank != std::string::npos) out.text = line.substr(blank + 1);
  return out;
}

// All of the folder, by name.
inline std::vector<Hostile> all_hostile(const std::string& folder) {
  std::vector<Hostile> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    out.push_back(read_hostile(entry.path()));
  std::sort(out.begin(), out.end(), [](auto& a, auto& b) { return a.name < b.name; });
  return out;
}

}  // namespace virgo
