/* Calls an extension without asking whether the agent has it. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  const virgo_loop* loop = (const virgo_loop*)i->host->get_extension(i->host, VIRGO_EXT_LOOP);
  (void)run;
  loop->timer_stop(i->host, 0);
  return VIRGO_OK;
}

EVIL_MODULE("needs_extension", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
