#include "base/log.hpp"

#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <ctime>
#include <mutex>

#include "base/text.hpp"

namespace virgo {
namespace {

constexpr std::size_t kMaxMessage = 4096;

std::atomic<int> g_level{static_cast<int>(LogLevel::info)};
std::mutex g_mutex;
LogSink& sink() {
  static LogSink s;
  return s;
}

void append_clean(std::string& out, std::string_view whole) {
  const std::string_view text = cut_utf8(whole, kMaxMessage);
  const bool cut = text.size() < whole.size();
  unsigned char before = 0;
  for (const char c : text) {
    const auto u = static_cast<unsigned char>(c);
    // U+0080 to U+009F are control characters too; terminals obey them.
    const bool c1 = before == 0xc2 && u >= 0x80 && u < 0xa0;
    before = u;
    if (c1) out.pop_back();
    if (c == '\n') {
      out += "\n    ";  // indented, so that nobody mistakes it for a line of its own
    } else if (c == '\t') {
      out += c;
    } else if (u < 0x20 || u == 0x7f || c1) {
      char hex[5];
      std::snprintf(hex, sizeof hex, "\\x%02x", u);
      out += hex;
    } else {
      out += c;
    }
  }
  if (cut) out += "...";
}

std::string timestamp() {
  timespec t{};
  clock_gettime(CLOCK_REALTIME, &t);
  tm utc{};
  gmtime_r(&t.tv_sec, &utc);
  char text[40];
  const std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text + n, sizeof text - n, ".%03ldZ", t.tv_nsec / 1'000'000);
  return text;
}

}  // namespace

const char* log_level_name(LogLevel level) {
  switch (level) {
    case LogLevel::error:
      return "ERROR";
    case LogLevel::warn:
      return "WARN ";
    case LogLevel::info:
      return "INFO ";
    case LogLevel::debug:
      return "DEBUG";
    case LogLevel::trace:
      return "TRACE";
  }
  return "?    ";
}

void set_log_level(LogLevel level) {
  g_level = static_cast<int>(level);
}
bool log_enabled(LogLevel level) {
  return static_cast<int>(level) <= g_level;
}

void set_log_sink(LogSink s) {
  const std::lock_guard lock(g_mutex);
  sink() = std::move(s);
}

void log_message(LogLevel level, std::string_view component, std::string_view message) {
  if (!log_enabled(level)) return;
  std::string clean;
  append_clean(clean, message);
  const std::lock_guard lock(g_mutex);
  if (sink()) {
    sink()(level, component, clean);
    return;
  }
  std::string line = timestamp();
  line.append(" ").append(log_level_name(level)).append(" ").append(component).append(": ");
  line.append(clean).append("\n");
  // A log that cannot be written has nobody left to tell.
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace virgo
