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
//     static constexpr virgo_metric kMetrics[] = {                       // optional
//         virgo::sdk::gauge("acme.queue.length", "{job}", "Jobs waiting.", VIRGO_U64)};
//     static constexpr virgo_param kParams[] = {                         // optional
//         virgo::sdk::param("path", VIRGO_PARAM_TEXT, "/run/acme", "Where the queue lies.")};
//     static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;             // optional
//
//     explicit Queue(virgo::sdk::Host host);
//     void configure(virgo::sdk::Config root);                           // optional
//     virgo_status collect(virgo::sdk::Run run);
//     void cancel(virgo::sdk::Run run) noexcept;                         // optional
//     static virgo_status load(virgo::sdk::Host module);                 // optional
//     static void unload() noexcept;                                     // optional
//   };
//   VIRGO_CXX_MODULE("com.acme.queue", "1.2.0", Queue);
//
// configure() and collect() may return virgo_status or void (= VIRGO_OK), and may
// throw: the exception stops here and its text becomes the run's explanation. load()
// and unload() are those of the module, for what all its instances share.
//
// A check that waits without keeping a thread does it with a Loop, the sugar over
// ext/loop.h: timers, descriptors, posts and work that call its methods, and
// allocate nothing.
//
//   explicit Probe(virgo::sdk::Host host) : loop_(host) {}
//   virgo_status collect(virgo::sdk::Run run) {
//     if (!loop_) return VIRGO_ERR_UNSUPPORTED;              // an agent without it
//     run_ = run.id(); fd_ = ...;
//     loop_.watch<&Probe::ready>(this, run, fd_, VIRGO_READABLE);
//     loop_.after<&Probe::timed_out>(this, run, 500'000'000);
//     return VIRGO_PENDING;
//   }
//   void ready(uint32_t events);    // completes the run, and both end with it
//   void timed_out();
//
// Everything is compiled into the plugin and no C++ type crosses the border. The
// header itself calls nothing of the C++ runtime library, so a check built with
// -fno-exceptions -fno-rtti that keeps to that needs no libstdc++ at all.
//
// For contracts, threads and ownership see plugin.h: nothing here changes them.
#pragma once

#include <stdlib.h>
#include <string.h>

#include <initializer_list>
#include <new>
#include <string_view>
#include <type_traits>
#if defined(__cpp_exceptions)
#include <exception>
#endif

#include "ext/loop.h"
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

namespace detail {

// Text put together without memory from anywhere; what does not fit is left out, whole
// characters of UTF-8.
template <size_t kSize>
class Joined {
 public:
  void add(std::string_view more) {
    size_t n = more.size();
    if (n > kSize - size_)
      for (n = kSize - size_; n > 0 && (static_cast<unsigned char>(more[n]) & 0xc0u) == 0x80u;) --n;
    if (n > 0) memcpy(text_ + size_, more.data(), n);
    size_ += n;
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  size_t size_ = 0;
  char text_[kSize] = {};
};

}  // namespace detail

// ---- A node of the configuration. [loop], inside configure() ----
//
// Texts are lent until configure() returns: copy what you keep.
class Config {
 public:
  Config(const virgo_host* host, const virgo_config* node)
      : api_(host->config), node_(node), place_(node) {}

  Config operator[](std::string_view key) const {
    return child(api_->get(node_, str(key)), [key](Missing& m) { m.add_key(key); });
  }
  Config at(uint32_t index) const {
    return child(api_->at(node_, index), [index](Missing& m) { m.add_index(index); });
  }
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

  // What is absent has no place: the nearest node above it that is there is rejected,
  // with the key in front of the reason.
  void reject(std::string_view why) const {
    if (node_ != nullptr) return api_->reject(node_, str(why));
    detail::Joined<1152> text;
    text.add(missing_.view());
    text.add(": ");
    text.add(why);
    api_->reject(place_, str(text.view()));
  }
  const virgo_config* raw() const { return node_; }

