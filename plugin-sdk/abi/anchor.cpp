// SPDX-License-Identifier: MIT
//
// Takes every type of the ABI, so that its debug information holds them all, and
// abidw writes them down as virgo-VERSION.abi. Never linked into anything.
#include <virgo/ext/loop.h>

// Enumerations are anonymous, and what travels is a fixed-width number: only here
// do they show.
struct virgo_anchor_enums {
  decltype(VIRGO_OK) status;
  decltype(VIRGO_LOG_ERROR) level;
  decltype(VIRGO_GAUGE) kind;
  decltype(VIRGO_I64) type;
  decltype(VIRGO_PARAM_BOOL) param;
  decltype(VIRGO_PARAM_IS_REQUIRED) param_flag;
  decltype(VIRGO_NODE_NONE) node;
  decltype(VIRGO_ON_LOOP) thread;
  decltype(VIRGO_CHECK_RECONFIGURES) check_flag;
  decltype(VIRGO_READABLE) event;
};

// The macros that are numbers.
enum virgo_anchor_macros : uint32_t {
  abi_major = VIRGO_ABI_MAJOR,
  abi_minor = VIRGO_ABI_MINOR,
  module_magic = VIRGO_MODULE_MAGIC,
  undeclared = VIRGO_UNDECLARED,
  note_abi = VIRGO_NOTE_ABI
};

extern "C" VIRGO_EXPORT void virgo_anchor(const virgo_module*, const virgo_check_type*,
                                          const virgo_metric*, const virgo_param*,
                                          const virgo_host*, const virgo_config*,
                                          const virgo_config_api*, const virgo_run_api*,
                                          const virgo_sample*, const virgo_value*,
                                          const virgo_label*, const virgo_str*, const virgo_array*,
                                          const virgo_note*, virgo_check, virgo_run, virgo_status,
                                          virgo_module_v1_fn, decltype(&virgo_module_v1));
extern "C" VIRGO_EXPORT void virgo_anchor_loop(const virgo_loop*, virgo_timer, virgo_watch,
                                               virgo_fd, virgo_timer_fn, virgo_watch_fn,
                                               virgo_task_fn);
extern "C" VIRGO_EXPORT void virgo_anchor_values(const virgo_anchor_enums*, virgo_anchor_macros);

void virgo_anchor(const virgo_module*, const virgo_check_type*, const virgo_metric*,
                  const virgo_param*, const virgo_host*, const virgo_config*,
                  const virgo_config_api*, const virgo_run_api*, const virgo_sample*,
                  const virgo_value*, const virgo_label*, const virgo_str*, const virgo_array*,
                  const virgo_note*, virgo_check, virgo_run, virgo_status, virgo_module_v1_fn,
                  decltype(&virgo_module_v1)) {}
void virgo_anchor_loop(const virgo_loop*, virgo_timer, virgo_watch, virgo_fd, virgo_timer_fn,
                       virgo_watch_fn, virgo_task_fn) {}
void virgo_anchor_values(const virgo_anchor_enums*, virgo_anchor_macros) {}
