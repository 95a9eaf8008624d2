// SPDX-License-Identifier: MIT
//
// virgo/plugin.hpp - C++17 sugar over virgo/plugin.h.
//
// A check is a class. It derives from nothing; what it has is what it offers:
//
//   class Queue {
//    public:
//     static constexpr const char* kName = "acme.queue";
//     static constexpr const char* kSummary = "Length of the Acme queue.";
//     static constexpr uint32_t kThread = VIRGO_ON_LOOP;
//     static constexpr virgo_metric kMetrics[] = {
//         virgo::sdk::gauge("acme.queue.length", "{job}", "Jobs waiting.", VIRGO_U64)};
//     static constexpr virgo_param kParams[] = {                         // optional
//         virgo::sdk::param("path", VIRGO_PARAM_TEXT, "/run/acme", "Where the queue lies.")};
//     static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;             // optional
//
//     explicit Queue(virgo::sdk::Host host);
//     void configure(virgo::sdk::Config root);                           // optional
//     virgo_status collect(virgo::sdk::Run run);
//     void cancel(virgo::sdk::Run run) noexcept;                         // optional
//   };
//   VIRGO_CXX_MODULE("com.acme.queue", "1.2.0", Queue);
//
// configure() and collect() may return virgo_status or void (= VIRGO_OK), and may
// throw: the exception stops here and its text becomes the run's explanation.
// Everything is compiled into the plugin and no C++ type crosses the border. The
// header itself calls nothing of the C++ runtime library, so a check built with
// -fno-exceptions -fno-rtti that keeps to that needs no libstdc++ at all.
//
// For contracts, threads and ownership see plugin.h: nothing here changes them.
#pragma once

#include <stdlib.h>

#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>
#if defined(__cpp_exceptions)
#include <exception>
#endif