 private:
  // Where an absent node would be, seen from the nearest one that is there.
  struct Missing : detail::Joined<96> {
    void add_key(std::string_view key) {
      if (!view().empty()) add(".");
      add(key);
    }
    void add_index(uint32_t index) {
      char digits[10];
      size_t n = 0;
      do digits[sizeof digits - ++n] = static_cast<char>('0' + index % 10);
      while ((index /= 10) > 0);
      add("[");
      add({digits + sizeof digits - n, n});
      add("]");
    }
  };
  template <class Add>
  Config child(const virgo_config* node, Add add) const {
    Config out = *this;
    out.node_ = node;
    if (node != nullptr)
      out.place_ = node;
    else
      add(out.missing_);
    return out;
  }

  const virgo_config_api* api_;
  const virgo_config* node_;
  const virgo_config* place_;  // node_, or the nearest one above that is there
  Missing missing_;            // empty where node_ is there
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
  virgo_status emit(uint32_t metric, const V& value, std::initializer_list<virgo_label> labels = {},
                    int64_t unix_ns = 0) const {
    virgo_sample s{};
    s.metric = metric;
    s.unix_ns = unix_ns;
    s.labels = {labels.begin(), static_cast<uint32_t>(labels.size()), sizeof(virgo_label)};
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

// ---- From class to descriptor ----

namespace detail {

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
inline constexpr bool
    has_params<T, std::enable_if_t<std::is_same_v<std::remove_extent_t<decltype(T::kParams)>,
                                                  const virgo_param>>> = true;
template <class T, class = void>
inline constexpr bool has_metrics = false;
template <class T>
inline constexpr bool
    has_metrics<T, std::enable_if_t<std::is_same_v<std::remove_extent_t<decltype(T::kMetrics)>,
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

// What the loop calls: Method of the T behind user.
template <auto Method, class T, bool kOfRun>
struct Callback {
  static void VIRGO_CALL timer(void* user, virgo_timer timer) { call(user, timer); }
  static void VIRGO_CALL watch(void* user, virgo_watch, virgo_fd fd, uint32_t events) {
    if constexpr (std::is_invocable_v<decltype(Method), T*, virgo_fd, uint32_t>)
      call(user, fd, events);
    else
      call(user, events);
  }
  static void VIRGO_CALL task(void* user) { call(user); }

 private:
  template <class... Args>
  static void call(void* user, Args... args) {
    T* object = static_cast<T*>(user);
    if constexpr (std::is_invocable_v<decltype(Method), T*, Args...>)
      run(object, [&]() noexcept(std::is_nothrow_invocable_v<decltype(Method), T*, Args...>) {
        (object->*Method)(args...);
      });
    else
      run(object, [&]() noexcept(std::is_nothrow_invocable_v<decltype(Method), T*>) {
        (object->*Method)();
      });
  }
  template <class Body>
  static void run(T* object, Body body) {
#if defined(__cpp_exceptions)
    static_assert(has_name<T> || noexcept(body()),
                  "a method of a class that is not the check itself must be noexcept: nobody "
                  "could tell whose run it is that has failed");
#endif
    if constexpr (has_name<T>)
      guarded(body, [&](const char* what) { failed(context_of(object), what); });
    else
      body();
  }
  // Ends the run the callback belonged to.
  static void failed(const Context& c, const char* what) {
    if constexpr (kOfRun) {
      const Run of(c.host, c.run);
      of.explain(what);
      if (of.complete(VIRGO_ERR_FAILED) == VIRGO_OK) return;
    }
    Host(c.host, c.self).log(VIRGO_LOG_ERROR, what);
  }
};

}  // namespace detail

// ---- The event loop, ext/loop.h ----
//
// Whom a timer, watch, post or work belongs to, and with whom it ends: a run, or
// the check.
struct Owner {
  virgo_run id;
  Owner(Run run) : id(run.id()) {}
  static Owner check() { return Owner(); }

 private:
  Owner() : id(0) {}
};

struct Timer {
  virgo_timer id = 0;
};
struct Watch {
  virgo_watch id = 0;
};

// Calls methods of a check; of the object `self` points at, which must be the check
// itself, or else the method noexcept. Where the method throws, a run ends with
// VIRGO_ERR_FAILED and the text; for what belongs to the check the text is logged.
// Without the extension everything answers VIRGO_ERR_UNSUPPORTED. For contracts see
// ext/loop.h. A value: copy it where you like.
class Loop {
 public:
  explicit Loop(Host host) : host_(host), api_(host.extension<virgo_loop>(VIRGO_EXT_LOOP)) {}
  explicit operator bool() const { return api_ != nullptr; }

  // [loop] void method() or method(virgo_timer): once, or every period.
  template <auto Method, class T>
  virgo_status after(T* self, Owner owner, uint64_t delay_ns, Timer* timer = nullptr) const {
    return start<Method>(self, owner, delay_ns, 0, timer);
  }
  template <auto Method, class T>
  virgo_status every(T* self, Owner owner, uint64_t period_ns, Timer* timer = nullptr) const {
    return start<Method>(self, owner, period_ns, period_ns, timer);
  }
  virgo_status stop(Timer timer) const {
    return api_ == nullptr ? none() : api_->timer_stop(host_.raw(), timer.id);
  }

  // [loop] void method(uint32_t events) or method(virgo_fd, uint32_t events).
  template <auto Method, class T>
  virgo_status watch(T* self, Owner owner, virgo_fd fd, uint32_t events,
                     Watch* watch = nullptr) const {
    if (api_ == nullptr) return none();
    virgo_watch_fn fn = owner.id != 0 ? &detail::Callback<Method, T, true>::watch
                                      : &detail::Callback<Method, T, false>::watch;
    return api_->watch_start(host_.raw(), host_.self(), owner.id, fd, events, fn, self,
                             watch == nullptr ? nullptr : &watch->id);
  }
  virgo_status modify(Watch watch, uint32_t events) const {
    return api_ == nullptr ? none() : api_->watch_modify(host_.raw(), watch.id, events);
  }
  virgo_status stop(Watch watch) const {
    return api_ == nullptr ? none() : api_->watch_stop(host_.raw(), watch.id);
  }

  // [any] void method(), on the loop.
  template <auto Method, class T>
  virgo_status post(T* self, Owner owner) const {
    if (api_ == nullptr) return none();
    return api_->post(host_.raw(), host_.self(), owner.id, task<Method, T>(owner), nullptr, self);
  }
  // [loop] void work() on a worker, where it may block; then, if the owner is still
  // there, void done() on the loop.
  template <auto Work, auto Done, class T>
  virgo_status work(T* self, Owner owner) const {
    if (api_ == nullptr) return none();
    return api_->work(host_.raw(), host_.self(), owner.id, task<Work, T>(owner),
                      task<Done, T>(owner), nullptr, self);
  }

 private:
  static virgo_status none() { return VIRGO_ERR_UNSUPPORTED; }
  template <auto Method, class T>
  static virgo_task_fn task(Owner owner) {
    return owner.id != 0 ? &detail::Callback<Method, T, true>::task
                         : &detail::Callback<Method, T, false>::task;
  }
  template <auto Method, class T>
  virgo_status start(T* self, Owner owner, uint64_t delay, uint64_t period, Timer* timer) const {
    if (api_ == nullptr) return none();
    virgo_timer_fn fn = owner.id != 0 ? &detail::Callback<Method, T, true>::timer
                                      : &detail::Callback<Method, T, false>::timer;
    return api_->timer_start(host_.raw(), host_.self(), owner.id, delay, period, fn, self,
                             timer == nullptr ? nullptr : &timer->id);
  }

  Host host_;
  const virgo_loop* api_;
};

}  // namespace virgo::sdk

// Once per module, with every check class it offers.
#define VIRGO_CXX_MODULE(ID, VERSION, ...) VIRGO_CXX_MODULE_BY(nullptr, 0, ID, VERSION, __VA_ARGS__)

// The same with the name of its maker, and the oldest minor of the ABI it can live
// with (see requires_minor in plugin.h).
#define VIRGO_CXX_MODULE_BY(VENDOR, REQUIRES_MINOR, ID, VERSION, ...)               \
  static constexpr virgo_module virgo_cxx_module_ =                                 \
      virgo::sdk::detail::module<__VA_ARGS__>(ID, VERSION, VENDOR, REQUIRES_MINOR); \
  VIRGO_MODULE_ENTRY(virgo_cxx_module_, REQUIRES_MINOR)
