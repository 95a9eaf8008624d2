/* Starts a process, and reaps it. */
#include <sys/wait.h>
#include <unistd.h>

#include "evil.h"

static virgo_status collect(void* p, virgo_run run) {
  const pid_t child = fork();
  (void)p;
  (void)run;
  if (child == 0) _exit(0);
  waitpid(child, NULL, 0);
  return VIRGO_OK;
}

EVIL_MODULE("forks", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
