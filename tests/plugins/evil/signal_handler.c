/* Installs a signal handler. */
#include <signal.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  signal(SIGUSR2, SIG_IGN);
  return VIRGO_OK;
}

EVIL_MODULE("signal_handler", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
