// SPDX-License-Identifier: MIT
//
// virgo/sdk/loop.hpp - C++ over virgo/ext/loop.h: timers, descriptors, posts and work
// that call methods. Included by virgo/plugin.hpp.
#pragma once

#include <type_traits>

#include "../ext/loop.h"
#include "check_class.hpp"
#include "host.hpp"

namespace virgo::sdk {

namespace detail {

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
