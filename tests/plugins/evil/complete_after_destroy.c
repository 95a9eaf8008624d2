/* Has a thread that completes a run over and over, and is not ended by destroy(). */
#include <pthread.h>
#include <time.h>

#include "evil.h"

static const virgo_host* host;
static virgo_run last_run;
static int begun;

static void* pester(void* nothing) {
  const struct timespec ms = {0, 1000000};
  for (;;) {
    nanosleep(&ms, NULL);
    host->run->complete(host, last_run, VIRGO_OK);
  }
  return nothing;
}

static virgo_status collect(void* p, virgo_run run) {
  pthread_t thread;
  host = ((instance*)p)->host;
  last_run = run;
  if (!begun && pthread_create(&thread, NULL, pester, NULL) == 0) pthread_detach(thread);
  begun = 1;
  return VIRGO_OK;
}

EVIL_MODULE("complete_after_destroy", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
