/* A check in C89, against plugin.h alone. */
#include <stdlib.h>
#include <virgo/plugin.h>

typedef struct beat {
  const virgo_host* host;
  int64_t step;
  int64_t count;
} beat;

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  beat* b = (beat*)calloc(1, sizeof *b);
  (void)self;
  if (b == NULL) return VIRGO_ERR_NO_MEMORY;
  b->host = host;
  *instance = b;
  return VIRGO_OK;
}

static virgo_status configure(void* instance, const virgo_config* root) {
  beat* b = (beat*)instance;
  const virgo_config_api* config = b->host->config;
  const virgo_config* step = config->get(root, virgo_cstr("step"));
  b->step = config->as_i64(step, 0);
  if (b->step == 0) config->reject(step, virgo_cstr("must not be 0"));
  return VIRGO_OK;
}

static virgo_status collect(void* instance, virgo_run run) {
  beat* b = (beat*)instance;
  virgo_label label = {VIRGO_STR("language"), VIRGO_STR("C")};
  virgo_sample sample;
  b->count += b->step;
  sample.metric = 0;
  sample.type = VIRGO_I64;
  sample.value.i64 = b->count;
  sample.labels.data = &label;
  sample.labels.count = 1;
  sample.labels.stride = VIRGO_U32(sizeof label);
  sample.unix_ns = 0;
  sample.name = virgo_cstr(NULL);
  return b->host->run->emit(b->host, run, &sample, 1, VIRGO_U32(sizeof sample));
}

static const virgo_param params[] = {{"step", "2", "How far each run counts.", VIRGO_PARAM_INT, 0}};
static const virgo_metric metrics[] = {{"test.beat", "1", "Counts on.", VIRGO_COUNTER, VIRGO_I64}};
static const virgo_check_type type = {VIRGO_U32(sizeof(virgo_check_type)),
                                      VIRGO_ON_LOOP,
                                      0,
                                      0,
                                      "test.plain_c",
                                      "Counts, in C.",
                                      VIRGO_ARRAY(params),
                                      VIRGO_ARRAY(metrics),
                                      create,
                                      configure,
                                      collect,
                                      NULL,
                                      free,
                                      NULL};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {
    VIRGO_MODULE_HEADER(0), 1, "test.plain_c", "1.0.0", NULL, types, NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
