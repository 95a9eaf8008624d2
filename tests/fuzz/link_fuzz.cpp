// RTM_NEWLINK, and netlink messages and attributes on the way to it
#include "network/device_files.hpp"
#include "network/link.hpp"

#include "fuzz/fuzz.hpp"

namespace {

void look_at(std::string_view body) {
  plugin::Link link;
  std::string_view alias;
  if (!plugin::parse_link(body, &link, &alias)) return;
  const size_t length = strnlen(link.name, sizeof link.name);
  fuzz::require(length > 0 && length < sizeof link.name);
  fuzz::require(alias.empty() || (alias.data() >= body.data() &&
                                  alias.data() + alias.size() <= body.data() + body.size()));
  fuzz::require(link.knows(plugin::kIfindex) && link.knows(plugin::kIflink));
  fuzz::require(!link.knows(plugin::kCarrier) || link.is_up());
  fuzz::require(!plugin::operstate_name(link.operstate).empty());
  char text[plugin::kAddressText];
  const std::string_view address = plugin::write_address(link.address, text);
  const plugin::HardwareAddress back = plugin::to_hardware_address(address);
  fuzz::require(back.size == link.address.size);
  fuzz::require(memcmp(back.bytes, link.address.bytes, sizeof back.bytes) == 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text(data, size);
  look_at(all);
  std::string_view rest = all;
  plugin::NetlinkMessage message{};
  while (plugin::next_message(rest, &message)) {
    fuzz::require(message.body.size() < size);
    fuzz::require(plugin::error_of(message) >= 0);
    look_at(message.body);
  }
  int64_t number = 0;
  plugin::to_number(all, &number);
  plugin::to_hardware_address(all);
  return 0;
}
