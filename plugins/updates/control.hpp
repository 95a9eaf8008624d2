// Debian's control files: paragraphs of "Field: value", an empty line after each.
#pragma once

#include <shared/slice.hpp>
#include <shared/text.hpp>

namespace plugin {

// The fields wanted of the paragraph that is being read, line by line.
class Paragraph {
 public:
  // True when `line` has ended a paragraph that has a name and a version; they stay
  // until the next line.
  bool take(std::string_view line) {
    if (ended_) *this = Paragraph();
    if (line.empty()) {
      ended_ = true;
      return good_ && package_.size > 0 && version_.size > 0;
    }
    // The fields wanted begin with one of four letters: most lines end here.
    const char first = line.front();
    if (first == 'P') set(line, "Package:", package_);
    if (first == 'V') set(line, "Version:", version_);
    if (first == 'A') set(line, "Architecture:", architecture_);
    if (first == 'S' && starts_with(line, "Status:")) {
      std::string_view words = slice(line, 7);
      hold_ = take_word(words) == "hold";
      take_word(words);
      installed_ = take_word(words) == "installed";
    }
    return false;
  }
  std::string_view package() const { return {package_.text, package_.size}; }
  std::string_view version() const { return {version_.text, version_.size}; }
  std::string_view architecture() const { return {architecture_.text, architecture_.size}; }
  // What dpkg says of a package; not in lists.
  bool installed() const { return installed_; }
  bool hold() const { return hold_; }

 private:
  struct Field {
    char text[256];
    size_t size = 0;
  };
  void set(std::string_view line, std::string_view name, Field& field) {
    if (!starts_with(line, name)) return;
    const std::string_view value = trimmed(slice(line, name.size()));
    if (value.size() > sizeof field.text) {
      good_ = false;
      return;
    }
    if (!value.empty()) memcpy(field.text, value.data(), value.size());
    field.size = value.size();
  }

  Field package_;
  Field version_;
  Field architecture_;
  bool installed_ = false;
  bool hold_ = false;
  bool good_ = true;
  bool ended_ = false;
};

// "deb.debian.org_debian_dists_bookworm_main_binary-amd64_Packages": the origin is
// "bookworm"; "host_path_Packages", of a repository without suites: it is "host".
inline std::string_view origin_of_list(std::string_view file) {
  constexpr std::string_view kDists = "_dists_";
  for (size_t i = 0; i + kDists.size() < file.size(); ++i)
    if (starts_with(slice(file, i), kDists)) {
      std::string_view rest = slice(file, i + kDists.size());
      return take_until(rest, '_');
    }
  return take_until(file, '_');
}

// "12 updates can be applied immediately." and "5 of these updates are standard security
// updates.", as Ubuntu's update-notifier writes them. False without the first.
inline bool parse_updates_available(std::string_view text, uint64_t* all, uint64_t* security) {
  bool found = false;
  *security = 0;
  std::string_view line;
  while (take_line(text, &line)) {
    uint64_t number = 0;
    if (!to_u64(take_word(line), &number)) continue;
    bool of_security = false;
    for (size_t i = 0; i < line.size(); ++i)
      of_security = of_security || starts_with(slice(line, i), "security");
    if (of_security && found && *security == 0)
      *security = number;
    else if (!found && !of_security)
      *all = number;
    found = found || !of_security;
  }
  if (found && *security > *all) *security = *all;
  return found;
}

}  // namespace plugin