#include "plugin.h"

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
constexpr virgo_metric state(const char* name, const char* help, uint32_t type = VIRGO_TEXT) {
  return {name, nullptr, help, VIRGO_STATE, type};
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

// ---- A node of the configuration. [loop], inside configure() ----
//
// Texts are lent until configure() returns: copy what you keep.
class Config {
 public:
  Config(const virgo_host* host, const virgo_config* node) : api_(host->config), node_(node) {}

  Config operator[](std::string_view key) const { return {api_, api_->get(node_, str(key))}; }
  Config at(uint32_t index) const { return {api_, api_->at(node_, index)}; }
  std::string_view key_at(uint32_t index) const { return view(api_->key_at(node_, index)); }
  uint32_t size() const { return api_->size(node_); }
  uint32_t kind() const { return api_->kind(node_); }
  explicit operator bool() const { return kind() != VIRGO_NODE_NONE; }

  bool as_bool(bool fallback = false) const { return api_->as_bool(node_, fallback) != 0; }
  int64_t as_int(int64_t fallback = 0) const { return api_->as_i64(node_, fallback); }
  double as_number(double fallback = 0) const { return api_->as_f64(node_, fallback); }
  std::string_view as_text(std::string_view fallback = {}) const {
    return view(api_->as_text(node_, str(fallback)));
  }
  uint64_t as_duration_ns(uint64_t fallback = 0) const {
    return api_->as_duration(node_, fallback);
  }
  uint64_t as_size(uint64_t fallback = 0) const { return api_->as_size(node_, fallback); }

  void reject(std::string_view why) const { api_->reject(node_, str(why)); }
  const virgo_config* raw() const { return node_; }

 private:
  Config(const virgo_config_api* api, const virgo_config* node) : api_(api), node_(node) {}
  const virgo_config_api* api_;
  const virgo_config* node_;
};

// ---- One collection. [any] ----
//
// A handle: copy it where you like, a stale one is harmless.
class Run {
 public:
  Run(const virgo_host* host, virgo_run id) : host_(host), id_(id) {}

  // One sample. The value's C++ type decides its ABI type: floating, signed or
  // unsigned integer, or text; it must be that of the declared metric.
  template <class V>
  virgo_status emit(uint32_t metric, V value, std::initializer_list<virgo_label> labels = {},
                    int64_t unix_ns = 0) const {
    virgo_sample s{};
    s.metric = metric;
    s.unix_ns = unix_ns;
    s.labels = {labels.begin(), static_cast<uint32_t>(labels.size()), sizeof(virgo_label)};
    set(s, value);
    return emit(&s, 1);
  }
  // Many at once: cheaper where there are many.
  virgo_status emit(const virgo_sample* samples, uint32_t count) const {
    return host_->run->emit(host_, id_, samples, count, sizeof(virgo_sample));
  }

  void explain(std::string_view text) const { host_->run->explain(host_, id_, str(text)); }
  uint64_t time_left_ns() const { return host_->run->time_left(host_, id_); }
  virgo_status complete(virgo_status status) const {
    return host_->run->complete(host_, id_, status);
  }
  virgo_run id() const { return id_; }

  template <class V>
  static void set(virgo_sample& s, V value) {
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

 private:
  const virgo_host* host_;
  virgo_run id_;
};

// ---- From class to descriptor ----

namespace detail {

template <class T>
struct Instance {
  const virgo_host* host;
  T check;
};

// Runs body; an exception becomes VIRGO_ERR_FAILED and its text goes to tell.
template <class Body, class Tell>
virgo_status guarded(Body&& body, [[maybe_unused]] Tell&& tell) noexcept {
#if defined(__cpp_exceptions)
  try {
#endif
    if constexpr (std::is_void_v<decltype(body())>) {
      body();
      return VIRGO_OK;
    } else {
      return body();
    }
#if defined(__cpp_exceptions)
  } catch (const std::exception& e) {
    tell(e.what());
  } catch (...) {
    tell("an exception that is no std::exception");
  }
  return VIRGO_ERR_FAILED;
#endif
}

template <class T, class = void>
inline constexpr bool has_configure = false;
template <class T>
inline constexpr bool
    has_configure<T, std::void_t<decltype(std::declval<T&>().configure(std::declval<Config>()))>> =
        true;
template <class T, class = void>
inline constexpr bool has_cancel = false;
template <class T>
inline constexpr bool
    has_cancel<T, std::void_t<decltype(std::declval<T&>().cancel(std::declval<Run>()))>> = true;
template <class T, class = void>
inline constexpr bool has_params = false;
template <class T>
inline constexpr bool has_params<T, std::void_t<decltype(T::kParams)>> = true;
template <class T, class = void>
inline constexpr bool has_flags = false;
template <class T>
inline constexpr bool has_flags<T, std::void_t<decltype(T::kFlags)>> = true;

template <class T>
struct Thunks {
  static_assert(alignof(Instance<T>) <= alignof(max_align_t),
                "over-aligned checks are not supported");

  static virgo_status VIRGO_CALL create(const virgo_host* host, virgo_check self, void** out) {
    void* memory = malloc(sizeof(Instance<T>));
    if (memory == nullptr) return VIRGO_ERR_NO_MEMORY;
    const virgo_status status = guarded(
        [&] {
          *out = ::new (memory) Instance<T>{host, T(Host(host, self))};
        },
        [&](const char* what) { Host(host, self).log(VIRGO_LOG_ERROR, what); });
    if (status < 0) free(memory);
    return status;
  }
  static virgo_status VIRGO_CALL configure(void* p, const virgo_config* root) {
    auto* i = static_cast<Instance<T>*>(p);
    if constexpr (has_configure<T>) {
      const Config config(i->host, root);
      return guarded([&] { return i->check.configure(config); },
                     [&](const char* what) { config.reject(what); });
    } else {
      return VIRGO_OK;
    }
  }
  static virgo_status VIRGO_CALL collect(void* p, virgo_run id) {
    auto* i = static_cast<Instance<T>*>(p);
    const Run run(i->host, id);
    return guarded([&] { return i->check.collect(run); },
                   [&](const char* what) { run.explain(what); });
  }
  static void VIRGO_CALL cancel(void* p, virgo_run id) {
    auto* i = static_cast<Instance<T>*>(p);
    if constexpr (has_cancel<T>) i->check.cancel(Run(i->host, id));
  }
  static void VIRGO_CALL destroy(void* p) {
    auto* i = static_cast<Instance<T>*>(p);
    i->~Instance<T>();
    free(i);
  }
};

template <class T>
constexpr virgo_check_type describe() {
  virgo_check_type t{};
  t.struct_size = sizeof t;
  t.thread = T::kThread;
  if constexpr (has_flags<T>) t.flags = T::kFlags;
  t.name = T::kName;
  t.summary = T::kSummary;
  if constexpr (has_params<T>) t.params = VIRGO_ARRAY(T::kParams);
  t.metrics = VIRGO_ARRAY(T::kMetrics);
  t.create = &Thunks<T>::create;
  t.configure = has_configure<T> ? &Thunks<T>::configure : nullptr;
  t.collect = &Thunks<T>::collect;
  t.cancel = has_cancel<T> ? &Thunks<T>::cancel : nullptr;
  t.destroy = &Thunks<T>::destroy;
  return t;
}

template <class T>
inline constexpr virgo_check_type type_of = describe<T>();
template <class... T>
inline constexpr const virgo_check_type* types_of[] = {&type_of<T>...};

template <class... T>
constexpr virgo_module module(const char* id, const char* version) {
  return {VIRGO_MODULE_HEADER(0), sizeof...(T), id,     version, nullptr,
          types_of<T...>,         nullptr,      nullptr};
}

}  // namespace detail
}  // namespace virgo::sdk

// Once per module, with every check class it offers.
#define VIRGO_CXX_MODULE(ID, VERSION, ...)                  \
  static constexpr virgo_module virgo_cxx_module_ =         \
      virgo::sdk::detail::module<__VA_ARGS__>(ID, VERSION); \
  VIRGO_MODULE_ENTRY(virgo_cxx_module_, 0)
