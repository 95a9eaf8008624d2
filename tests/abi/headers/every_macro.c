/* What a plugin makes of the C headers, every macro of them, in any standard. */
#include <virgo/ext/loop.h>
#include <virgo/plugin.h>

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  const virgo_loop* loop;
  (void)self;
  *instance = NULL;
  if (!VIRGO_HAS(virgo_host, host, now_ns)) return VIRGO_ERR_UNSUPPORTED;
#ifdef __cplusplus
  loop = static_cast<const virgo_loop*>(host->get_extension(host, VIRGO_EXT_LOOP));
#else
  loop = (const virgo_loop*)host->get_extension(host, VIRGO_EXT_LOOP);
#endif
  if (loop == NULL || !VIRGO_HAS_MEMBER(virgo_loop, loop, work)) return VIRGO_ERR_UNSUPPORTED;
  return VIRGO_OK;
}

static virgo_status collect(void* instance, virgo_run run) {
  const virgo_str text = VIRGO_STR("text");
  const virgo_label label = {VIRGO_STR("key"), VIRGO_STR("value")};
  const virgo_array none = VIRGO_ARRAY_NONE;
  (void)instance;
  if (run == 0 || none.count != 0 || label.key.len != virgo_cstr(text.ptr).len)
    return VIRGO_PENDING;
  return text.len == 4 ? VIRGO_OK : VIRGO_ERR_FAILED;
}

static const virgo_param params[] = {
    {"size", "1MiB", NULL, VIRGO_PARAM_SIZE, VIRGO_PARAM_IS_SECRET}};
static const virgo_metric metrics[] = {{"a.b", NULL, NULL, VIRGO_GAUGE, VIRGO_I64}};
static const virgo_check_type type = {VIRGO_U32(sizeof(virgo_check_type)),
                                      VIRGO_ON_LOOP,
                                      VIRGO_CHECK_RECONFIGURES | VIRGO_CHECK_ISOLATE,
                                      0,
                                      "a.b",
                                      "Summary.",
                                      VIRGO_ARRAY(params),
                                      VIRGO_ARRAY(metrics),
                                      create,
                                      NULL,
                                      collect,
                                      NULL,
                                      NULL,
                                      NULL};
static const virgo_check_type* const types[] = {&type};
static const virgo_module module = {
    VIRGO_MODULE_HEADER(0), 1, "a.b", "1.0.0", NULL, types, NULL, NULL};
VIRGO_MODULE_ENTRY(module, 0);
