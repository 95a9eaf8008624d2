#include "native/native_instance.hpp"

#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "native/guarded.hpp"
#include "native/status.hpp"

namespace virgo::native {

Result<std::shared_ptr<NativeInstance>> NativeInstance::make(std::shared_ptr<Module> module,
                                                             const TypeDescription& type,
                                                             virgo_check self, std::string check) {
  std::shared_ptr<NativeInstance> made(
      new NativeInstance(std::move(module), type, std::move(check)));
  const virgo_host* host = made->module_->host_table();
  const CallResult r = guarded([&] {
    const CallScope note = made->noted("create");
    return type.create(host, self, &made->instance_);
  });
  if (!r.thrown.empty())
    return Error{Errc::failed, format("create() of '{}' {}", type.name, r.thrown)};
  if (r.status < 0)
    return Error{Errc::failed,
                 format("'{}' could not be created: {}", type.name, status_text(r.status))};
  made->created_ = true;
  made->module_->instance_made();
  return made;
}

NativeInstance::~NativeInstance() {
  if (!created_) return;
  if (type_.destroy != nullptr) {
    const CallResult r = guarded([this] {
      const CallScope note = noted("destroy");
      type_.destroy(instance_);
    });
    if (!r.thrown.empty()) log_warn("native", "check '{}': destroy() {}", check_, r.thrown);
  }
  module_->instance_gone();
}

}  // namespace virgo::native
