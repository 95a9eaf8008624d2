// Calls into a plugin. What it throws, against the ABI's rule, stops here.
#pragma once

#include <exception>
#include <string>
#include <utility>

#include "virgo/plugin.h"

namespace virgo::native {

struct CallResult {
  virgo_status status = VIRGO_OK;
  std::string thrown;  // what came flying; then status is VIRGO_ERR_FAILED
};

// Runs `call`, which returns virgo_status or nothing. Any thread.
template <class Call>
CallResult guarded(Call&& call) noexcept {
  CallResult result;
  try {
    if constexpr (std::is_void_v<decltype(call())>)
      call();
    else
      result.status = call();
    return result;
  } catch (const std::exception& e) {
    result.thrown = std::string("threw an exception across the ABI: ") + e.what();
  } catch (...) {
    result.thrown = "threw an exception across the ABI that is no std::exception";
  }
  result.status = VIRGO_ERR_FAILED;
  return result;
}

}  // namespace virgo::native
