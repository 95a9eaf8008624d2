/* Runs that end after collect(): by a thread, and by cancel(). */
#include <pthread.h>
#include <stdlib.h>

#include "parts.h"

typedef struct late {
  const virgo_host* host;
  virgo_run run;
  pthread_t thread;
  int has_thread;
  virgo_status after; /* what emit() said after the run before had ended */
} late;

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  late* l = (late*)calloc(1, sizeof *l);
  (void)self;
  if (l == NULL) return VIRGO_ERR_NO_MEMORY;
  l->host = host;
  *instance = l;
  return VIRGO_OK;
}

static void join(late* l) {
  if (l->has_thread) pthread_join(l->thread, NULL);
  l->has_thread = 0;
}

static void destroy(void* instance) {
  join((late*)instance);
  free(instance);
}

/* ---- abi.thread: completes twice, and emits when it is too late */

static void* elsewhere(void* user) {
  late* l = (late*)user;
  const virgo_host* h = l->host;
  const virgo_run run = l->run;
  emit_i64(h, run, 0, l->after);
  h->run->complete(h, run, VIRGO_OK);
  l->after = emit_i64(h, run, 0, 1);
  if (l->after == VIRGO_ERR_STALE) l->after = h->run->complete(h, run, VIRGO_ERR_FAILED);
  return NULL;
}

static virgo_status collect_elsewhere(void* instance, virgo_run run) {
  late* l = (late*)instance;
  join(l);
  l->run = run;
  if (pthread_create(&l->thread, NULL, elsewhere, l) != 0) return VIRGO_ERR_FAILED;
  l->has_thread = 1;
  return VIRGO_PENDING;
}

/* ---- abi.patient: waits for cancel() */

static virgo_status collect_never(void* instance, virgo_run run) {
  late* l = (late*)instance;
  l->run = run;
  return VIRGO_PENDING;
}

static void cancel(void* instance, virgo_run run) {
  late* l = (late*)instance;
  const virgo_host* h = l->host;
  emit_i64(h, run, 0, run == l->run && h->run->time_left(h, run) == 0);
  h->run->complete(h, run, VIRGO_ERR_CANCELLED);
}

static const virgo_metric metrics[] = {
    {"abi.late", "1", "What was seen late.", VIRGO_GAUGE, VIRGO_I64}};

#define TYPE(name, collect, cancel)                                                          \
  {                                                                                          \
    VIRGO_U32(sizeof(virgo_check_type)), VIRGO_ON_LOOP, 0, 0, name, "Ends late.",            \
        VIRGO_ARRAY_NONE, VIRGO_ARRAY(metrics), create, NULL, collect, cancel, destroy, NULL \
  }
const virgo_check_type thread_type = TYPE("abi.thread", collect_elsewhere, NULL);
const virgo_check_type patient_type = TYPE("abi.patient", collect_never, cancel);
