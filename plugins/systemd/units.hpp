// What systemd's manager says about its units: ListUnits, a(ssssssouso).
#pragma once

#include "dbus.hpp"

namespace plugin {

struct Unit {
  std::string_view name;    // "ssh.service"
  std::string_view load;    // "loaded", "not-found", "masked" ...
  std::string_view active;  // "active", "failed" ...
  std::string_view path;    // "/org/freedesktop/systemd1/unit/ssh_2eservice"
};

constexpr std::string_view kUnitsSignature = "a(ssssssouso)";

inline bool next_unit(dbus::Reader& units, Unit* out) {
  if (units.at_end()) return false;
  std::string_view description;
  std::string_view sub;
  std::string_view following;
  std::string_view job_type;
  std::string_view job_path;
  uint32_t job = 0;
  return units.enter_struct() && units.text(&out->name) && units.text(&description) &&
         units.text(&out->load) && units.text(&out->active) && units.text(&sub) &&
         units.text(&following) && units.text(&out->path) && units.u32(&job) &&
         units.text(&job_type) && units.text(&job_path);
}

// The value of a property: a number or a text.
struct Property {
  std::string_view text;
  uint64_t number = 0;

  bool read(dbus::Reader& body) {
    std::string_view type;
    if (!body.signature(&type)) return false;
    if (type == "s") return body.text(&text);
    if (type == "t") return body.u64(&number);
    uint32_t small = 0;
    if (type != "u" || !body.u32(&small)) return false;
    number = small;
    return true;
  }
};

inline bool ends_with(std::string_view name, std::string_view end) {
  return name.size() > end.size() && slice(name, name.size() - end.size()) == end;
}

// "252.39-1~deb12u1" and "v255-rc1" as node_exporter's number of it: 252.39, 255; 0 for
// what has no three digits in a row.
inline double version_number(std::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    size_t n = i;
    while (n < text.size() && text[n] >= '0' && text[n] <= '9') ++n;
    if (n - i < 3) {
      if (n > i) i = n - 1;
      continue;
    }
    size_t end = n;
    if (n + 1 < text.size() && text[n] == '.') {
      end = n + 1;
      while (end < text.size() && text[end] >= '0' && text[end] <= '9') ++end;
      if (end == n + 1) end = n;
    }
    double number = 0;
    return to_f64(slice(text, i, end - i), &number) ? number : 0;
  }
  return 0;
}

}  // namespace plugin
