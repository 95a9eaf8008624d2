// SPDX-License-Identifier: MIT
//
// virgo/sdk/host.hpp - what a check meets: the agent, a run, and the words to declare
// its parameters and metrics with. Included by virgo/plugin.hpp.
#pragma once

#include <initializer_list>
#include <string_view>
#include <type_traits>

#include "../plugin.h"

namespace virgo::sdk {

inline virgo_str str(std::string_view s) {
  return {s.data(), s.size()};
}
inline std::string_view view(virgo_str s) {
  return {s.ptr, s.len};
}

// ---- Declarations ----

constexpr virgo_metric gauge(const char* name, const char* unit, const char* help,
                             uint32_t type = VIRGO_F64) {
  return {name, unit, help, VIRGO_GAUGE, type};
}
constexpr virgo_metric counter(const char* name, const char* unit, const char* help,
                               uint32_t type = VIRGO_U64) {
  return {name, unit, help, VIRGO_COUNTER, type};
}
constexpr virgo_metric state(const char* name, const char* help, uint32_t type = VIRGO_TEXT,
                             const char* unit = nullptr) {
  return {name, unit, help, VIRGO_STATE, type};
}

// `fallback` as one would write it in YAML; nullptr = absent.
constexpr virgo_param param(const char* name, uint32_t type, const char* fallback, const char* help,
                            uint32_t flags = 0) {
  return {name, fallback, help, type, flags};
}
constexpr virgo_param required_param(const char* name, uint32_t type, const char* help,
                                     uint32_t flags = 0) {
  return {name, nullptr, help, type, flags | VIRGO_PARAM_IS_REQUIRED};
}

inline virgo_label label(std::string_view key, std::string_view value) {
  return {str(key), str(value)};
}

// ---- The agent, as one check sees it. [any] ----

class Host {
 public:
  Host(const virgo_host* host, virgo_check self) : host_(host), self_(self) {}
  bool log_enabled(int32_t level) const { return host_->log_enabled(host_, self_, level) != 0; }
  void log(int32_t level, std::string_view text) const {
    host_->log(host_, self_, level, str(text));
  }
  uint64_t now_ns() const { return host_->now_ns(host_); }
  // The table of an extension, or nullptr.
  template <class Extension>
  const Extension* extension(const char* id) const {
    return static_cast<const Extension*>(host_->get_extension(host_, id));
  }
  const virgo_host* raw() const { return host_; }
  virgo_check self() const { return self_; }

 private:
  const virgo_host* host_;
  virgo_check self_;
};

// ---- One collection. [any] ----
//
// A handle: copy it where you like, a stale one is harmless.
class Run {
 public:
  // No run yet: assign one before use.
  Run() : host_(nullptr), id_(0) {}
  Run(const virgo_host* host, virgo_run id) : host_(host), id_(id) {}

  // One sample. The value's C++ type decides its ABI type: floating, signed or
  // unsigned integer, or text; it must be that of the declared metric.
  template <class V>
  virgo_status emit(uint32_t metric, const V& value, std::initializer_list<virgo_label> labels = {},
                    int64_t unix_ns = 0) const {
    return emit(metric, value, labels.begin(), static_cast<uint32_t>(labels.size()), unix_ns);
  }
  // The same with as many labels as there happen to be.
  template <class V>
  virgo_status emit(uint32_t metric, const V& value, const virgo_label* labels,
                    uint32_t label_count, int64_t unix_ns = 0) const {
    virgo_sample s{};
    s.metric = metric;
    s.unix_ns = unix_ns;
    s.labels = {labels, label_count, sizeof(virgo_label)};
    set(s, value);
    return emit(&s, 1);
  }
  // One sample of a metric whose name is known only now: what others count, as it is
  // found. `kind` is VIRGO_GAUGE or another.
  template <class V>
  virgo_status emit_undeclared(std::string_view name, std::string_view unit, uint32_t kind,
                               const V& value, const virgo_label* labels = nullptr,
                               uint32_t label_count = 0, int64_t unix_ns = 0) const {
    virgo_sample s{};
    s.metric = VIRGO_UNDECLARED;
    s.name = str(name);
    s.unit = str(unit);
    s.kind = kind;
    s.unix_ns = unix_ns;
    s.labels = {labels, label_count, sizeof(virgo_label)};
    set(s, value);
    return emit(&s, 1);
  }
  // Many at once: cheaper where there are many. A template, so that the 0 in emit(0, n)
  // is the index of a metric and never a null pointer.
  template <class Sample, std::enable_if_t<std::is_same_v<Sample, virgo_sample>, int> = 0>
  virgo_status emit(const Sample* samples, uint32_t count) const {
    return host_->run->emit(host_, id_, samples, count, sizeof(virgo_sample));
  }

  void explain(std::string_view text) const { host_->run->explain(host_, id_, str(text)); }
  uint64_t time_left_ns() const { return host_->run->time_left(host_, id_); }
  virgo_status complete(virgo_status status) const {
    return host_->run->complete(host_, id_, status);
  }
  virgo_run id() const { return id_; }

  // A text is lent to the sample: one that ends with the statement is refused by the
  // compiler.
  template <class V>
  static void set(virgo_sample& s, const V& value) {
    if constexpr (std::is_floating_point_v<V>) {
      s.type = VIRGO_F64;
      s.value.f64 = value;
    } else if constexpr (std::is_integral_v<V> && std::is_unsigned_v<V>) {
      s.type = VIRGO_U64;
      s.value.u64 = value;
    } else if constexpr (std::is_integral_v<V>) {
      s.type = VIRGO_I64;
      s.value.i64 = value;
    } else {
      s.type = VIRGO_TEXT;
      s.value.text = str(std::string_view(value));
    }
  }
  template <class V, std::enable_if_t<!std::is_lvalue_reference_v<V> &&
                                          !std::is_trivially_copyable_v<std::remove_reference_t<V>>,
                                      int> = 0>
  static void set(virgo_sample& s, V&& value) = delete;

 private:
  const virgo_host* host_;
  virgo_run id_;
};

}  // namespace virgo::sdk
