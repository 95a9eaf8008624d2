/* A collectd plugin that times plugin_dispatch_values(), with a write callback that
 * throws the values away. Says on standard error, in nanoseconds per value:
 *
 *   virgo_bench: <on the thread that calls> <CPU time of the process until written>
 */
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "collectd.h"

#include "plugin.h"
#include "utils/common/common.h"

enum { kWarmUp = 10000, kValues = 100000 };

static atomic_ulong written;

static double clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int throw_away(const data_set_t* set, const value_list_t* values, user_data_t* data) {
  (void)set;
  (void)values;
  (void)data;
  atomic_fetch_add(&written, 1);
  return 0;
}

/* Each value a moment later than the one before: collectd refuses others. */
static void dispatch(unsigned long from, unsigned long count) {
  const cdtime_t base = TIME_T_TO_CDTIME_T(1000000000);
  unsigned long i;
  for (i = from; i < from + count; i++) {
    value_t value = {.derive = (derive_t)i};
    value_list_t list = VALUE_LIST_INIT;
    list.values = &value;
    list.values_len = 1;
    list.time = base + i;
    list.interval = TIME_T_TO_CDTIME_T(10);
    sstrncpy(list.plugin, "bench", sizeof list.plugin);
    sstrncpy(list.plugin_instance, "eth0", sizeof list.plugin_instance);
    sstrncpy(list.type, "derive", sizeof list.type);
    sstrncpy(list.type_instance, "receive", sizeof list.type_instance);
    plugin_dispatch_values(&list);
  }
}

static void wait_until_written(unsigned long count) {
  const struct timespec ms = {0, 1000000};
  while (atomic_load(&written) < count) nanosleep(&ms, NULL);
}

static int read_once(void) {
  static int done;
  double caller;
  double process;
  if (done++) return 0;
  dispatch(0, kWarmUp);
  wait_until_written(kWarmUp);
  process = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
  caller = clock_ns(CLOCK_MONOTONIC);
  dispatch(kWarmUp, kValues);
  caller = clock_ns(CLOCK_MONOTONIC) - caller;
  wait_until_written(kWarmUp + kValues);
  process = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - process;
  fprintf(stderr, "virgo_bench: %.1f %.1f\n", caller / kValues, process / kValues);
  raise(SIGTERM);
  return 0;
}

void module_register(void) {
  plugin_register_write("virgo_bench", throw_away, NULL);
  plugin_register_read("virgo_bench", read_once);
}
