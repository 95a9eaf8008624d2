/* Starts a thread at each run that never ends. */
#include <pthread.h>
#include <unistd.h>

#include "evil.h"

static void* sleep_for_ever(void* nothing) {
  for (;;) pause();
  return nothing;
}

static virgo_status collect(void* p, virgo_run run) {
  pthread_attr_t small;
  pthread_t thread;
  (void)p;
  (void)run;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 64 * 1024);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_create(&thread, &small, sleep_for_ever, NULL);
  pthread_attr_destroy(&small);
  return VIRGO_OK;
}

EVIL_MODULE("thread_leak", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
