#include "native/native_instance.hpp"

#include <utility>

#include "base/format.hpp"
#include "base/log.hpp"
#include "native/guarded.hpp"
#include "native/status.hpp"

namespace virgo::native {

Result<void> NativeInstance::create(virgo_check self) {
  const CallResult r = guarded([&] {
    const CallScope note = noted("create");
    return type_.create(module_->host_table(), self, &instance_);
  });
  if (!r.thrown.empty())
    return Error{Errc::failed, format("create() of '{}' {}", type_.name, r.thrown)};
  if (r.status < 0)
    return Error{Errc::failed,
                 format("'{}' could not be created: {}", type_.name, status_text(r.status))};
  created_ = true;
  module_->instance_made();
  return {};
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
