// Counters that the kernel keeps in 32 bits, as ones that go on.
#pragma once

#include <stdint.h>

namespace plugin {

class Wrapping32 {
 public:
  // The counter's value so far, `raw` being its 32 bits as of now. From the upper half
  // into the lower one it has wrapped; any other way down it has begun anew, and so
  // does what is returned. A raw value beyond 32 bits is returned as it is.
  uint64_t next(uint64_t raw) {
    if (raw > UINT32_MAX) return raw;
    const bool down = raw < last_;
    if (down && last_ >= kHalf && raw < kHalf)
      high_ += uint64_t{1} << 32u;
    else if (down)
      high_ = 0;
    last_ = raw;
    return high_ + raw;
  }

 private:
  static constexpr uint64_t kHalf = uint64_t{1} << 31u;
  uint64_t high_ = 0;
  uint64_t last_ = 0;
};

}  // namespace plugin
