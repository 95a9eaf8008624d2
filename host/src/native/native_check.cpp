#include "native/native_check.hpp"

#include <algorithm>
#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "base/text.hpp"
#include "native/immortal.hpp"
#include "native/status.hpp"

namespace virgo::native {
namespace {

constexpr Duration kPostsAtOnce = std::chrono::milliseconds(5);

}  // namespace

NativeCheck::NativeCheck(Host& host, std::shared_ptr<Module> module, const TypeDescription& type,
                         std::string name)
    : host_(host),
      module_(std::move(module)),
      type_(type),
      instance_(std::make_shared<NativeInstance>(module_, type_, name)) {
  entry_.name = std::move(name);
  entry_.check = this;
  self_ = host_.handles().add_check(entry_);
  open_.type = &type_;
  open_.check = self_;
}

NativeCheck::~NativeCheck() {
  if (open_.open) host_.handles().close(open_);
  // From here on the plugin may log under its name, and nothing more.
  host_.handles().end_check(entry_);
  take_back_call();
  loop_objects_.reset();
  for (const PluginPost& post : host_.handles().take_posts(entry_)) release(post);
  if (calling_) {
    log_warn("native",
             "check '{}': a call of its plugin still executes; its instance is left behind",
             entry_.name);
    keep_for_ever(std::make_unique<std::shared_ptr<NativeInstance>>(instance_));
  }
  instance_.reset();
  host_.handles().remove_check(self_);
}

Result<void> NativeCheck::create_instance() {
  return instance_->create(self_);
}

Result<void> NativeCheck::configure(const virgo_config* root) {
  if (type_.configure == nullptr) return {};
  const CallResult r = guarded([&] {
    const CallScope note = instance_->noted("configure");
    return type_.configure(instance_->get(), root);
  });
  if (!r.thrown.empty())
    return Error{Errc::failed, format("configure() of '{}' {}", type_.name, r.thrown)};
  if (r.status < 0)
    return Error{Errc::invalid,
                 format("'{}' refused its configuration: {}", type_.name, status_text(r.status))};
  return {};
}

void NativeCheck::open_run(check::Run& run) {
  run_ = &run;
  started_ = host_.clock().now();
  open_.samples = &run.samples();
  open_.deadline = run.deadline();
  open_.completed = open_.cancelled = false;
  open_.status = VIRGO_OK;
  open_.explanation.clear();
  open_.beyond_count = open_.beyond_size = open_.unfit = 0;
  open_.unfit_why.clear();
  open_.executing = calling_ = true;
  host_.handles().open(open_);
}

void NativeCheck::start(check::Run& run) {
  if (module_->quarantined()) {
    run.explain(module_->quarantine_reason());
    run.finish(metric::Status::quarantined);
    return;
  }
  open_run(run);
  if (held_between_runs_ > Duration::zero())
    run.held_loop(std::exchange(held_between_runs_, Duration::zero()));
  if (!type_.on_worker) {
    const CallResult r = guarded([this] {
      const CallScope note = instance_->noted("collect");
      return type_.collect(instance_->get(), open_.id);
    });
    calling_ = false;
    call_returned(r);
    return;
  }
  waiting_ = type_.serial && !module_->serial_take(*this);
  if (!waiting_) go();
}

void NativeCheck::go() {
  waiting_ = false;
  // Nothing of this object is touched on the worker: it may be gone by then. Its
  // instance is not, as long as the call executes.
  ticket_ = host_.pool().submit([handles = &host_.handles(), collect = type_.collect,
                                 instance = instance_.get(), check = self_, run = open_.id] {
    handles->post_returned(check, run, guarded([&] {
                             const CallScope note = instance->noted("collect");
                             return collect(instance->get(), run);
                           }));
  });
  if (ticket_ != 0) return;
  call_over();
  finish(VIRGO_ERR_CANCELLED, "the agent is stopping: its worker threads take no more work");
}

void NativeCheck::call_over() {
  calling_ = false;
  ticket_ = 0;
  if (type_.on_worker && type_.serial) module_->serial_release();
}

bool NativeCheck::take_back_call() {
  if (waiting_) {
    module_->serial_forget(*this);
    waiting_ = calling_ = false;
    return true;
  }
  if (!calling_ || !host_.pool().withdraw(ticket_)) return false;
  call_over();
  return true;
}

void NativeCheck::worker_returned(virgo_run run, const CallResult& result) {
  if (!calling_ || run != open_.id) return;
  const bool abandoned = run_ == nullptr;
  if (abandoned) {
    log_warn("native", "check '{}': its call came back {} after it was started", entry_.name,
             waited());
    module_->call_came_back();
  }
  call_over();
  if (!abandoned) call_returned(result);
}

void NativeCheck::call_returned(const CallResult& result) {
  const bool ended = host_.handles().call_returned(open_, result.status);
  if (!result.thrown.empty())
    finish(VIRGO_ERR_FAILED, result.thrown);
  else if (ended)
    finish(open_.status, open_.explanation);
}

void NativeCheck::run_completed(virgo_run run) {
  if (run_ == nullptr || calling_ || run != open_.id) return;
  finish(open_.status, open_.explanation);
}

std::string NativeCheck::waited() const {
  const Duration d = host_.clock().now() - started_;
  return format_duration(d - d % std::chrono::milliseconds(1));
}

void NativeCheck::finish_unbegun(const std::string& waited_for) {
  const bool late = host_.clock().now() >= open_.deadline;
  finish(late ? VIRGO_ERR_TIMEOUT : VIRGO_ERR_CANCELLED,
         format("did not begin: waited {} for {}", waited(), waited_for));
}

void NativeCheck::cancel(check::Run& run) {
  if (run_ != &run) return;
  if (!host_.handles().cancel(open_)) return;  // completed; its end is on the way
  const bool in_line = waiting_;
  const auto load = host_.pool().load();
  if (take_back_call()) {
    finish_unbegun(in_line ? format("another check of module {}, whose checks run one at a time",
                                    module_->description().id)
                           : format("a free worker thread ({} of {} busy, {} never came back)",
                                    load.busy, load.threads, load.written_off));
    return;
  }
  if (type_.cancel == nullptr) return;
  const TimePoint before = host_.clock().now();
  const CallResult r = guarded([this] {
    const CallScope note = instance_->noted("cancel");
    type_.cancel(instance_->get(), open_.id);
  });
  held_loop(host_.clock().now() - before);
  if (!r.thrown.empty()) log_warn("native", "check '{}': cancel() {}", entry_.name, r.thrown);
}

void NativeCheck::abandon(check::Run& run) {
  if (run_ != &run) return;
  host_.handles().close(open_);
  if (!open_.explanation.empty()) run.explain(open_.explanation);
  run_ = nullptr;
  end_run();
  if (loop_objects_ != nullptr) loop_objects_->write_off_works();
  if (!calling_ || take_back_call()) return;
  host_.pool().write_off(ticket_);
  module_->call_wedged(type_.serial);
}

// ---- The loop extension

bool NativeCheck::wedged() const {
  if (run_ != nullptr) return false;
  return calling_ || (loop_objects_ != nullptr && loop_objects_->outliving_works());
}

LoopObjects& NativeCheck::loop_objects() {
  if (loop_objects_ == nullptr) loop_objects_ = std::make_unique<LoopObjects>(host_, *this);
  return *loop_objects_;
}

void NativeCheck::completed_on_loop(virgo_run run) {
  if (loop_objects_ != nullptr) loop_objects_->stop_run(run);
}

void NativeCheck::end_run() {
  if (loop_objects_ != nullptr) loop_objects_->end_run(open_.id);
}

void NativeCheck::held_loop(Duration time) {
  if (run_ != nullptr)
    run_->held_loop(time);
  else
    held_between_runs_ = std::max(held_between_runs_, time);
}

// A few at a time: many small posts must not hold the loop either.
void NativeCheck::run_posts() {
  auto posts = host_.handles().take_posts(entry_);
  const TimePoint begun = host_.clock().now();
  std::size_t done = 0;
  while (done < posts.size()) {
    const PluginPost& post = posts[done++];
    const bool alive = post.run == 0 ? !quarantined_ : host_.handles().is_open(post.run);
    if (alive) call_back(post.run, "post", [&post] { post.fn(post.user); });
    release(post);
    if (host_.clock().now() - begun > kPostsAtOnce) break;
  }
  held_loop(host_.clock().now() - begun);
  posts.erase(posts.begin(), posts.begin() + static_cast<std::ptrdiff_t>(done));
  if (!posts.empty()) host_.handles().put_back(entry_, std::move(posts));
}

void NativeCheck::release(const PluginPost& post) {
  if (post.release == nullptr) return;
  const TimePoint before = host_.clock().now();
  const CallResult r = guarded([&] {
    const CallScope note = instance_->noted("release");
    post.release(post.user);
  });
  held_loop(host_.clock().now() - before);
  if (!r.thrown.empty()) log_warn("native", "check '{}': its release() {}", entry_.name, r.thrown);
}

void NativeCheck::quarantine() {
  quarantined_ = true;
  // A run that is open may go on to its end; what goes on between runs may not.
  if (loop_objects_ != nullptr) loop_objects_->end_run(0);
}

void NativeCheck::callback_failed(virgo_run run, const std::string& what) {
  if (run != 0 && host_.handles().explain(run, what) == VIRGO_OK)
    host_.handles().complete(run, VIRGO_ERR_FAILED);
  else
    log_warn("native", "check '{}': {}", entry_.name, what);
}

void NativeCheck::judge_samples(virgo_status& status, std::string& explanation) const {
  const auto say = [&explanation](std::string text) {
    explanation += explanation.empty() ? "" : "; ";
    explanation += text;
  };
  const auto& limits = open_.samples->limits();
  if (open_.beyond_count > 0)
    say(format(
        "emitted {} samples, the limit is {} (limits.samples_per_run); the first {} were kept",
        open_.samples->size() + open_.beyond_count, limits.samples, open_.samples->size()));
  if (open_.beyond_size > 0)
    say(format(
        "{} samples were refused: a text of more than {} bytes, more than {} labels, or more than "
        "{} of texts in one run",
        open_.beyond_size, limits.text, limits.labels, format_size(limits.arena)));
  if (open_.unfit > 0) say(format("{} samples were refused: {}", open_.unfit, open_.unfit_why));
  if (status >= 0 && open_.beyond_count + open_.beyond_size > 0) status = VIRGO_ERR_LIMIT;
}

void NativeCheck::finish(virgo_status status, std::string explanation) {
  host_.handles().close(open_);
  end_run();
  judge_samples(status, explanation);
  check::Run* run = std::exchange(run_, nullptr);
  if (!explanation.empty()) run->explain(explanation);
  run->finish(to_metric(status));
}

}  // namespace virgo::native
