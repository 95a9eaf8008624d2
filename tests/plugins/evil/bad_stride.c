/* Gives its samples a stride of its own invention. */

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  instance* i = (instance*)p;
  virgo_sample sample = {0};
  sample.type = VIRGO_U64;
  i->host->run->emit(i->host, run, &sample, 1, 8);
  return VIRGO_OK;
}

EVIL_MODULE("bad_stride", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
