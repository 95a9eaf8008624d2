// SPDX-License-Identifier: MIT
//
// example.banner: connects to a service that speaks first (SSH, SMTP, FTP, MySQL)
// and measures how long the connection and the first byte take.
//
// Nothing here waits: collect() begins to connect and returns VIRGO_PENDING; the
// loop calls ready() when the socket is, and timed_out() when that takes longer than
// the check's own time-out. Watch and timer belong to the run and end with it. The
// watch is stopped by hand all the same, because the descriptor is closed at once.
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <string>
#include <virgo/plugin.hpp>

#include "address.hpp"

namespace {

using namespace virgo::sdk;

class Banner {
 public:
  static constexpr const char* kName = "example.banner";
  static constexpr const char* kSummary = "Time to connect to a service, and to its first byte.";
  static constexpr uint32_t kThread = VIRGO_ON_LOOP;
  enum Metric : uint32_t { kConnect, kFirstByte };
  static constexpr virgo_metric kMetrics[] = {
      gauge("example.banner.connect.duration", "s", "Until the connection stood."),
      gauge("example.banner.first_byte.duration", "s", "Until the first byte, from the start.")};
  static constexpr virgo_param kParams[] = {
      required_param("address", VIRGO_PARAM_TEXT,
                     "Whom to ask: 127.0.0.1:25, [::1]:22 or /run/some.socket."),
      param("expect", VIRGO_PARAM_TEXT, nullptr, "What the banner must begin with."),
      param("patience", VIRGO_PARAM_DURATION, "2s", "How long to wait for the first byte.")};

  explicit Banner(Host host) : host_(host), loop_(host) {}
  ~Banner() { hang_up(); }

  void configure(Config root) {
    text_ = root["address"].as_text();
    if (!address_.parse(text_))
      root["address"].reject("must be 127.0.0.1:25, [::1]:22 or /run/some.socket, without names");
    expect_ = root["expect"].as_text();
    patience_ns_ = root["patience"].as_duration_ns();
  }

  virgo_status collect(Run run) {
    if (!loop_) {
      run.explain("this agent has no " VIRGO_EXT_LOOP);
      return VIRGO_ERR_UNSUPPORTED;
    }
    run_ = run.id();
    connected_ = false;
    started_ = host_.now_ns();
    fd_ = socket(address_.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd_ < 0 || (connect(fd_, address_.get(), address_.length) != 0 && errno != EINPROGRESS)) {
      const int error = errno;
      hang_up();
      run.explain(text_ + ": " + strerror(error));
      return VIRGO_ERR_UNREACHABLE;
    }
    loop_.after<&Banner::timed_out>(this, run, patience_ns_);
    const virgo_status watched =
        loop_.watch<&Banner::ready>(this, run, fd_, VIRGO_WRITABLE, &watch_);
    if (watched != VIRGO_OK) hang_up();
    return watched == VIRGO_OK ? virgo_status{VIRGO_PENDING} : watched;
  }

  // The deadline of the run came before our own time-out.
  void cancel(Run) noexcept { end(VIRGO_ERR_TIMEOUT, "was not through by the run's deadline"); }

 private:
  Run run() const { return Run(host_.raw(), run_); }
  double seconds() const { return static_cast<double>(host_.now_ns() - started_) / 1e9; }

  void timed_out() {
    end(VIRGO_ERR_TIMEOUT, connected_ ? "says nothing" : "does not accept the connection");
  }

  void ready(uint32_t events) {
    if (!connected_) return connection_stands();
    if ((events & VIRGO_READABLE) == 0) return;
    char bytes[512];
    const ssize_t n = read(fd_, bytes, sizeof bytes);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;  // called again
    if (n < 0) return end(VIRGO_ERR_UNREACHABLE, strerror(errno));
    if (n == 0) return end(VIRGO_ERR_UNREACHABLE, "hung up without a word");
    run().emit(kFirstByte, seconds());
    if (std::string(bytes, static_cast<size_t>(n)).compare(0, expect_.size(), expect_) == 0)
      return end(VIRGO_OK, nullptr);
    end(VIRGO_ERR_FAILED, "does not say what is expected");
  }

  void connection_stands() {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return end(VIRGO_ERR_UNREACHABLE, strerror(error));
    connected_ = true;
    run().emit(kConnect, seconds());
    loop_.modify(watch_, VIRGO_READABLE);
  }

  // First the watch, then the descriptor.
  void end(virgo_status status, const char* why) {
    loop_.stop(watch_);
    hang_up();
    if (why != nullptr) run().explain(text_ + " " + why);
    run().complete(status);
  }
  void hang_up() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }

  const Host host_;
  const Loop loop_;
  std::string text_;
  Address address_;
  std::string expect_;
  uint64_t patience_ns_ = 0;
  // Of the run:
  virgo_run run_ = 0;
  uint64_t started_ = 0;
  int fd_ = -1;
  Watch watch_;
  bool connected_ = false;
};

}  // namespace

VIRGO_CXX_MODULE("org.example.banner", "1.0.0", Banner);
