/* Writes into the table of the agent. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  virgo_host* host = (virgo_host*)((instance*)p)->host;
  (void)run;
  host->struct_size = host->struct_size + 8;
  return VIRGO_OK;
}

EVIL_MODULE("writes_table", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
