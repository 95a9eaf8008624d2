/* A module with nothing wrong with it, for the files beside this to spoil. */
#include <virgo/plugin.h>

VIRGO_INLINE virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  (void)host;
  (void)self;
  *instance = NULL;
  return VIRGO_OK;
}
static virgo_status collect(void* instance, virgo_run run) {
  (void)instance;
  (void)run;
  return VIRGO_OK;
}
#ifndef PARAMS
#define PARAMS VIRGO_ARRAY_NONE
#endif
#ifndef TYPE_SIZE
#define TYPE_SIZE VIRGO_U32(sizeof(virgo_check_type))
#endif
#ifndef MODULE_SIZE
#define MODULE_SIZE VIRGO_U32(sizeof(virgo_module))
#endif
#ifndef MAJOR
#define MAJOR VIRGO_ABI_MAJOR
#endif
#ifndef REQUIRES
#define REQUIRES 0
#endif
#ifndef FLAGS
#define FLAGS 0
#endif
#ifndef CREATE
#define CREATE create
#endif
#ifndef LOAD
#define LOAD NULL
#endif
static const virgo_check_type type = {
    TYPE_SIZE,        VIRGO_ON_LOOP, FLAGS, 0,       "test.refused", "Never seen.", PARAMS,
    VIRGO_ARRAY_NONE, CREATE,        NULL,  collect, NULL,           NULL,          NULL};
#ifndef FIRST_TYPE
#define FIRST_TYPE &type
#endif
static const virgo_check_type* const types[] = {FIRST_TYPE, &type};
static const virgo_module module = {
    VIRGO_MODULE_MAGIC, MODULE_SIZE, MAJOR, VIRGO_ABI_MINOR, REQUIRES, 0,   0, 1,
    "test.refused",     "1.0.0",     NULL,  types,           LOAD,     NULL};
