// SPDX-License-Identifier: MIT
//
// virgo/sdk/check_class.hpp - from a class to the tables of virgo/plugin.h: what
// VIRGO_CXX_MODULE is made of. Nothing here is for authors. Included by
// virgo/plugin.hpp.
#pragma once

#include <stdlib.h>

#include <new>
#include <type_traits>
#include <utility>
#if defined(__cpp_exceptions)
#include <exception>
#endif

#include "config.hpp"
#include "host.hpp"

namespace virgo::sdk::detail {

// ---- From class to descriptor ----

// Lies in front of each check of type T, so that a callback of the loop, which is
// given the check only, knows whose it is.
struct Context {
  const virgo_host* host;
  virgo_check self;
  virgo_run run;  // the one collected last
};
inline constexpr size_t kContextSize =
    (sizeof(Context) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);

template <class T>
T& check_in(void* instance) {
  return *reinterpret_cast<T*>(static_cast<char*>(instance) + kContextSize);
}
template <class T>
Context& context_of(T* check) {
  return *reinterpret_cast<Context*>(reinterpret_cast<char*>(check) - kContextSize);
}

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

// Whether T has a member of this name, whatever it is, and private ones too: then the
// name is ambiguous in a class that inherits another. A final class is not looked at.
struct Nothing {};
#define VIRGO_SDK_MEMBER(NAME)                                                              \
  struct Other_##NAME {                                                                     \
    int NAME;                                                                               \
  };                                                                                        \
  template <class T>                                                                        \
  struct Both_##NAME : std::conditional_t<std::is_final_v<T>, Nothing, T>, Other_##NAME {}; \
  template <class T, class = void>                                                          \
  inline constexpr bool names_##NAME = true;                                                \
  template <class T>                                                                        \
  inline constexpr bool names_##NAME<T, std::void_t<decltype(&Both_##NAME<T>::NAME)>> = false
VIRGO_SDK_MEMBER(configure);
VIRGO_SDK_MEMBER(cancel);
VIRGO_SDK_MEMBER(kParams);
VIRGO_SDK_MEMBER(kMetrics);
VIRGO_SDK_MEMBER(kFlags);
#undef VIRGO_SDK_MEMBER

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
inline constexpr bool has_params<
    T,
    std::enable_if_t<std::is_same_v<
        std::remove_extent_t<std::remove_reference_t<decltype(T::kParams)>>, const virgo_param>>> =
    true;
template <class T, class = void>
inline constexpr bool has_metrics = false;
template <class T>
inline constexpr bool has_metrics<
    T, std::enable_if_t<
           std::is_same_v<std::remove_extent_t<std::remove_reference_t<decltype(T::kMetrics)>>,
                          const virgo_metric>>> = true;
template <class T, class = void>
inline constexpr bool has_flags = false;
template <class T>
inline constexpr bool
    has_flags<T, std::enable_if_t<std::is_convertible_v<decltype(T::kFlags), uint32_t>>> = true;
template <class T, class = void>
inline constexpr bool has_load = false;
template <class T>
inline constexpr bool has_load<T, std::void_t<decltype(T::load(std::declval<Host>()))>> = true;
template <class T, class = void>
inline constexpr bool has_unload = false;
template <class T>
inline constexpr bool has_unload<T, std::void_t<decltype(T::unload())>> = true;

template <class T, class = void>
inline constexpr bool has_name = false;
template <class T>
inline constexpr bool has_name<T, std::void_t<decltype(T::kName)>> = true;

// What would otherwise be left out without a word.
template <class T>
constexpr bool well_formed() {
  static_assert(has_configure<T> || !names_configure<T>,
                "configure of a check must be public and callable as "
                "configure(virgo::sdk::Config)");
  static_assert(has_cancel<T> || !names_cancel<T>,
                "cancel of a check must be public and callable as cancel(virgo::sdk::Run)");
  static_assert(has_params<T> || !names_kParams<T>,
                "kParams of a check must be public: static constexpr virgo_param kParams[]");
  static_assert(has_metrics<T> || !names_kMetrics<T>,
                "kMetrics of a check must be public: static constexpr virgo_metric kMetrics[]");
  static_assert(has_flags<T> || !names_kFlags<T>,
                "kFlags of a check must be public: static constexpr uint32_t kFlags");
  return true;
}

