/* Ends the process, politely. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  exit(0);
}

EVIL_MODULE("exits", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
