/* Ends the process with an exit code that others have used to say that all is well. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  _Exit(77);
}

EVIL_MODULE("exits_77", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
