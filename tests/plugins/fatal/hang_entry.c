/* Does not come back when it is asked for its module. */
#include <unistd.h>
#include "base.h"
VIRGO_EXPORT const virgo_module* virgo_module_v1(void) {
  for (;;) pause();
  return &module;
}
VIRGO_MODULE_NOTE(0);
