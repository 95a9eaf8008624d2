/* Works on, whatever its run's deadline and time_left() say. */
#include <time.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  const struct timespec time = {30, 0};
  (void)p;
  (void)run;
  nanosleep(&time, NULL);
  return VIRGO_OK;
}

EVIL_MODULE("ignores_cancel", VIRGO_ON_WORKER, NULL, collect, NULL, plain_destroy);
