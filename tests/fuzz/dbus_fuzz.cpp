// D-Bus messages, and systemd's list of units in them.
#include "fuzz/fuzz.hpp"
#include "systemd/units.hpp"

namespace {

void read_units(plugin::dbus::Reader body, std::string_view message) {
  plugin::dbus::Reader units;
  if (!body.array('(', &units)) return;
  plugin::Unit unit;
  while (plugin::next_unit(units, &unit)) {
    const auto inside = [&](std::string_view t) {
      return t.data() >= message.data() && t.data() + t.size() < message.data() + message.size() &&
             t.data()[t.size()] == '\0';
    };
    fuzz::require(inside(unit.name) && inside(unit.active) && inside(unit.path));
  }
}

void read_any(plugin::dbus::Reader body, std::string_view type) {
  while (!type.empty() && body.skip(type))
    if (type.empty()) fuzz::require(body.ok());
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Of exactly this size, so that a byte too far is seen.
  const fuzz::Writable copy(data, size);
  const std::string_view bytes = copy.view();
  uint64_t expected = 0;
  const bool start = plugin::dbus::message_size(bytes, &expected);
  plugin::dbus::Message message;
  if (message.parse(bytes)) {
    fuzz::require(start && expected == size);
    read_units(message.body, bytes);
    read_any(message.body, message.signature);
    plugin::Property value;
    plugin::dbus::Reader body = message.body;
    if (value.read(body)) fuzz::require(body.ok());
  }
  read_any(plugin::dbus::Reader(bytes, false), "a{sv}a(ssssssouso)v(ybnqiuxtdsogh)aaaay");
  const double version = plugin::version_number(bytes);
  fuzz::require(version >= 0);
  return 0;
}
