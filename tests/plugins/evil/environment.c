/* Changes the environment. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return setenv("EVIL", "yes", 1) == 0 ? VIRGO_OK : VIRGO_ERR_FAILED;
}

EVIL_MODULE("environment", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
