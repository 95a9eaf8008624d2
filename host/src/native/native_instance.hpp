// What a plugin's create() made, until its destroy(). Shared by its check and by
// the works that execute on it: whoever lets go last destroys it. Loop thread.
#pragma once

#include <memory>
#include <string>

#include "native/module.hpp"

namespace virgo::native {

class NativeInstance {
 public:
  // Calls create(). The error is a sentence for a person.
  static Result<std::shared_ptr<NativeInstance>> make(std::shared_ptr<Module> module,
                                                      const TypeDescription& type, virgo_check self,
                                                      std::string check);
  // Calls destroy().
  ~NativeInstance();
  NativeInstance(const NativeInstance&) = delete;
  NativeInstance& operator=(const NativeInstance&) = delete;

  void* get() const { return instance_; }
  Module& module() const { return *module_; }
  const std::string& check() const { return check_; }
  // Notes a call of `function` (a literal) on it, for as long as that lives.
  CallScope noted(const char* function) const { return {module_->mark(), check_, function}; }

 private:
  NativeInstance(std::shared_ptr<Module> module, const TypeDescription& type, std::string check)
      : module_(std::move(module)), type_(type), check_(std::move(check)) {}

  const std::shared_ptr<Module> module_;
  const TypeDescription& type_;  // the module's
  const std::string check_;
  void* instance_ = nullptr;
  bool created_ = false;
};

}  // namespace virgo::native
