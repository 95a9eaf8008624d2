/* Exports a function of its own, which the next plugin may have as well. */
#include "evil.h"

VIRGO_EXPORT int evil_helper(void);
VIRGO_EXPORT int evil_helper(void) {
  return 1;
}

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_OK;
}

EVIL_MODULE("second_symbol", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
