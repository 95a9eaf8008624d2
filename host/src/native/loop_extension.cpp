#include "native/loop_extension.hpp"

#include "native/host_table.hpp"
#include "native/loop_objects.hpp"
#include "native/native_check.hpp"

namespace virgo::native {
namespace {

// The bits of the two sides are the same, and unknown ones are to be ignored.
static_assert(int{uv::Poll::kReadable} == int{VIRGO_READABLE} &&
              int{uv::Poll::kWritable} == int{VIRGO_WRITABLE} &&
              int{uv::Poll::kHangup} == int{VIRGO_HANGUP});

// Calls `start(objects)` of the check `self`, for an owner that has not ended.
template <class Start>
virgo_status for_owner(const virgo_host* host, virgo_check self, virgo_run run, bool complete,
                       Start&& start) {
  Handles* handles = HostTable::handles_of(host);
  if (handles == nullptr || !complete) return VIRGO_ERR_INVALID;
  if (!handles->on_loop_thread()) return VIRGO_ERR_WRONG_THREAD;
  NativeCheck* check = handles->find_owner(self);
  if (check == nullptr || (run != 0 && !handles->is_open(run, self))) return VIRGO_ERR_STALE;
  if (run == 0 && check->quarantined()) return VIRGO_ERR_CANCELLED;
  return start(check->loop_objects());
}

// Calls `act(object)` for a timer or watch that has not ended.
template <class Act>
virgo_status for_object(const virgo_host* host, std::uint64_t handle, bool watch, Act&& act) {
  Handles* handles = HostTable::handles_of(host);
  if (handles == nullptr) return VIRGO_ERR_INVALID;
  if (!handles->on_loop_thread()) return VIRGO_ERR_WRONG_THREAD;
  LoopObject* object = handles->loop_objects().get(handle);
  if (object == nullptr || (object->poll != nullptr) != watch) return VIRGO_ERR_STALE;
  act(*object);
  return VIRGO_OK;
}

virgo_status timer_start(const virgo_host* host, virgo_check self, virgo_run run,
                         std::uint64_t delay_ns, std::uint64_t period_ns, virgo_timer_fn fn,
                         void* user, virgo_timer* timer) noexcept {
  return for_owner(host, self, run, fn != nullptr, [&](LoopObjects& objects) {
    return objects.timer_start(run, delay_ns, period_ns, fn, user, timer);
  });
}

virgo_status timer_stop(const virgo_host* host, virgo_timer timer) noexcept {
  return for_object(host, timer, false, [](LoopObject& o) { o.owner->stop(o.handle); });
}

virgo_status watch_start(const virgo_host* host, virgo_check self, virgo_run run, virgo_fd fd,
                         std::uint32_t events, virgo_watch_fn fn, void* user,
                         virgo_watch* watch) noexcept {
  return for_owner(host, self, run, fn != nullptr, [&](LoopObjects& objects) {
    return objects.watch_start(run, fd, events, fn, user, watch);
  });
}

virgo_status watch_modify(const virgo_host* host, virgo_watch watch,
                          std::uint32_t events) noexcept {
  virgo_status status = VIRGO_OK;
  const virgo_status found = for_object(host, watch, true, [&](LoopObject& o) {
    if (!o.poll->start(events)) status = VIRGO_ERR_INVALID;
  });
  return found != VIRGO_OK ? found : status;
}

virgo_status watch_stop(const virgo_host* host, virgo_watch watch) noexcept {
  return for_object(host, watch, true, [](LoopObject& o) { o.owner->stop(o.handle); });
}

virgo_status post(const virgo_host* host, virgo_check self, virgo_run run, virgo_task_fn fn,
                  virgo_task_fn release, void* user) noexcept {
  Handles* handles = HostTable::handles_of(host);
  if (handles == nullptr || fn == nullptr) return VIRGO_ERR_INVALID;
  return handles->post_task(self, {run, fn, release, user});
}

virgo_status work(const virgo_host* host, virgo_check self, virgo_run run, virgo_task_fn fn,
                  virgo_task_fn done, virgo_task_fn release, void* user) noexcept {
  return for_owner(host, self, run, fn != nullptr, [&](LoopObjects& objects) {
    return objects.work(run, fn, done, release, user);
  });
}

constexpr virgo_loop kLoop = {
    sizeof(virgo_loop), 0,           &timer_start, &timer_stop, &watch_start,
    &watch_modify,      &watch_stop, &post,        &work};

}  // namespace

const virgo_loop& loop_extension() {
  return kLoop;
}

}  // namespace virgo::native
