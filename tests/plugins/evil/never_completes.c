/* Says that it will complete its run later, and does not. */
#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_PENDING;
}

EVIL_MODULE("never_completes", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
