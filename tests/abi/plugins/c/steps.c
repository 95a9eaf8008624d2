/* One run in steps, on every function of virgo.loop/1: a timer ticks twice, and
 * writes into a pipe, which a watch sees; then a worker works, and a post ends the
 * run. What each call answered goes into one line. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <virgo/ext/loop.h>

#include "parts.h"

typedef struct steps {
  const virgo_host* host;
  const virgo_loop* loop; /* NULL when the agent has none */
  virgo_check self;
  virgo_run run;
  int ends[2];
  virgo_timer left; /* of the run before, which nobody stopped */
  int stopped, stopped_again, ticks, read, paused, unwatched, on_worker, left_over;
  int released, freed; /* calls of release: so far, and when the run began */
} steps;

static const uint64_t kMillisecond = 1000000u, kHour = (uint64_t)3600 * 1000000000;

static virgo_status create(const virgo_host* host, virgo_check self, void** instance) {
  steps* s = (steps*)calloc(1, sizeof *s);
  if (s == NULL) return VIRGO_ERR_NO_MEMORY;
  s->host = host;
  s->self = self;
  s->loop = (const virgo_loop*)host->get_extension(host, VIRGO_EXT_LOOP);
  if (s->loop != NULL && !VIRGO_HAS(virgo_loop, s->loop, work)) s->loop = NULL;
  if (pipe(s->ends) != 0) {
    free(s);
    return VIRGO_ERR_FAILED;
  }
  *instance = s;
  return VIRGO_OK;
}

static void destroy(void* instance) {
  steps* s = (steps*)instance;
  close(s->ends[0]);
  close(s->ends[1]);
  free(s);
}

static virgo_status fail(steps* s, const char* step, virgo_status status) {
  s->host->run->explain(s->host, s->run, virgo_cstr(step));
  return status;
}
static void give_up(steps* s, const char* step, virgo_status status) {
  s->host->run->complete(s->host, s->run, fail(s, step, status));
}

static void never(void* user, virgo_timer timer) {
  (void)timer;
  give_up((steps*)user, "a timer of an hour", VIRGO_ERR_FAILED);
}

static void release(void* user) {
  ((steps*)user)->released++;
}

/* The fifth step, posted. */
static void finish(void* user) {
  steps* s = (steps*)user;
  char line[200];
  sprintf(line, "stop %d %d, ticks %d, read %d, watch %d %d, worker %d, left %d, freed %d",
          s->stopped, s->stopped_again, s->ticks, s->read, s->paused, s->unwatched, s->on_worker,
          s->left_over, s->freed);
  emit_text(s->host, s->run, 0, line);
  s->host->run->complete(s->host, s->run, VIRGO_OK);
}

/* The fourth, on the loop again. */
static void worked(void* user) {
  steps* s = (steps*)user;
  const virgo_status status = s->loop->post(s->host, s->self, s->run, finish, release, s);
  if (status != VIRGO_OK) give_up(s, "post", status);
}

/* The third, on a worker, where timers cannot be started. */
static void work(void* user) {
  steps* s = (steps*)user;
  s->on_worker = s->loop->timer_start(s->host, s->self, s->run, kHour, 0, never, s, NULL);
}

/* The second. */
static void readable(void* user, virgo_watch watch, virgo_fd fd, uint32_t events) {
  steps* s = (steps*)user;
  char byte;
  virgo_status status;
  if ((events & VIRGO_READABLE) == 0 || fd != s->ends[0]) return;
  s->read = (int)read((int)fd, &byte, 1);
  s->paused = s->loop->watch_modify(s->host, watch, 0);
  s->unwatched = s->loop->watch_stop(s->host, watch);
  status = s->loop->work(s->host, s->self, s->run, work, worked, release, s);
  if (status != VIRGO_OK) give_up(s, "work", status);
}

/* The first: periodic, and stopped in its own callback. */
static void tick(void* user, virgo_timer timer) {
  steps* s = (steps*)user;
  if (++s->ticks < 2) return;
  s->loop->timer_stop(s->host, timer);
  if (write(s->ends[1], "x", 1) != 1) give_up(s, "write", VIRGO_ERR_FAILED);
}

static virgo_status collect(void* instance, virgo_run run) {
  steps* s = (steps*)instance;
  const virgo_host* h = s->host;
  const virgo_loop* loop = s->loop;
  virgo_timer timer = 0;
  virgo_watch watch = 0;
  virgo_status status;
  s->run = run;
  if (loop == NULL) return fail(s, "this agent has no " VIRGO_EXT_LOOP, VIRGO_ERR_UNSUPPORTED);
  s->ticks = 0;
  s->freed = s->released;
  /* One that is stopped, one of the check, one of the run that is left to it. */
  status = loop->timer_start(h, s->self, run, kHour, 0, never, s, &timer);
  if (status != VIRGO_OK) return fail(s, "timer_start", status);
  s->stopped = loop->timer_stop(h, timer);
  s->stopped_again = loop->timer_stop(h, timer);
  s->left_over = s->left == 0 ? 0 : loop->timer_stop(h, s->left);
  if (s->left == 0) {
    status = loop->timer_start(h, s->self, 0, kHour, kHour, never, s, NULL);
    if (status != VIRGO_OK) return fail(s, "timer_start of the check", status);
  }
  status = loop->timer_start(h, s->self, run, kHour, 0, never, s, &s->left);
  if (status != VIRGO_OK) return fail(s, "timer_start of the run", status);
  status = loop->watch_start(h, s->self, run, s->ends[0], VIRGO_READABLE, readable, s, &watch);
  if (status != VIRGO_OK) return fail(s, "watch_start", status);
  status = loop->timer_start(h, s->self, run, kMillisecond, kMillisecond, tick, s, NULL);
  return status == VIRGO_OK ? VIRGO_PENDING : fail(s, "timer_start with a period", status);
}

static const virgo_metric metrics[] = {
    {"abi.steps", NULL, "What each step answered.", VIRGO_STATE, VIRGO_TEXT}};
const virgo_check_type steps_type = {VIRGO_U32(sizeof(virgo_check_type)),
                                     VIRGO_ON_LOOP,
                                     0,
                                     0,
                                     "abi.steps",
                                     "One run in steps.",
                                     VIRGO_ARRAY_NONE,
                                     VIRGO_ARRAY(metrics),
                                     create,
                                     NULL,
                                     collect,
                                     NULL,
                                     destroy,
                                     NULL};
