// What a plugin's create() made, until its destroy(). Shared by its check and by
// the works that execute on it: whoever lets go last destroys it. Loop thread.
#pragma once

#include <memory>
#include <string>

#include "native/module.hpp"

namespace virgo::native {

class NativeInstance {
 public:
  // Of `type`, which belongs to `module`, for the check of this name. Nothing is
  // called yet.
  NativeInstance(std::shared_ptr<Module> module, const TypeDescription& type, std::string check)
      : module_(std::move(module)), type_(type), check_(std::move(check)) {}
  // Calls destroy(), if create() has made something.
  ~NativeInstance();
  NativeInstance(const NativeInstance&) = delete;
  NativeInstance& operator=(const NativeInstance&) = delete;

  // Calls create(), once. The error is a sentence for a person.
  Result<void> create(virgo_check self);

  void* get() const { return instance_; }
  Module& module() const { return *module_; }
  const std::string& check() const { return check_; }
  // Notes a call of `function` (a literal) on it, for as long as that lives.
  CallScope noted(const char* function) const { return {module_->mark(), check_, function}; }

 private:
  const std::shared_ptr<Module> module_;
  const TypeDescription& type_;  // the module's
  const std::string check_;
  void* instance_ = nullptr;
  bool created_ = false;
};

}  // namespace virgo::native
