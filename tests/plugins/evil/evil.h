/* What the evil plugins have in common: one check type, one metric, and instances
 * that know their host. Each breaks one rule, and says which. */
#ifndef EVIL_H
#define EVIL_H

#include <stdlib.h>
#include <virgo/ext/loop.h>

typedef struct instance {
  const virgo_host* host;
  virgo_check self;
  virgo_run run;
} instance;

static virgo_status plain_create(const virgo_host* host, virgo_check self, void** out) {
  instance* i = (instance*)calloc(1, sizeof *i);
  if (i == NULL) return VIRGO_ERR_NO_MEMORY;
  i->host = host;
  i->self = self;
  *out = i;
  return VIRGO_OK;
}

static inline void plain_destroy(void* p) {
  free(p);
}

static inline virgo_status emit_labelled(instance* i, virgo_run run, const char* key,
                                         virgo_str value) {
  virgo_label label = {{NULL, 0}, {NULL, 0}};
  virgo_sample sample = {0};
  label.key = virgo_cstr(key);
  label.value = value;
  sample.type = VIRGO_U64;
  sample.value.u64 = 1;
  sample.labels.data = &label;
  sample.labels.count = 1;
  sample.labels.stride = sizeof label;
  return i->host->run->emit(i->host, run, &sample, 1, sizeof sample);
}

/* The module, of a name and the functions of its check type. */
#define EVIL_MODULE(name, thread, configure, collect, cancel, destroy) \
  EVIL_MODULE_WITH(name, thread, plain_create, configure, collect, cancel, destroy)
#define EVIL_MODULE_WITH(name, thread, create, configure, collect, cancel, destroy)                \
  static const virgo_metric metrics[] = {{"evil.value", "1", "A value.", VIRGO_GAUGE, VIRGO_U64}}; \
  static const virgo_check_type type = {sizeof(virgo_check_type),                                  \
                                        thread,                                                    \
                                        0,                                                         \
                                        0,                                                         \
                                        "evil." name,                                              \
                                        "Breaks a rule.",                                          \
                                        VIRGO_ARRAY_NONE,                                          \
                                        VIRGO_ARRAY(metrics),                                      \
                                        create,                                                    \
                                        configure,                                                 \
                                        collect,                                                   \
                                        cancel,                                                    \
                                        destroy,                                                   \
                                        NULL};                                                     \
  static const virgo_check_type* const types[] = {&type};                                          \
  static const virgo_module module = {                                                             \
      VIRGO_MODULE_HEADER(0), 1u, "evil." name, "1.0", NULL, types, NULL, NULL};                   \
  VIRGO_MODULE_ENTRY(module, 0)

#endif
