/* Every kind of parameter, every kind of sample. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parts.h"

enum { FLAG, COUNT, RATIO, WORD, EVERY, ROOM, ITEM, ENTRY, FACTS };
enum { MOST = 8 };

typedef struct checker {
  const virgo_host* host;
  virgo_check self;
  uint64_t made_ns;
  int64_t flag, count;
  double ratio;
  uint64_t every, room;
  char word[64];
  uint32_t items, entries;
  char item[MOST][16];
  char key[MOST][16];
  int64_t entry[MOST];
  const char* wrong; /* the first thing that is not as 1.0 says, or NULL */
} checker;

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  checker* c = (checker*)calloc(1, sizeof *c);
  if (c == NULL) return VIRGO_ERR_NO_MEMORY;
  c->host = host;
  c->self = self;
  c->made_ns = host->now_ns(host);
  *instance = c;
  return VIRGO_OK;
}

static void expect(checker* c, int holds, const char* what) {
  if (!holds && c->wrong == NULL) c->wrong = what;
}

static void keep(char* to, size_t size, virgo_str text) {
  const size_t n = text.len < size ? text.len : size - 1;
  memcpy(to, text.ptr, n);
  to[n] = '\0';
}

static void read_nodes(checker* c, const virgo_config* list, const virgo_config* map) {
  const virgo_config_api* api = c->host->config;
  for (c->items = 0; c->items < api->size(list) && c->items < MOST; c->items++)
    keep(c->item[c->items], sizeof c->item[0],
         api->as_text(api->at(list, c->items), virgo_cstr("?")));
  for (c->entries = 0; c->entries < api->size(map) && c->entries < MOST; c->entries++) {
    keep(c->key[c->entries], sizeof c->key[0], api->key_at(map, c->entries));
    c->entry[c->entries] = api->as_i64(api->get(map, virgo_cstr(c->key[c->entries])), -1);
  }
  expect(c, api->kind(list) == VIRGO_NODE_LIST, "kind of a list");
  expect(c, api->kind(map) == VIRGO_NODE_MAP, "kind of a map");
  expect(c, api->kind(NULL) == VIRGO_NODE_NONE, "kind of nothing");
  expect(c, api->at(list, 1000) == NULL, "element that is not there");
}

static virgo_status configure(void* instance, const virgo_config* root) {
  checker* c = (checker*)instance;
  const virgo_config_api* api = c->host->config;
  const virgo_config* count = api->get(root, virgo_cstr("count"));
  c->flag = api->as_bool(api->get(root, virgo_cstr("flag")), 0);
  c->count = api->as_i64(count, -1);
  c->ratio = api->as_f64(api->get(root, virgo_cstr("ratio")), -1);
  keep(c->word, sizeof c->word, api->as_text(api->get(root, virgo_cstr("word")), virgo_cstr("?")));
  c->every = api->as_duration(api->get(root, virgo_cstr("every")), 1);
  c->room = api->as_size(api->get(root, virgo_cstr("room")), 1);
  read_nodes(c, api->get(root, virgo_cstr("list")), api->get(root, virgo_cstr("map")));
  expect(c, api->kind(count) == VIRGO_NODE_SCALAR, "kind of a number");
  expect(c, api->get(root, virgo_cstr("token")) == NULL, "parameter without a default");
  expect(c, api->as_i64(NULL, 7) == 7, "fallback");
  if (c->count < 0) api->reject(count, virgo_cstr("must not be negative"));
  return VIRGO_OK;
}

/* A sample that has grown: only the stride tells where the next one is. */
typedef struct grown_sample {
  virgo_sample sample;
  char later[40];
} grown_sample;

static grown_sample* next_sample(grown_sample* all, uint32_t* n, uint32_t metric, uint32_t type) {
  grown_sample* g = &all[(*n)++];
  memset(g, 0, sizeof *g);
  memset(g->later, 0x5a, sizeof g->later);
  g->sample.metric = metric;
  g->sample.type = type;
  return g;
}

static virgo_status emit_values(checker* c, virgo_run run) {
  const virgo_host* h = c->host;
  grown_sample all[7];
  uint32_t n = 0;
  next_sample(all, &n, FLAG, VIRGO_I64)->sample.value.i64 = c->flag;
  next_sample(all, &n, COUNT, VIRGO_U64)->sample.value.u64 = (uint64_t)c->count;
  next_sample(all, &n, RATIO, VIRGO_F64)->sample.value.f64 = c->ratio;
  all[n - 1].sample.unix_ns = (int64_t)1700000000 * 1000000000;
  next_sample(all, &n, WORD, VIRGO_TEXT)->sample.value.text = virgo_cstr(c->word);
  next_sample(all, &n, EVERY, VIRGO_U64)->sample.value.u64 = c->every;
  next_sample(all, &n, ROOM, VIRGO_U64)->sample.value.u64 = c->room;
  next_sample(all, &n, VIRGO_UNDECLARED, VIRGO_F64)->sample.value.f64 = -0.5;
  all[n - 1].sample.name = virgo_cstr("abi.undeclared");
  all[n - 1].sample.unit = virgo_cstr("By");
  all[n - 1].sample.kind = VIRGO_COUNTER;
  return h->run->emit(h, run, &all[0].sample, n, VIRGO_U32(sizeof all[0]));
}

