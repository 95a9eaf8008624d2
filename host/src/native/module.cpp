#include "native/module.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "base/log.hpp"
#include "native/guarded.hpp"
#include "native/immortal.hpp"
#include "native/native_check.hpp"
#include "native/status.hpp"

namespace virgo::native {

Module::Module(Host& host, std::string file, ModuleDescription description)
    : file_(std::move(file)),
      description_(std::move(description)),
      wedged_limit_(host.options().wedged_limit),
      table_(keep_for_ever(std::make_unique<HostTable>(host.handles(), description_.id))->get()),
      mark_(keep_for_ever(
          std::make_unique<CodeMark>(CodeMark{description_.id, file_, file_identity(file_)}))) {
  if (host.options().wrap_table) table_ = host.options().wrap_table(table_);
}

Result<std::shared_ptr<Module>> Module::open(Host& host, std::string file,
                                             const virgo_module* raw) {
  auto description = describe(raw);
  if (!description) return description.error();
  std::shared_ptr<Module> module(new Module(host, std::move(file), std::move(*description)));
  remember_code(module->mark(), raw);
  if (module->description_.load != nullptr) {
    const CallScope scope(module->mark(), "", "load");
    const CallResult r = guarded([&] { return module->description_.load(module->host_table()); });
    if (!r.thrown.empty()) return Error{Errc::failed, "its load() " + r.thrown};
    if (r.status < 0)
      return Error{Errc::failed, format("its load() answered {}", status_text(r.status))};
  }
  module->loaded_ = true;
  return module;
}

Module::~Module() {
  if (!loaded_ || description_.unload == nullptr || instances_ > 0) return;
  const CallScope scope(mark(), "", "unload");
  const CallResult r = guarded([this] { description_.unload(); });
  if (!r.thrown.empty())
    log_warn("native", "module {}: its unload() {}", description_.id, r.thrown);
}

bool Module::serial_take(NativeCheck& check) {
  if (serial_busy_) {
    serial_queue_.push_back(&check);
    return false;
  }
  serial_busy_ = true;
  return true;
}

void Module::serial_release() {
  serial_busy_ = !serial_queue_.empty();
  if (!serial_busy_) return;
  NativeCheck* next = serial_queue_.front();
  serial_queue_.pop_front();
  next->go();
}

void Module::serial_forget(NativeCheck& check) {
  std::erase(serial_queue_, &check);
}

void Module::call_wedged(bool serial) {
  ++wedged_;
  if (quarantined_ || wedged_ < (serial ? 1 : wedged_limit_)) return;
  quarantined_ = true;
  log_error("native", "module {}: quarantined: {}", description_.id, quarantine_reason());
}

void Module::call_came_back() {
  --wedged_;
  if (!quarantined_ || wedged_ > 0) return;
  quarantined_ = false;
  log_warn("native", "module {}: all its calls came back; it is used again", description_.id);
}

std::string Module::quarantine_reason() const {
  const bool one = wedged_ == 1;
  return format(
      "{} overdue call{} of module {} {} not come back; nothing more is started in it until {}",
      wedged_, one ? "" : "s", description_.id, one ? "has" : "have", one ? "it does" : "they do");
}

}  // namespace virgo::native