template <class T>
struct Thunks {
  static_assert(alignof(T) <= alignof(max_align_t), "over-aligned checks are not supported");
  static_assert(well_formed<T>());

  static virgo_status VIRGO_CALL create(const virgo_host* host, virgo_check self, void** out) {
    void* memory = malloc(kContextSize + sizeof(T));
    if (memory == nullptr) return VIRGO_ERR_NO_MEMORY;
    ::new (memory) Context{host, self, 0};
    const virgo_status status = guarded(
        [&] {
          ::new (static_cast<void*>(&check_in<T>(memory))) T(Host(host, self));
          *out = memory;
        },
        [&](const char* what) { Host(host, self).log(VIRGO_LOG_ERROR, what); });
    if (status < 0) free(memory);
    return status;
  }
  static virgo_status VIRGO_CALL configure(void* p, const virgo_config* root) {
    if constexpr (has_configure<T>) {
      const Config config(context(p).host, root);
      return guarded([&] { return check_in<T>(p).configure(config); },
                     [&](const char* what) { config.reject(what); });
    } else {
      return VIRGO_OK;
    }
  }
  static virgo_status VIRGO_CALL collect(void* p, virgo_run id) {
    context(p).run = id;
    const Run run(context(p).host, id);
    return guarded([&] { return check_in<T>(p).collect(run); },
                   [&](const char* what) { run.explain(what); });
  }
  static void VIRGO_CALL cancel(void* p, virgo_run id) {
    if constexpr (has_cancel<T>) {
      const Context& c = context(p);
      guarded([&] { check_in<T>(p).cancel(Run(c.host, id)); },
              [&](const char* what) { Host(c.host, c.self).log(VIRGO_LOG_ERROR, what); });
    }
  }
  static void VIRGO_CALL destroy(void* p) {
    check_in<T>(p).~T();
    free(p);
  }

 private:
  static Context& context(void* p) { return *static_cast<Context*>(p); }
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
  if constexpr (has_metrics<T>) t.metrics = VIRGO_ARRAY(T::kMetrics);
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

// load() and unload() of the module: those of its classes, in their order. When one
// load() fails, the classes before it are unloaded again.
template <class T>
virgo_status load_one(const virgo_host* host) {
  if constexpr (has_load<T>) {
    const Host module(host, 0);
    return guarded([&] { return T::load(module); },
                   [&](const char* what) { module.log(VIRGO_LOG_ERROR, what); });
  } else {
    return VIRGO_OK;
  }
}
template <class T>
void unload_one() {
  if constexpr (has_unload<T>) guarded([] { T::unload(); }, [](const char*) {});
}
template <class... T>
virgo_status VIRGO_CALL load_all(const virgo_host* host) {
  virgo_status status = VIRGO_OK;
  size_t loaded = 0;
  (void)(((status = load_one<T>(host)) >= 0 && ++loaded > 0) && ...);
  if (status >= 0) return VIRGO_OK;
  size_t i = 0;
  (void)((i++ < loaded && (unload_one<T>(), true)) && ...);
  return status;
}
template <class... T>
void VIRGO_CALL unload_all() {
  (unload_one<T>(), ...);
}

template <class... T>
constexpr virgo_module module(const char* id, const char* version, const char* vendor,
                              uint16_t requires_minor) {
  return {VIRGO_MODULE_HEADER(requires_minor),
          sizeof...(T),
          id,
          version,
          vendor,
          types_of<T...>,
          (has_load<T> || ...) ? &load_all<T...> : nullptr,
          (has_unload<T> || ...) ? &unload_all<T...> : nullptr};
}

}  // namespace virgo::sdk::detail
