// What a fuzz target defines.
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace fuzz {

inline std::string_view text(const uint8_t* data, size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

// What must hold of a parser's results, in every build.
inline void require(bool holds) {
  if (!holds) abort();
}

// A text as a ProcFile lends it: it may be written to and is followed by a NUL.
class Writable {
 public:
  Writable(const uint8_t* data, size_t size)
      : text_(static_cast<char*>(malloc(size + 1))), size_(size) {
    require(text_ != nullptr);
    if (size > 0) memcpy(text_, data, size);
    text_[size] = '\0';
  }
  ~Writable() { free(text_); }
  Writable(const Writable&) = delete;
  Writable& operator=(const Writable&) = delete;
  char* data() { return text_; }
  std::string_view view() const { return {text_, size_}; }

 private:
  char* text_;
  size_t size_;
};

}  // namespace fuzz
