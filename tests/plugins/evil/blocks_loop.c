/* Sleeps on the event loop. */
#include <time.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  const struct timespec time = {0, 20000000};
  (void)p;
  (void)run;
  nanosleep(&time, NULL);
  return VIRGO_OK;
}

EVIL_MODULE("blocks_loop", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
