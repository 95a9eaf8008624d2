/* Fails and does not say why. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_ERR_FAILED;
}

EVIL_MODULE("speechless", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
