/* Starts a timer, which is [loop], on a worker. */
#include "evil.h"

static void tick(void* user, virgo_timer timer) {
  (void)user;
  (void)timer;
}

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  const virgo_loop* loop = (const virgo_loop*)i->host->get_extension(i->host, VIRGO_EXT_LOOP);
  if (loop == NULL) return VIRGO_ERR_UNSUPPORTED;
  loop->timer_start(i->host, i->self, run, 1000, 0, tick, i, NULL);
  return VIRGO_OK;
}

EVIL_MODULE("wrong_thread", VIRGO_ON_WORKER, NULL, collect, NULL, plain_destroy);
