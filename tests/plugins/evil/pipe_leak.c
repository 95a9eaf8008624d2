/* Opens a pipe at each run and closes neither end; says nothing when it gets none. */
#include <unistd.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  int ends[2];
  const int done = pipe(ends);
  (void)done;
  (void)p;
  (void)run;
  return VIRGO_OK;
}

EVIL_MODULE("pipe_leak", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
