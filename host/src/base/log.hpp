// The agent's log: one line per message on standard error, or to a sink.
//
//   2026-01-31T12:00:00.123Z WARN  schedule: check 'disk': ...
//
// The only global mutable state of the process. Thread-safe; each line is one
// write(2). `component` is the part of the agent that speaks.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/format.hpp"

namespace virgo {

enum class LogLevel : int { error = 1, warn = 2, info = 3, debug = 4, trace = 5 };

const char* log_level_name(LogLevel level);

void set_log_level(LogLevel level);
bool log_enabled(LogLevel level);

// Takes each message, cleaned, instead of standard error; null restores that. Is
// called with the log's lock held: it must neither log nor set a sink.
using LogSink = std::function<void(LogLevel, std::string_view component, std::string_view message)>;
void set_log_sink(LogSink sink);

// Further lines of `message` are indented, other control characters written as
// \xNN, so that nobody forges lines; messages are cut at 4 KiB.
void log_message(LogLevel level, std::string_view component, std::string_view message);

template <class... Args>
void log_error(std::string_view component, format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::error, component, format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_warn(std::string_view component, format_string<Args...> text, Args&&... args) {
  log_message(LogLevel::warn, component, format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_info(std::string_view component, format_string<Args...> text, Args&&... args) {
  if (log_enabled(LogLevel::info))
    log_message(LogLevel::info, component, format(text, std::forward<Args>(args)...));
}
template <class... Args>
void log_debug(std::string_view component, format_string<Args...> text, Args&&... args) {
  if (log_enabled(LogLevel::debug))
    log_message(LogLevel::debug, component, format(text, std::forward<Args>(args)...));
}

}  // namespace virgo
