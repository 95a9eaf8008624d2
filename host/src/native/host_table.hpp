// The virgo_host a module is handed: C functions that lead to Handles. One per
// module, so that the module need not say who it is. Immortal.
#pragma once

#include <memory>
#include <string>

#include "native/handles.hpp"
#include "virgo/plugin.h"

namespace virgo::native {

class HostTable {
 public:
  // `handles` must live for ever, and so must this.
  HostTable(Handles& handles, std::string module_id);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  const virgo_host* get() const { return &host_; }
  // Behind the table a plugin was handed; null when it passes NULL. Any thread.
  static Handles* handles_of(const virgo_host* host);

 private:
  static HostTable* of(const virgo_host* host);
  static virgo_status emit(const virgo_host*, virgo_run, const virgo_sample*, std::uint32_t,
                           std::uint32_t) noexcept;
  static virgo_status explain(const virgo_host*, virgo_run, virgo_str) noexcept;
  static std::uint64_t time_left(const virgo_host*, virgo_run) noexcept;
  static virgo_status complete(const virgo_host*, virgo_run, virgo_status) noexcept;
  static const void* get_extension(const virgo_host*, const char*) noexcept;
  static std::int32_t log_enabled(const virgo_host*, virgo_check, std::int32_t) noexcept;
  static void log(const virgo_host*, virgo_check, std::int32_t, virgo_str) noexcept;
  static std::uint64_t now_ns(const virgo_host*) noexcept;
  static const virgo_run_api kRunApi;

  Handles& handles_;
  ModuleVoice voice_;
  virgo_host host_;
};

}  // namespace virgo::native
