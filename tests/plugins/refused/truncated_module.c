#define MODULE_SIZE 24
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
