#include <virgo/plugin.h>
static virgo_status load(const virgo_host* host) {
  (void)host;
  return VIRGO_ERR_UNSUPPORTED;
}
#define LOAD load
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
