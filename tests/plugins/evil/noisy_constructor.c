/* Reads a file in a static constructor: whoever merely looks at the library runs it. */
#include <fcntl.h>
#include <unistd.h>

#include "evil.h"

static char host_name[64];

__attribute__((constructor)) static void read_host_name(void) {
  const int fd = open("/etc/hostname", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;
  if (read(fd, host_name, sizeof host_name) < 0) host_name[0] = '\0';
  close(fd);
}

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_OK;
}

EVIL_MODULE("noisy_constructor", VIRGO_ON_LOOP, NULL, collect, NULL, plain_destroy);
