#include "conform/recorder.hpp"

#include <string_view>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::conform {
namespace {

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

// What an answer says about the one who asked; null when there is nothing to say.
const char* fault(virgo_status status) {
  switch (status) {
    case VIRGO_ERR_WRONG_THREAD:
      return "was called on the wrong thread";
    case VIRGO_ERR_INVALID:
      return "was given something invalid";
    case VIRGO_ERR_UNSUPPORTED:
      return "was given something this agent does not know";
    case VIRGO_ERR_LIMIT:
      return "went beyond a limit";
    default:
      return nullptr;
  }
}

}  // namespace

Recorder& Recorder::get() {
  // Never destroyed: threads of the plugin may outlive main().
  static auto* recorder = new Recorder;
  return *recorder;
}

void Recorder::finding(const std::string& text) {
  const std::lock_guard lock(mutex_);
  ++findings_[text];
}

std::vector<std::string> Recorder::take() {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> out;
  for (const auto& [text, times] : findings_)
    out.push_back(times == 1 ? text : format("{} ({} times)", text, times));
  findings_.clear();
  return out;
}

void Recorder::configuring(bool on) {
  configuring_ = on ? std::this_thread::get_id() : std::thread::id{};
}

bool Recorder::may_read_config() const {
  return configuring_.load() == std::this_thread::get_id();
}

void Recorder::abandoned(virgo_run run) {
  const std::lock_guard lock(mutex_);
  abandoned_.insert(run);
}

void Recorder::called(const char* function) {
  if (destroyed_) finding(format("{}() was called after destroy()", function));
}

void Recorder::answered(const char* function, virgo_run run, virgo_status status) {
  called(function);
  if (const char* what = fault(status); what != nullptr) {
    finding(format("{}() {}", function, what));
    return;
  }
  if (status != VIRGO_ERR_STALE) return;
  {
    const std::lock_guard lock(mutex_);
    if (abandoned_.contains(run)) return;
  }
  finding(
      format("{}() of something that has ended: a run is complete once, and its handle is "
             "stale from then on",
             function));
}

void Recorder::text(const char* what, virgo_str text) {
  if (text.ptr == nullptr) {
    if (text.len > 0) finding(format("{}: {} bytes at NULL", what, text.len));
    return;
  }
  const std::string_view bytes(text.ptr, text.len);
  if (!is_utf8(bytes)) finding(format("{} is not UTF-8: \"{}\"", what, printable(bytes)));
}

}  // namespace virgo::conform
