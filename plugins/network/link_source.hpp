// Where the checks have the interfaces from: the kernel itself, or /proc/net/dev of
// another host's tree and where the kernel may not be asked.
#pragma once

#include <shared/net_file.hpp>

#include "device_files.hpp"
#include "netdev.hpp"

namespace plugin {

class LinkSource {
 public:
  explicit LinkSource(virgo::sdk::Host host) : host_(host) {}

  bool set_root(std::string_view root) {
    reads_files_ = !root.empty();
    return netdev_.set_path(root, "dev") && files_.set_root(root);
  }

  // Hands each interface to visit(Link&, std::string_view alias), after begin(), which is
  // called again when all is told anew. Explains an error.
  template <class Begin, class Visit>
  virgo_status each(virgo::sdk::Run run, Begin begin, Visit visit) {
    if (!reads_files_) {
      Request request = dump_request();
      const int error = socket_.ask_until_whole(
          run, &request, begin, [&](const NetlinkMessage& m) { understand(m, visit); });
      if (!falls_back(error)) return outcome(run, error);
    }
    begin();
    size_t length = 0;
    char* text = netdev_.read(run, &length);
    if (text == nullptr) return VIRGO_ERR_FAILED;
    std::string_view rest(text, length);
    bool any = false;
    for (Link link; next_netdev(rest, &link); any = true) visit(link, std::string_view{});
    if (any) return VIRGO_OK;
    explain(run, "%s has no whole line of an interface", netdev_.path());
    return VIRGO_ERR_FAILED;
  }
  // The one interface of that name, or not: then visit() is not called.
  template <class Visit>
  virgo_status one(virgo::sdk::Run run, std::string_view name, Visit visit) {
    if (!reads_files_) {
      NamedRequest request = request_for(name);
      const int error = socket_.ask_until_whole(
          run, &request, [] {}, [&](const NetlinkMessage& m) { understand(m, visit); });
      if (error == ENODEV || error == EINVAL || error == ERANGE) return VIRGO_OK;
      if (!falls_back(error)) return outcome(run, error);
    }
    return each(
        run, [] {},
        [&](Link& link, std::string_view alias) {
          if (name == link.name) visit(link, alias);
        });
  }

  // Whether a link has no more than its counters: the rest is in files().
  bool reads_files() const { return reads_files_; }
  DeviceFiles& files() { return files_; }

 private:
  struct Request {
    nlmsghdr header;
    ifinfomsg info;
    nlattr mask_header;
    uint32_t mask;
  };
  struct NamedRequest {
    Request front;
    nlattr name_header;
    char name[132];
  };

  // Without the statistics of IPv6, which take the kernel longer than all the rest.
  static Request dump_request() {
    Request r{};
    r.header = {sizeof r, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, 0, 0};
    r.mask_header = {sizeof r.mask_header + sizeof r.mask, IFLA_EXT_MASK};
    r.mask = RTEXT_FILTER_SKIP_STATS;
    return r;
  }
  // A name beyond 15 bytes can only be an alternative one.
  static NamedRequest request_for(std::string_view name) {
    NamedRequest r{};
    r.front = dump_request();
    const size_t n = name.size() < sizeof r.name ? name.size() : sizeof r.name - 1;
    memcpy(r.name, name.data(), n);
    r.name_header = {static_cast<uint16_t>(sizeof r.name_header + n + 1),
                     static_cast<uint16_t>(n < IFNAMSIZ ? IFLA_IFNAME : IFLA_ALT_IFNAME)};
    r.front.header.nlmsg_len =
        static_cast<uint32_t>((sizeof r.front + r.name_header.nla_len + 3) & ~size_t{3});
    r.front.header.nlmsg_flags = NLM_F_REQUEST;
    return r;
  }
  template <class Visit>
  static void understand(const NetlinkMessage& message, Visit& visit) {
    Link link;
    std::string_view alias;
    if (message.type == RTM_NEWLINK && parse_link(message.body, &link, &alias)) visit(link, alias);
  }
  bool falls_back(int error) {
    if (!NetlinkSocket::is_refusal(error)) return false;
    char text[256];
    const int n = snprintf(text, sizeof text, "rtnetlink: %s; %s is read instead", strerror(error),
                           netdev_.path());
    if (n > 0) host_.log(VIRGO_LOG_INFO, {text, strnlen(text, sizeof text)});
    reads_files_ = true;
    return true;
  }
  static virgo_status outcome(virgo::sdk::Run run, int error) {
    if (error == 0) return VIRGO_OK;
    explain(run, "rtnetlink: %s", strerror(error));
    return error == ETIMEDOUT ? VIRGO_ERR_TIMEOUT
           : error == ENOMEM  ? VIRGO_ERR_NO_MEMORY
                              : VIRGO_ERR_FAILED;
  }

  virgo::sdk::Host host_;
  NetlinkSocket socket_{NETLINK_ROUTE};
  NetFile netdev_;
  DeviceFiles files_;
  bool reads_files_ = false;
};

}  // namespace plugin
