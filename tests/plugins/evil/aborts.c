/* Ends the process when it does not know what to do. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  abort();
}

EVIL_MODULE("aborts", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
