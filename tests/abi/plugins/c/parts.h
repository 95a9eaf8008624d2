/*
 * The check types of this module, each in a file of its own. The module is the same
 * as ../cpp, written in C89 over plugin.h and ext/loop.h: it uses all that ABI 1.0
 * has, and reports what it found as samples. The test that loads it knows what they
 * must be.
 */
#ifndef VIRGO_TESTS_ABI_PARTS_H
#define VIRGO_TESTS_ABI_PARTS_H

#include <virgo/plugin.h>

extern const virgo_check_type samples_type; /* every kind of parameter and sample */
extern const virgo_check_type worker_type;  /* the same on a worker */
extern const virgo_check_type thread_type;  /* completes from a thread of its own */
extern const virgo_check_type patient_type; /* ends when it is cancelled */
extern const virgo_check_type steps_type;   /* asynchronous, on virgo.loop/1 */

/* Set by the module's load(). */
extern const virgo_host* loaded_by;

/* Sends one sample without labels. */
virgo_status emit_u64(const virgo_host* host, virgo_run run, uint32_t metric, uint64_t value);
virgo_status emit_i64(const virgo_host* host, virgo_run run, uint32_t metric, int64_t value);
virgo_status emit_text(const virgo_host* host, virgo_run run, uint32_t metric, const char* text);

#endif
