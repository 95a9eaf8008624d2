// What the tests of config/ share: a folder that goes away, an environment of
// their own, and problems as text.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "config/load.hpp"

namespace virgo::config {

class Folder {
 public:
  Folder() {
    std::string name = "/tmp/virgo-config-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, std::string_view text) const {
    const std::string file = path(name);
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream out(file, std::ios::binary);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
    return file;
  }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline Sources with(std::map<std::string, std::string> environment) {
  Sources out;
  out.prefix = "/opt/virgo";
  out.environment = [environment](const std::string& name) -> std::optional<std::string> {
    const auto found = environment.find(name);
    if (found == environment.end()) return std::nullopt;
    return found->second;
  };
  return out;
}

inline std::vector<std::string> texts(const Problems& problems) {
  std::vector<std::string> out;
  for (const Problem& p : problems) out.push_back(to_string(p));
  return out;
}

// Parses a text called a.yaml.
inline Parsed parse_text(std::string_view text, const ParseLimits& limits = {}) {
  return parse(text, "a.yaml", with({}), limits);
}

// Loads a main file with this text; positions read "a.yaml:line:column".
struct LoadedText {
  Loaded loaded;
  std::vector<std::string> problems;
};
inline LoadedText load_text(std::string_view text,
                            std::map<std::string, std::string> environment = {}) {
  const Folder folder;
  const std::string file = folder.write("a.yaml", text);
  LoadedText out;
  out.loaded = load(file, with(std::move(environment)));
  for (std::string line : texts(out.loaded.problems)) {
    const std::string prefix = folder.path("");
    if (line.starts_with(prefix)) line.erase(0, prefix.size());
    out.problems.push_back(line);
  }
  return out;
}

}  // namespace virgo::config
