#include "native/loop_objects.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "native/host.hpp"
#include "native/native_check.hpp"

namespace virgo::native {
namespace {

// Longer than any machine stays up, and no sum of it overflows.
constexpr std::uint64_t kMaxDelay = std::numeric_limits<std::int64_t>::max() / 4;

Duration duration_of(std::uint64_t ns) {
  return Duration(static_cast<std::int64_t>(std::min(ns, kMaxDelay)));
}

virgo_status status_of(Errc code) {
  return code == Errc::unsupported ? VIRGO_ERR_UNSUPPORTED : VIRGO_ERR_INVALID;
}

}  // namespace

// ---- Works

void WorkItem::came_back() {
  if (written_off) instance->module().call_came_back();
  if (owner != nullptr)
    owner->work_returned(*this);
  else if (!result.thrown.empty())
    log_warn("native", "check '{}': its work {}", instance->check(), result.thrown);
}

WorkItem::~WorkItem() {
  if (owner != nullptr) owner->forget(*this);
  if (release == nullptr) return;
  const CallResult r = guarded([this] {
    const CallScope note = instance->noted("release");
    release(user);
  });
  if (!r.thrown.empty())
    log_warn("native", "check '{}': its release() {}", instance->check(), r.thrown);
}

virgo_status LoopObjects::work(virgo_run run, virgo_task_fn fn, virgo_task_fn done,
                               virgo_task_fn release, void* user) {
  if (works_.size() >= kMaxWorks) return VIRGO_ERR_LIMIT;
  auto item = std::make_shared<WorkItem>();
  item->instance = check_.instance();
  item->owner = this;
  item->run = run;
  item->work = fn;
  item->done = done;
  item->user = user;
  // The item leaves the worker with the task that tells the loop: the last to
  // hold it is the loop.
  item->ticket = host_.pool().submit([handles = &host_.handles(), item]() mutable {
    // Its run may have ended since it was queued.
    if (item->run == 0 || handles->is_open(item->run)) {
      item->began = static_cast<std::int64_t>(handles->now_ns());
      item->result = guarded([&item] {
        const CallScope note = item->instance->noted("work");
        item->work(item->user);
      });
    }
    handles->post_work(std::move(item));
  });
  if (item->ticket == 0) {  // the agent stops; user stays the caller's
    item->owner = nullptr;
    return VIRGO_ERR_CANCELLED;
  }
  item->release = release;
  works_.push_back(item.get());
  if (works_timer_ == nullptr)
    works_timer_ = std::make_unique<uv::Timer>(host_.loop(), [this] { look_after_works(); });
  if (!works_timer_->active()) works_timer_->start(kGrace);
  return VIRGO_OK;
}

void LoopObjects::forget(WorkItem& item) {
  std::erase(works_, &item);
}

// Works that take too long, looked for as long as there are any.
void LoopObjects::look_after_works() {
  const TimePoint now = host_.clock().now();
  for (WorkItem* item : works_) {
    const std::int64_t began = item->began;
    if (item->written_off || began == 0) continue;
    const bool overdue = item->run == 0 ? now - TimePoint(Duration(began)) > kLongWork
                                        : !alive(item->run) && now - item->run_ended >= kGrace;
    if (overdue) write_off(*item);
  }
  if (!works_.empty()) works_timer_->start(kGrace);
}

void LoopObjects::write_off(WorkItem& item) {
  item.written_off = true;
  host_.pool().write_off(item.ticket);
  item.instance->module().call_wedged(false);
}

void LoopObjects::work_returned(WorkItem& item) {
  std::erase(works_, &item);
  if (!item.result.thrown.empty())
    check_.callback_failed(item.run, "its work " + item.result.thrown);
  else if (item.done != nullptr && alive(item.run))
    check_.call_back(item.run, "done", [&item] { item.done(item.user); });
}

void LoopObjects::withdraw(virgo_run run, bool all) {
  // Ends of works call into the plugin, which may start others.
  const std::vector<WorkItem*> works = works_;
  for (WorkItem* item : works) {
    if (!all && item->run != run) continue;
    if (host_.pool().withdraw(item->ticket)) continue;  // released by that
    item->run_ended = host_.clock().now();
    if (all) item->owner = nullptr;
  }
  if (all) works_.clear();
}

bool LoopObjects::outliving_works() const {
  return std::any_of(works_.begin(), works_.end(),
                     [this](const WorkItem* item) { return !alive(item->run); });
}

void LoopObjects::write_off_works() {
  for (WorkItem* item : works_)
    if (!item->written_off && !alive(item->run)) write_off(*item);
}

// ---- Timers and watches

LoopObject::~LoopObject() {
  if (watcher != nullptr) watcher->watch(fd, false);
}

LoopObjects::LoopObjects(Host& host, NativeCheck& check) : host_(host), check_(check) {
  host_.add(*this);
}

LoopObjects::~LoopObjects() {
  stop_all();
  withdraw(0, true);
  host_.remove(*this);
}

void LoopObjects::let_go() {
  stop_all();
  works_timer_.reset();
  for (WorkItem* item : works_) item->owner = nullptr;
  works_.clear();
}

void LoopObjects::stop_all() {
  while (!objects_.empty()) stop(objects_.back()->handle);
}

bool LoopObjects::alive(virgo_run run) const {
  return run == 0 || host_.handles().is_open(run);
}

virgo_status LoopObjects::add(std::unique_ptr<LoopObject> object, std::uint64_t* handle) {
  object->handle = host_.handles().loop_objects().insert(object.get());
  if (handle != nullptr) *handle = object->handle;
  objects_.push_back(std::move(object));
  return VIRGO_OK;
}

void LoopObjects::stop(std::uint64_t handle) {
  host_.handles().loop_objects().erase(handle);
  std::erase_if(objects_, [handle](const auto& object) { return object->handle == handle; });
}

void LoopObjects::stop_run(virgo_run run) {
  std::erase_if(objects_, [this, run](const auto& object) {
    if (object->run != run) return false;
    host_.handles().loop_objects().erase(object->handle);
    return true;
  });
}

void LoopObjects::end_run(virgo_run run) {
  stop_run(run);
  withdraw(run, false);
}

virgo_status LoopObjects::timer_start(virgo_run run, std::uint64_t delay_ns,
                                      std::uint64_t period_ns, virgo_timer_fn fn, void* user,
                                      virgo_timer* timer) {
  if (objects_.size() >= kMaxTimersAndWatches) return VIRGO_ERR_LIMIT;
  auto object = std::make_unique<LoopObject>();
  object->owner = this;
  object->run = run;
  object->user = user;
  object->timer_fn = fn;
  object->period = duration_of(period_ns);
  LoopObject* raw = object.get();
  object->timer =
      std::make_unique<uv::Timer>(host_.loop(), [this, raw] { timer_fired(raw->handle); });
  object->due = host_.clock().now() + duration_of(delay_ns);
  object->timer->start(duration_of(delay_ns));
  return add(std::move(object), timer);
}

void LoopObjects::timer_fired(std::uint64_t handle) {
  LoopObject* object = host_.handles().loop_objects().get(handle);
  if (object == nullptr || !alive(object->run)) return;
  const virgo_run run = object->run;
  void* user = object->user;
  const virgo_timer_fn fn = object->timer_fn;
  if (object->period > Duration::zero()) {
    // From when it was due, so that it does not drift; ticks that passed are left out.
    const TimePoint now = host_.clock().now();
    object->due += object->period;
    if (object->due < now) object->due += (now - object->due) / object->period * object->period;
    object->timer->start(object->due - now);
  } else {
    stop(handle);
  }
  check_.call_back(run, "timer", [=] { fn(user, handle); });
}

virgo_status LoopObjects::watch_start(virgo_run run, virgo_fd fd, std::uint32_t events,
                                      virgo_watch_fn fn, void* user, virgo_watch* watch) {
  if (objects_.size() >= kMaxTimersAndWatches) return VIRGO_ERR_LIMIT;
  if (fd < 0 || fd > std::numeric_limits<int>::max() || host_.watches(fd)) return VIRGO_ERR_INVALID;
  auto object = std::make_unique<LoopObject>();
  object->owner = this;
  object->run = run;
  object->user = user;
  object->watch_fn = fn;
  object->fd = fd;
  LoopObject* raw = object.get();
  auto poll = uv::Poll::open(host_.loop(), static_cast<int>(fd),
                             [this, raw](unsigned ready) { watch_ready(raw->handle, ready); });
  if (!poll) return status_of(poll.error().code);
  object->poll = std::move(*poll);
  if (!object->poll->start(events)) return VIRGO_ERR_INVALID;
  object->watcher = &host_;
  host_.watch(fd, true);
  return add(std::move(object), watch);
}

void LoopObjects::watch_ready(std::uint64_t handle, unsigned events) {
  LoopObject* object = host_.handles().loop_objects().get(handle);
  if (object == nullptr || !alive(object->run)) return;
  const virgo_watch_fn fn = object->watch_fn;
  void* user = object->user;
  const virgo_fd fd = object->fd;
  check_.call_back(object->run, "watch", [=] { fn(user, handle, fd, events); });
}

}  // namespace virgo::native
