/* Writes behind the end of the table of the agent. */
#include <string.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  char* host = (char*)((instance*)p)->host;
  (void)run;
  memset(host + ((instance*)p)->host->struct_size, 0, 8);
  return VIRGO_OK;
}

EVIL_MODULE("writes_past_size", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
