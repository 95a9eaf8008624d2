#define CREATE NULL
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
