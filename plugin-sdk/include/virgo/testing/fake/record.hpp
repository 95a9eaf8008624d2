// SPDX-License-Identifier: MIT
//
// What the fake host writes down: samples, log lines and misuse. Samples are
// values; a Ledger may be used on any thread.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "../../plugin.h"

namespace virgo::fake {
namespace detail {

// The test itself has asked for something that is not there. Test frameworks print
// the text of an exception and fail the test.
[[noreturn]] inline void fail(const std::string& what) {
#if defined(__cpp_exceptions)
  throw std::logic_error("virgo::fake: " + what);
#else
  fprintf(stderr, "virgo::fake: %s\n", what.c_str());
  abort();
#endif
}

inline std::string_view view(virgo_str s) {
  return s.ptr == nullptr ? std::string_view() : std::string_view(s.ptr, s.len);
}

inline bool is_utf8(std::string_view text) {
  const auto at = [text](size_t k) { return static_cast<unsigned char>(text[k]); };
  for (size_t i = 0; i < text.size();) {
    const unsigned lead = at(i);
    const size_t more = lead < 0x80                   ? 0
                        : lead >= 0xc2 && lead < 0xe0 ? 1
                        : lead >= 0xe0 && lead < 0xf0 ? 2
                        : lead >= 0xf0 && lead < 0xf5 ? 3
                                                      : text.size();
    if (i + more >= text.size()) return false;
    for (size_t k = 1; k <= more; ++k)
      if ((at(i + k) & 0xc0u) != 0x80u) return false;
    if ((lead == 0xe0 && at(i + 1) < 0xa0) || (lead == 0xed && at(i + 1) >= 0xa0) ||
        (lead == 0xf0 && at(i + 1) < 0x90) || (lead == 0xf4 && at(i + 1) >= 0x90))
      return false;
    i += more + 1;
  }
  return true;
}

// The first bytes of text, at most that many, without half a character at the end.
inline std::string_view cut_utf8(std::string_view text, size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0u) == 0x80u) --most;
  return text.substr(0, most);
}

// Unknown levels are taken as VIRGO_LOG_INFO.
inline int32_t known_level(int32_t level) {
  return level < VIRGO_LOG_ERROR || level > VIRGO_LOG_TRACE ? int32_t{VIRGO_LOG_INFO} : level;
}

inline std::string hex(uint64_t handle) {
  char text[24];
  snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(handle));
  return text;
}

}  // namespace detail

using Labels = std::vector<std::pair<std::string, std::string>>;

// "failed (-1)", as the agent writes it.
inline std::string status_text(virgo_status status) {
  static constexpr const char* kNames[] = {
      "ok",      "failed",    "invalid",      "unsupported", "no memory",   "unreachable",
      "timeout", "cancelled", "stale handle", "limit",       "wrong thread"};
  const char* name = status > 0 ? "ok" : status < -10 ? "unknown" : kNames[-status];
  if (status == VIRGO_PENDING) name = "pending";
  return std::to_string(status) + " (" + name + ")";
}

struct Sample {
  std::string name;
  std::string unit;
  uint32_t kind = VIRGO_GAUGE;
  std::variant<int64_t, uint64_t, double, std::string> value;
  Labels labels;        // in the order given
  int64_t unix_ns = 0;  // 0 = when the run started

  // The value; the test fails when it is of another type.
  int64_t i64() const { return get<int64_t>(); }
  uint64_t u64() const { return get<uint64_t>(); }
  double f64() const { return get<double>(); }
  const std::string& text() const { return get<std::string>(); }
  // "" when there is no such label.
  std::string label(std::string_view key) const {
    for (const auto& [k, v] : labels)
      if (k == key) return v;
    return "";
  }
  // All of these labels are there; others may be too.
  bool has(const Labels& some) const {
    for (const auto& wanted : some) {
      bool here = false;
      for (const auto& l : labels) here = here || l == wanted;
      if (!here) return false;
    }
    return true;
  }

 private:
  template <class T>
  const T& get() const;
};

// "system.cpu.time{cpu.mode=user} 7987.9 s"
inline std::string to_string(const Sample& sample) {
  std::string out = sample.name;
  for (const auto& [key, value] : sample.labels)
    out += (out.size() == sample.name.size() ? "{" : ",") + key + "=" + value;
  if (!sample.labels.empty()) out += "}";
  char number[40] = "";
  if (const auto* i = std::get_if<int64_t>(&sample.value))
    snprintf(number, sizeof number, "%lld", static_cast<long long>(*i));
  if (const auto* u = std::get_if<uint64_t>(&sample.value))
    snprintf(number, sizeof number, "%llu", static_cast<unsigned long long>(*u));
  if (const auto* f = std::get_if<double>(&sample.value))
    snprintf(number, sizeof number, "%.10g", *f);
  const auto* text = std::get_if<std::string>(&sample.value);
  out += " " + (text != nullptr ? *text : number);
  return sample.unit.empty() ? out : out + " " + sample.unit;
}

template <class T>
const T& Sample::get() const {
  if (const T* v = std::get_if<T>(&value)) return *v;
  detail::fail("the value of " + to_string(*this) + " is of another type");
}

struct LogLine {
  int32_t level = VIRGO_LOG_INFO;
  std::string check;  // its name; "" when the module spoke
  std::string text;
};

namespace detail {

class Ledger {
 public:
  void misuse(std::string what) {
    const std::lock_guard<std::mutex> lock(mutex_);
    misuse_.push_back(std::move(what));
  }
  void check_utf8(std::string_view text, const char* where) {
    if (!is_utf8(text)) misuse(std::string(where) + ": a text that is not UTF-8");
  }
  void log(LogLine line) {
    const std::lock_guard<std::mutex> lock(mutex_);
    log_.push_back(std::move(line));
  }
  std::vector<std::string> misuse() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return misuse_;
  }
  std::vector<LogLine> log() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return log_;
  }
  void forget() {
    const std::lock_guard<std::mutex> lock(mutex_);
    misuse_.clear();
    log_.clear();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> misuse_;
  std::vector<LogLine> log_;
};

// Which thread is the loop's, and what it plays at the moment.
class Stage {
 public:
  bool on_loop() const { return std::this_thread::get_id() == loop_ && !playing_worker_; }
  bool is_loop_thread() const { return std::this_thread::get_id() == loop_; }
  // While this lives the loop's thread stands for a worker.
  class Worker {
   public:
    explicit Worker(Stage& stage) : stage_(stage) { stage_.playing_worker_ = true; }
    ~Worker() { stage_.playing_worker_ = false; }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

   private:
    Stage& stage_;
  };

 private:
  const std::thread::id loop_ = std::this_thread::get_id();
  bool playing_worker_ = false;  // touched on the loop's thread only
};

}  // namespace detail
}  // namespace virgo::fake
