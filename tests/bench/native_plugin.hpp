// A native plugin inside of the benchmark's own program: one check type on the loop,
// whose collect() does what the benchmark says.
#pragma once

#include "virgo/plugin.hpp"

namespace virgo::bench {

struct NativePlugin {
  using Body = void (*)(const virgo_host*, virgo_run);
  static void nothing(const virgo_host*, virgo_run) {}
  inline static Body body = nothing;

  virgo_metric metrics[1] = {sdk::counter("bench.value", "By", "A value.")};
  virgo_check_type type{};
  const virgo_check_type* types[1] = {&type};
  virgo_module module{};

  NativePlugin() {
    type.struct_size = sizeof type;
    type.thread = VIRGO_ON_LOOP;
    type.name = "bench.check";
    type.metrics = VIRGO_ARRAY(metrics);
    type.create = [](const virgo_host* host, virgo_check, void** out) -> virgo_status {
      *out = const_cast<virgo_host*>(host);
      return VIRGO_OK;
    };
    type.collect = [](void* host, virgo_run run) -> virgo_status {
      body(static_cast<const virgo_host*>(host), run);
      return VIRGO_OK;
    };
    module = {VIRGO_MODULE_HEADER(0), 1, "bench", "1.0", nullptr, types, nullptr, nullptr};
  }
};

}  // namespace virgo::bench
