#include "native/host_table.hpp"

#include <cstring>

#include "base/version.hpp"
#include "native/config_view.hpp"
#include "native/loop_extension.hpp"

namespace virgo::native {
namespace {

std::string_view view_of(virgo_str s) {
  return s.ptr == nullptr ? "" : std::string_view(s.ptr, s.len);
}

LogLevel level_of(std::int32_t level) {
  return level >= VIRGO_LOG_ERROR && level <= VIRGO_LOG_TRACE ? static_cast<LogLevel>(level)
                                                              : LogLevel::info;
}

}  // namespace

const virgo_run_api HostTable::kRunApi = {sizeof(virgo_run_api), 0,
                                          &HostTable::emit,      &HostTable::explain,
                                          &HostTable::time_left, &HostTable::complete};

HostTable::HostTable(Handles& handles, std::string module_id)
    : handles_(handles), voice_{std::move(module_id), {}} {
  host_ = {sizeof(virgo_host), VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, this,         "virgo", kVersion,
           &config_api(),      &kRunApi,        &get_extension,  &log_enabled, &log,    &now_ns};
}

HostTable* HostTable::of(const virgo_host* host) {
  return host == nullptr ? nullptr : static_cast<HostTable*>(host->impl);
}

Handles* HostTable::handles_of(const virgo_host* host) {
  HostTable* self = of(host);
  return self == nullptr ? nullptr : &self->handles_;
}

virgo_status HostTable::emit(const virgo_host* host, virgo_run run, const virgo_sample* samples,
                             std::uint32_t count, std::uint32_t stride) noexcept {
  HostTable* self = of(host);
  return self == nullptr ? VIRGO_ERR_INVALID : self->handles_.emit(run, samples, count, stride);
}

virgo_status HostTable::explain(const virgo_host* host, virgo_run run, virgo_str text) noexcept {
  HostTable* self = of(host);
  return self == nullptr ? VIRGO_ERR_INVALID : self->handles_.explain(run, view_of(text));
}

std::uint64_t HostTable::time_left(const virgo_host* host, virgo_run run) noexcept {
  HostTable* self = of(host);
  return self == nullptr ? 0 : self->handles_.time_left(run);
}

virgo_status HostTable::complete(const virgo_host* host, virgo_run run,
                                 virgo_status status) noexcept {
  HostTable* self = of(host);
  return self == nullptr ? VIRGO_ERR_INVALID : self->handles_.complete(run, status);
}

// Each has an id, a header of its own and a table found here.
const void* HostTable::get_extension(const virgo_host*, const char* id) noexcept {
  if (id != nullptr && std::strcmp(id, VIRGO_EXT_LOOP) == 0) return &loop_extension();
  return nullptr;
}

std::int32_t HostTable::log_enabled(const virgo_host*, virgo_check, std::int32_t level) noexcept {
  return virgo::log_enabled(level_of(level)) ? 1 : 0;
}

void HostTable::log(const virgo_host* host, virgo_check check, std::int32_t level,
                    virgo_str text) noexcept {
  HostTable* self = of(host);
  if (self != nullptr) self->handles_.log(self->voice_, check, level_of(level), view_of(text));
}

std::uint64_t HostTable::now_ns(const virgo_host* host) noexcept {
  const HostTable* self = of(host);
  return self == nullptr ? 0 : self->handles_.now_ns();
}

}  // namespace virgo::native
