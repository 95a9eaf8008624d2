/* Ends in the middle of collect. */
#define TYPE_SIZE 84
#include "base.h"
VIRGO_MODULE_ENTRY(module, 0);
