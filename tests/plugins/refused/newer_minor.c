#define REQUIRES 7
#include "base.h"
VIRGO_MODULE_ENTRY(module, 7);
