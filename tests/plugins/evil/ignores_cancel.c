/* Works on, whatever its run's deadline and time_left() say. An agent starts no other
 * run meanwhile: a tester that does is found out. */
#include <time.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  const struct timespec time = {30, 0};
  instance* i = (instance*)p;
  if (i->run != 0) abort();
  i->run = run;
  nanosleep(&time, NULL);
  i->run = 0;
  return VIRGO_OK;
}

EVIL_MODULE("ignores_cancel", VIRGO_ON_WORKER, NULL, collect, NULL, plain_destroy);
