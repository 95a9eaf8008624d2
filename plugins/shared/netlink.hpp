// Netlink messages, taken apart in place, and a socket that asks the kernel for them.
#pragma once

#include <errno.h>
#include <linux/netlink.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <shared/text.hpp>

#include <virgo/plugin.hpp>

namespace plugin {

// The T at the front of `bytes`, wherever they lie; false when there are too few.
template <class T>
bool load(std::string_view bytes, T* out) {
  if (bytes.size() < sizeof(T)) return false;
  memcpy(out, bytes.data(), sizeof(T));
  return true;
}

// Takes `n` bytes, and the padding that aligns what comes next, off the front.
inline void skip_aligned(std::string_view& bytes, size_t n) {
  const size_t whole = (n + 3) & ~size_t{3};
  bytes.remove_prefix(whole < bytes.size() ? whole : bytes.size());
}

struct NetlinkMessage {
  uint16_t type;
  uint16_t flags;
  uint32_t sequence;
  std::string_view body;
};

// The next whole message; false at the end and at one that is cut off.
inline bool next_message(std::string_view& data, NetlinkMessage* out) {
  nlmsghdr header;
  if (!load(data, &header) || header.nlmsg_len < sizeof header || header.nlmsg_len > data.size())
    return false;
  *out = {header.nlmsg_type, header.nlmsg_flags, header.nlmsg_seq,
          data.substr(sizeof header, header.nlmsg_len - sizeof header)};
  skip_aligned(data, header.nlmsg_len);
  return true;
}

struct NetlinkAttribute {
  uint16_t type;
  std::string_view value;
};

// The same for the attributes of a message, after its fixed part.
inline bool next_attribute(std::string_view& data, NetlinkAttribute* out) {
  nlattr header;
  if (!load(data, &header) || header.nla_len < sizeof header || header.nla_len > data.size())
    return false;
  *out = {static_cast<uint16_t>(header.nla_type & NLA_TYPE_MASK),
          data.substr(sizeof header, header.nla_len - sizeof header)};
  skip_aligned(data, header.nla_len);
  return true;
}

// What the kernel answered instead: the errno of an NLMSG_ERROR, or of the status that
// newer kernels put into NLMSG_DONE; 0 for an acknowledgement.
inline int error_of(const NetlinkMessage& message) {
  int32_t code = 0;
  if (!load(message.body, &code)) return message.type == NLMSG_DONE ? 0 : EBADMSG;
  if (code == INT32_MIN) return EBADMSG;
  return code < 0 ? -code : 0;
}

// Kept open; opened anew after an error, so that no late answer is taken for one to the
// next question.
class NetlinkSocket {
 public:
  explicit NetlinkSocket(int protocol) : protocol_(protocol) {}
  ~NetlinkSocket() { shut(); }
  NetlinkSocket(const NetlinkSocket&) = delete;
  NetlinkSocket& operator=(const NetlinkSocket&) = delete;

  // Sends `request`, which begins with an nlmsghdr and ends where that says, and hands
  // each message of the answer to visit(const NetlinkMessage&). 0, or an errno; EAGAIN:
  // things changed meanwhile, or did not fit, so forget what was visited and ask again.
  template <class Visit>
  int ask(virgo::sdk::Run run, void* request, Visit visit) {
    if (const int error = open_socket(); error != 0) return error;
    size_t size = kBuffer;
    if (wanted_ > size) size = wanted_;
    char* buffer = static_cast<char*>(malloc(size));
    if (buffer == nullptr) return ENOMEM;
    int error = send_request(request);
    if (error == 0) error = receive_all(run, {buffer, size}, visit);
    free(buffer);
    if (error != 0 && !answered_) shut();
    return error;
  }
  // The same, again while it must be; after `kAttempts` an answer that changed meanwhile
  // is better than none.
  template <class Begin, class Visit>
  int ask_until_whole(virgo::sdk::Run run, void* request, Begin begin, Visit visit) {
    int error = EAGAIN;
    for (int i = 0; i < kAttempts && (error == EAGAIN || error == ENOBUFS); ++i) {
      begin();
      error = ask(run, request, visit);
    }
    return error == EAGAIN && answered_ ? 0 : error;
  }

  // Whether an error means that there is no such socket for us here: a seccomp filter,
  // a container, a kernel without it.
  static bool is_refusal(int error) {
    return error == EAFNOSUPPORT || error == EPROTONOSUPPORT || error == EPERM || error == EACCES ||
           error == EOPNOTSUPP || error == ENOENT;
  }

 private:
  static constexpr size_t kBuffer = 32768;  // the most the kernel fills of its own accord
  static constexpr int kAttempts = 4;

  int open_socket() {
    if (fd_ >= 0) return 0;
    fd_ = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol_);
    if (fd_ < 0) return errno;
    // To look at the run's deadline now and then, should an answer not come.
    const timeval second{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &second, sizeof second);
    return 0;
  }
  int send_request(void* request) {
    auto* header = static_cast<nlmsghdr*>(request);
    header->nlmsg_seq = ++sequence_;
    answered_ = false;
    sockaddr_nl kernel{};
    kernel.nl_family = AF_NETLINK;
    for (;;) {
      if (sendto(fd_, request, header->nlmsg_len, 0, reinterpret_cast<sockaddr*>(&kernel),
                 sizeof kernel) >= 0)
        return 0;
      if (errno != EINTR) return errno;
    }
  }
  template <class Visit>
  int receive_all(virgo::sdk::Run run, std::string_view buffer, Visit& visit) {
    bool changed = false;
    for (;;) {
      if (run.time_left_ns() == 0) return ETIMEDOUT;
      sockaddr_nl from{};
      socklen_t from_size = sizeof from;
      const ssize_t n = recvfrom(fd_, const_cast<char*>(buffer.data()), buffer.size(), MSG_TRUNC,
                                 reinterpret_cast<sockaddr*>(&from), &from_size);
      if (n < 0 && (errno == EINTR || errno == EAGAIN)) continue;
      if (n < 0) return errno;
      if (from.nl_pid != 0) continue;  // not the kernel
      if (static_cast<size_t>(n) > buffer.size()) {
        wanted_ = static_cast<size_t>(n);
        return EAGAIN;
      }
      if (visit_all({buffer.data(), static_cast<size_t>(n)}, visit, &changed)) {
        answered_ = true;
        return failure_ != 0 ? failure_ : changed ? EAGAIN : 0;
      }
    }
  }
  // Whether that was the end of the answer.
  template <class Visit>
  bool visit_all(std::string_view data, Visit& visit, bool* changed) {
    failure_ = 0;
    NetlinkMessage message;
    while (next_message(data, &message)) {
      if (message.sequence != sequence_) continue;
      if ((message.flags & NLM_F_DUMP_INTR) != 0) *changed = true;
      if (message.type == NLMSG_ERROR || message.type == NLMSG_DONE) {
        failure_ = error_of(message);
        return true;
      }
      if (message.type >= NLMSG_MIN_TYPE) visit(message);
      if ((message.flags & NLM_F_MULTI) == 0) return true;
    }
    return false;
  }
  void shut() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  const int protocol_;
  int fd_ = -1;
  uint32_t sequence_ = 0;
  size_t wanted_ = 0;      // what did not fit once
  bool answered_ = false;  // the last answer has been read to its end
  int failure_ = 0;
};

}  // namespace plugin
