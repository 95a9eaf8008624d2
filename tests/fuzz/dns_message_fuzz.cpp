// Answers of name servers
#include "fuzz/fuzz.hpp"
#include "net/dns_message.hpp"

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace virgo;
  const std::string_view bytes = fuzz::text(data, size);
  const auto head = net::decode_dns_head(bytes);
  const auto message = net::decode_dns(bytes);
  fuzz::require(head.ok() || !message.ok());
  if (!message.ok()) return 0;
  // A label of one octet may take four characters, escaped.
  fuzz::require(message->question.size() <= 4 * 255);
  size_t text = 0;
  for (const auto* records : {&message->answers, &message->authorities, &message->additionals})
    for (const net::DnsRecord& record : *records) {
      fuzz::require(!record.name.empty() && record.name.size() <= 4 * 255);
      fuzz::require(!record.fields.empty());
      text += record.text.size();
    }
  fuzz::require(text <= 1u << 20);
  // A name that was read can be asked for, and comes back the same.
  if (message->question.empty()) return 0;
  const auto again = net::encode_dns_query(1, message->question, net::DnsType::a);
  fuzz::require(again.ok());
  fuzz::require(net::decode_dns_head(*again)->question == message->question);
  return 0;
}
