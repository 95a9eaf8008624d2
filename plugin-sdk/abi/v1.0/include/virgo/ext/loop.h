/*
 * SPDX-License-Identifier: MIT
 *
 * virgo/ext/loop.h - the extension "virgo.loop/1": timers, descriptors and work
 * on the agent's event loop, for checks that wait without keeping a thread.
 *
 *   const virgo_loop* loop = host->get_extension(host, VIRGO_EXT_LOOP);
 *
 * This header is all that a plugin sees of the loop. It names no type of the
 * library beneath, so a plugin survives a change of that library.
 *
 * OWNERS. Whatever is started here ends with its owner, and no callback of it
 * begins afterwards: nothing has to be stopped by hand, and nothing can outlive
 * what it works on.
 *
 *   run != 0  owned by that run: ends when the run completes, is abandoned, or is
 *             completed by somebody else. For the steps of one collection. A
 *             timer that was to fire after complete() does not fire.
 *   run == 0  owned by the check: ends just before destroy(). For what goes on
 *             between runs: a socket that listens, a cache that is refreshed.
 *
 * Callbacks run on the loop thread: those of timers, watches and posts, and what a
 * work calls when it is done. They never overlap each other, nor configure(),
 * cancel() or destroy(). If the check's type is VIRGO_ON_WORKER, they may overlap
 * collect(), as cancel() may. What they take is held against the check as is the
 * time of collect() on the loop: return within 5 ms.
 *
 * The work itself runs on a worker, and may overlap everything of its check:
 * callbacks, collect(), cancel(), configure(), other works. What it shares with
 * them is atomic or locked. Only destroy(), and its own done and release, come after
 * it. A work of a run asks time_left(). One of the check is not told to stop, so it
 * has to be bounded in time: the agent writes its thread off after 60 s, and when
 * the agent ends, destroy() may not be called for an instance whose work has not
 * returned.
 */
#ifndef VIRGO_EXT_LOOP_H
#define VIRGO_EXT_LOOP_H

#include "../plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

#define VIRGO_EXT_LOOP "virgo.loop/1"

/* Generation-tagged, as all handles: 0 is none, an ended one is VIRGO_ERR_STALE. */
typedef uint64_t virgo_timer;
typedef uint64_t virgo_watch;
typedef int64_t virgo_fd; /* a file descriptor; on Windows a SOCKET */

/* What a watch waits for, and what has happened. Unknown bits are ignored. */
enum {
  VIRGO_READABLE = 1,
  VIRGO_WRITABLE = 2,
  VIRGO_HANGUP = 4 /* the other side has gone; also reported without being asked for,
                    * together with what was, when the descriptor is in error, and
                    * that as long as the error holds: read it, or stop the watch */
};

/* [loop] */
typedef void(VIRGO_CALL* virgo_timer_fn)(void* user, virgo_timer timer);
/* [loop] events: VIRGO_READABLE ... that hold now. */
typedef void(VIRGO_CALL* virgo_watch_fn)(void* user, virgo_watch watch, virgo_fd fd,
                                         uint32_t events);
/* The work of work(): a worker. All others, that is of post() and what is done or
 * released: [loop]. */
typedef void(VIRGO_CALL* virgo_task_fn)(void* user);

/*
 * Every function answers VIRGO_ERR_STALE when self, run, timer or watch has ended,
 * or run is none of self's; self has ended inside destroy() too. VIRGO_ERR_CANCELLED:
 * something of the check itself (run 0) was to be started, but the check has been
 * taken out of service. VIRGO_ERR_LIMIT when the check has too many of them
 * (256 timers and watches together, 1024 posts, 16 works); VIRGO_ERR_INVALID when
 * a function that must be given is NULL. [loop] functions called on another thread
 * do nothing and answer VIRGO_ERR_WRONG_THREAD.
 *
 * self is the virgo_check that create() was given.
 */
typedef struct virgo_loop {
  uint32_t struct_size;
  uint32_t reserved;
  /* [loop] Fires once after delay_ns, then every period_ns if that is not 0. Never
   * early; late by up to a millisecond, and when the loop is busy: ticks that were
   * missed are not made up for. timer (may be NULL) receives the handle. */
  virgo_status(VIRGO_CALL* timer_start)(const virgo_host* host, virgo_check self, virgo_run run,
                                        uint64_t delay_ns, uint64_t period_ns, virgo_timer_fn fn,
                                        void* user, virgo_timer* timer);
  /* [loop] Allowed in the timer's own callback. A timer that has fired its only
   * time has ended. */
  virgo_status(VIRGO_CALL* timer_stop)(const virgo_host* host, virgo_timer timer);
  /* [loop] Level-triggered: the callback comes again as long as the event holds.
   * Sockets, pipes and what else can be polled; VIRGO_ERR_UNSUPPORTED for regular
   * files. One watch per descriptor (a second is VIRGO_ERR_INVALID), which becomes
   * non-blocking; VIRGO_ERR_INVALID also for one that is not open. The descriptor
   * stays the plugin's: stop the watch, or let it end with its owner, before closing
   * it. One that is closed while it is watched is reported once, as a hangup. After a
   * complete() on another thread than the loop's, the watch ends with the loop's next
   * turn: close the descriptor on the loop, or in the next collect() or destroy(). */
  virgo_status(VIRGO_CALL* watch_start)(const virgo_host* host, virgo_check self, virgo_run run,
                                        virgo_fd fd, uint32_t events, virgo_watch_fn fn, void* user,
                                        virgo_watch* watch);
  /* [loop] Waits for other events; none is a pause. VIRGO_ERR_INVALID when the
   * descriptor was closed. */
  virgo_status(VIRGO_CALL* watch_modify)(const virgo_host* host, virgo_watch watch,
                                         uint32_t events);
  /* [loop] Allowed in the watch's own callback. */
  virgo_status(VIRGO_CALL* watch_stop)(const virgo_host* host, virgo_watch watch);
  /* [any] Runs fn on the loop thread, soon; posts of one thread in their order.
   * release (may be NULL) frees user: called on the loop thread exactly once,
   * after fn, or in its stead when the owner has ended before. When the answer is
   * not VIRGO_OK nothing is called, and user is still the caller's. */
  virgo_status(VIRGO_CALL* post)(const virgo_host* host, virgo_check self, virgo_run run,
                                 virgo_task_fn fn, virgo_task_fn release, void* user);
  /* [loop] Runs work on one of the agent's worker threads, where it may block, then
   * done (may be NULL) on the loop. When the owner ends first, a work that has not
   * begun is dropped, and one that executes goes on without its done; destroy()
   * and release wait for it, and a check whose run it outlasts is not run again until
   * it has returned. VIRGO_ERR_CANCELLED: the agent stops. release as for post(). */
  virgo_status(VIRGO_CALL* work)(const virgo_host* host, virgo_check self, virgo_run run,
                                 virgo_task_fn work, virgo_task_fn done, virgo_task_fn release,
                                 void* user);
} virgo_loop;

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VIRGO_EXT_LOOP_H */
