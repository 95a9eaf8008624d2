/* Keeps a node of the configuration and reads it while collecting. */
#include "evil.h"

static const virgo_config* kept;

static virgo_status configure(void* p, const virgo_config* root) {
  (void)p;
  kept = root;
  return VIRGO_OK;
}

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  (void)run;
  i->host->config->size(kept);
  return VIRGO_OK;
}

EVIL_MODULE("late_config", VIRGO_ON_LOOP, configure, collect, NULL, plain_destroy);
