// The records of a DNS message. Internal to net/.
#pragma once

#include <string_view>

#include "net/dns_message.hpp"
#include "net/dns_reader.hpp"

namespace virgo::net {

// Reads the next record of the message `bytes`. False for one that is no record of the
// zone (EDNS's, or of another class), and for one that is damaged: the reader says why.
bool read_dns_record(std::string_view bytes, DnsReader& reader, DnsRecord& record);

}  // namespace virgo::net