static virgo_status emit_nodes(checker* c, virgo_run run) {
  const virgo_host* h = c->host;
  virgo_status status = VIRGO_OK;
  uint32_t i;
  for (i = 0; i < c->items + c->entries && status == VIRGO_OK; i++) {
    virgo_sample s = {0, 0, {0}, VIRGO_ARRAY_NONE, 0, {NULL, 0}};
    virgo_label labels[2] = {{VIRGO_STR("from"), VIRGO_STR("list")}, {VIRGO_STR("at"), {NULL, 0}}};
    char number[16];
    const uint32_t k = i - c->items;
    sprintf(number, "%u", (unsigned)i);
    s.metric = i < c->items ? ITEM : ENTRY;
    s.type = i < c->items ? VIRGO_TEXT : VIRGO_I64;
    if (i < c->items) {
      s.value.text = virgo_cstr(c->item[i]);
      labels[1].value = virgo_cstr(number);
    } else {
      s.value.i64 = c->entry[k];
      labels[0].value = virgo_cstr("map");
      labels[1].value = virgo_cstr(c->key[k]);
    }
    s.labels.data = labels;
    s.labels.count = 2;
    s.labels.stride = VIRGO_U32(sizeof labels[0]);
    status = h->run->emit(h, run, &s, 1, VIRGO_U32(sizeof s));
  }
  return status;
}

static virgo_status collect(void* instance, virgo_run run) {
  checker* c = (checker*)instance;
  const virgo_host* h = c->host;
  virgo_status status;
  expect(c, loaded_by == h, "host of load() and create()");
  expect(c, VIRGO_HAS(virgo_host, h, now_ns) && h->now_ns(h) >= c->made_ns, "clock");
  expect(c, h->run->time_left(h, run) > 0, "time left");
  expect(c, h->run->time_left(h, 0) == 0, "time left of no run");
  expect(c, h->get_extension(h, "virgo.none/1") == NULL, "extension that is not there");
  expect(c, emit_u64(h, 0, COUNT, 1) == VIRGO_ERR_STALE, "emit without a run");
  expect(c, emit_u64(h, run, 1000, 1) == VIRGO_ERR_INVALID, "emit of no metric");
  expect(c, emit_u64(h, run, RATIO, 1) == VIRGO_ERR_INVALID, "emit of the wrong type");
  expect(c, h->run->complete(h, run, VIRGO_PENDING) == VIRGO_ERR_INVALID, "complete with PENDING");
  expect(c, h->run->explain(h, run, virgo_cstr("all well")) == VIRGO_OK, "explain");
  if (h->log_enabled(h, c->self, VIRGO_LOG_ERROR))
    h->log(h, c->self, VIRGO_LOG_ERROR, virgo_cstr("collected"));
  status = emit_values(c, run);
  if (status == VIRGO_OK) status = emit_nodes(c, run);
  if (status == VIRGO_OK) status = emit_text(h, run, FACTS, c->wrong == NULL ? "ok" : c->wrong);
  return status;
}

static const virgo_param params[] = {
    {"flag", "true", "A flag.", VIRGO_PARAM_BOOL, 0},
    {"count", "3", "A number.", VIRGO_PARAM_INT, 0},
    {"ratio", "0.25", NULL, VIRGO_PARAM_NUMBER, 0},
    {"word", "\"quiet: yes\"", "A text.", VIRGO_PARAM_TEXT, 0},
    {"every", "90s", "A duration.", VIRGO_PARAM_DURATION, 0},
    {"room", "64MiB", "A size.", VIRGO_PARAM_SIZE, 0},
    {"list", "[a, b]", "A list.", VIRGO_PARAM_LIST, 0},
    {"map", "{one: 1, two: 2}", "A map.", VIRGO_PARAM_MAP, 0},
    {"path", NULL, "What must be given.", VIRGO_PARAM_TEXT, VIRGO_PARAM_IS_REQUIRED},
    {"token", NULL, "What is not shown.", VIRGO_PARAM_TEXT, VIRGO_PARAM_IS_SECRET}};
static const virgo_metric metrics[] = {
    {"abi.flag", "1", "A flag.", VIRGO_GAUGE, VIRGO_I64},
    {"abi.count", NULL, "A total.", VIRGO_COUNTER, VIRGO_U64},
    {"abi.ratio", "s", NULL, VIRGO_GAUGE, VIRGO_F64},
    {"abi.word", NULL, "A text.", VIRGO_STATE, VIRGO_TEXT},
    {"abi.every", "ns", "A duration.", VIRGO_GAUGE, VIRGO_U64},
    {"abi.room", "By", "A size.", VIRGO_GAUGE, VIRGO_U64},
    {"abi.item", NULL, "Of the list.", VIRGO_STATE, VIRGO_TEXT},
    {"abi.entry", "{entry}", "Of the map.", VIRGO_GAUGE, VIRGO_I64},
    {"abi.facts", NULL, "What is not as it should be.", VIRGO_STATE, VIRGO_TEXT}};

#define TYPE(name, thread, flags)                                                               \
  {                                                                                             \
    VIRGO_U32(sizeof(virgo_check_type)), thread, flags, 0, name, "Parameters as samples.",      \
        VIRGO_ARRAY(params), VIRGO_ARRAY(metrics), create, configure, collect, NULL, free, NULL \
  }
const virgo_check_type samples_type = TYPE("abi.samples", VIRGO_ON_LOOP, VIRGO_CHECK_RECONFIGURES);
const virgo_check_type worker_type =
    TYPE("abi.worker", VIRGO_ON_WORKER, VIRGO_CHECK_SERIAL | VIRGO_CHECK_ISOLATE);
