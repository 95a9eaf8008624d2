// Takes the log for the time of a test, so that its lines can be looked at.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "base/log.hpp"

namespace virgo::testing {

class LogCapture {
 public:
  LogCapture() {
    set_log_sink([this](LogLevel level, std::string_view component, std::string_view message) {
      const std::lock_guard lock(mutex_);
      lines_.push_back(std::string(log_level_name(level)) + " " + std::string(component) + ": " +
                       std::string(message));
    });
  }
  ~LogCapture() { set_log_sink(nullptr); }
  LogCapture(const LogCapture&) = delete;

  std::vector<std::string> lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }
  // How many lines contain `part`.
  std::size_t count(const std::string& part) const {
    std::size_t n = 0;
    for (const std::string& line : lines()) n += line.find(part) != std::string::npos ? 1 : 0;
    return n;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

}  // namespace virgo::testing
