/* Trusts its configuration to hold what it expects. */
#include <string.h>

#include "evil.h"

static virgo_status configure(void* p, const virgo_config* root) {
  instance* i = (instance*)p;
  static char path[64];
  const virgo_str none = {NULL, 0};
  const virgo_str text =
      i->host->config->as_text(i->host->config->get(root, virgo_cstr("path")), none);
  memcpy(path, text.ptr, text.len);
  return VIRGO_OK;
}

static virgo_status collect(void* p, virgo_run run) {
  (void)p;
  (void)run;
  return VIRGO_OK;
}

static const virgo_param params[] = {{"path", "/tmp", "A path.", VIRGO_PARAM_TEXT, 0}};
static const virgo_metric metrics[] = {{"evil.value", "1", "A value.", VIRGO_GAUGE, VIRGO_U64}};
static const virgo_check_type type = {sizeof(virgo_check_type),
                                      VIRGO_ON_LOOP,
                                      0,
                                      0,
                                      "evil.crashes_on_config",
                                      "Breaks a rule.",
                                      VIRGO_ARRAY(params),
                                      VIRGO_ARRAY(metrics),
                                      plain_create,
                                      configure,
                                      collect,
                                      NULL,
                                      plain_destroy,
                                      NULL};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {
    VIRGO_MODULE_HEADER(0), 1u, "evil.crashes_on_config", "1.0", NULL, types, NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
