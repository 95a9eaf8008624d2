#include "parts.h"

const virgo_host* loaded_by = NULL;

static virgo_status emit_one(const virgo_host* host, virgo_run run, uint32_t metric, uint32_t type,
                             virgo_value value) {
  virgo_sample s = {0, 0, {0}, VIRGO_ARRAY_NONE, 0, {NULL, 0}};
  s.metric = metric;
  s.type = type;
  s.value = value;
  return host->run->emit(host, run, &s, 1, VIRGO_U32(sizeof s));
}

virgo_status emit_u64(const virgo_host* host, virgo_run run, uint32_t metric, uint64_t value) {
  virgo_value v;
  v.u64 = value;
  return emit_one(host, run, metric, VIRGO_U64, v);
}

virgo_status emit_i64(const virgo_host* host, virgo_run run, uint32_t metric, int64_t value) {
  virgo_value v;
  v.i64 = value;
  return emit_one(host, run, metric, VIRGO_I64, v);
}

virgo_status emit_text(const virgo_host* host, virgo_run run, uint32_t metric, const char* text) {
  virgo_value v;
  v.text = virgo_cstr(text);
  return emit_one(host, run, metric, VIRGO_TEXT, v);
}

static virgo_status load(const virgo_host* host) {
  if (host->abi_major != VIRGO_ABI_MAJOR) return VIRGO_ERR_UNSUPPORTED;
  loaded_by = host;
  host->log(host, 0, VIRGO_LOG_INFO, virgo_cstr("loaded"));
  return VIRGO_OK;
}

static void unload(void) {
  loaded_by->log(loaded_by, 0, VIRGO_LOG_INFO, virgo_cstr("unloaded"));
}

static const virgo_check_type* const types[] = {&samples_type, &worker_type, &thread_type,
                                                &patient_type, &steps_type};
static const virgo_module module = {VIRGO_MODULE_HEADER(0),
                                    VIRGO_U32(sizeof types / sizeof types[0]),
                                    "org.virgo.abi",
                                    "1.0.0",
                                    "The Virgo project",
                                    types,
                                    load,
                                    unload};
VIRGO_MODULE_ENTRY(module, 0);
