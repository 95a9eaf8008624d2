/*
 * SPDX-License-Identifier: MIT
 *
 * virgo/plugin.h - the Virgo plugin ABI, version 1.0.
 *
 * A plugin is a shared library that exports one symbol, virgo_module_v1().
 * Everything it offers hangs on the table which that function returns;
 * everything it may use hangs on the virgo_host it is handed. It links against
 * nothing of the agent. This header needs <stddef.h> and <stdint.h> and compiles
 * as C89 and later and as C++98 and later.
 *
 *   virgo_module_v1() -> virgo_module -> virgo_check_type[] -> instance -> run
 *                                                                 |
 *   virgo_host  <- config, run, log, clock, extensions -----------+
 *
 * RULES THAT HOLD FOR ALL OF MAJOR VERSION 1
 *
 *  Version   The agent takes a module whose abi_major is 1 and whose
 *            requires_minor is not above the agent's own minor. The version the
 *            module was compiled with (abi_minor) is never held against it, and
 *            the version of the agent's product is none of its business.
 *  Growth    A struct that begins with struct_size may gain members at its end,
 *            nowhere else. Its maker stores its own sizeof there; its reader
 *            touches no byte past that (VIRGO_HAS). A member that is missing,
 *            zero or NULL means "as in 1.0". Arrays of growable structs travel
 *            as virgo_array, which tells the distance between elements: read it,
 *            never assume sizeof. Structs marked FROZEN never change.
 *  Values    Enumerations are open, each with a rule for the values you do not
 *            know. Flag bits 0-15 may be ignored by who does not know them; bits
 *            16-31 must be understood, or what carries them is refused.
 *  Memory    Who allocates frees; nothing is freed across the border. Arguments
 *            are lent until the call returns; what must live longer is copied by
 *            the callee. The tables a module returns are constant and live until
 *            the process ends, and so does the library: it is never unmapped.
 *  Text      UTF-8 as pointer and length, without a NUL to rely on. Only the
 *            const char * members of descriptors are NUL-terminated.
 *  Unwinding No exception, longjmp or thread cancellation crosses the border.
 *  Process   A plugin is a guest: it does not fork, install signal handlers, reap
 *            children, or change working directory, umask, locale, environment
 *            or resource limits. It does no work in static constructors.
 *
 * LIFE OF AN INSTANCE
 *
 *            create()           configure()            collect() -> OK or < 0
 *    (none) ----------> made ----------------> ready ------------------------> ready
 *                        |  < 0                 |  PENDING
 *                        v                      v
 *                     destroy()              pending --- complete() ---------> ready
 *                                               |  deadline, shutdown, reload
 *                                               v
 *                                            cancel() -> grace -> abandoned -> ready
 *
 *  One run at a time per instance. An abandoned run's handle is stale: whatever
 *  is still done with it gets VIRGO_ERR_STALE and changes nothing. A collect()
 *  that has not returned keeps its instance: no new run, no destroy().
 *
 * THREAD TAGS. Each function carries one.
 *
 *  [loop]    called on the agent's event-loop thread; return within 5 ms, or every
 *            other check waits. The time is measured, and repeat offenders are
 *            taken out of service.
 *  [collect] on the thread the check type asked for: the loop (VIRGO_ON_LOOP) or
 *            one of the agent's workers (VIRGO_ON_WORKER), where it may block
 *            until the run's deadline.
 *  [any]     may be called on any thread, also several at once.
 *
 *  Calls on one instance never overlap, with two exceptions. While collect()
 *  executes on a worker, cancel() and callbacks of ext/loop.h may come. And a work
 *  of ext/loop.h may overlap everything of its instance, other works too; only
 *  destroy() and its own done and release come after it. Calls on different
 *  instances do overlap on workers; what VIRGO_CHECK_SERIAL changes is said there.
 */
#ifndef VIRGO_PLUGIN_H
#define VIRGO_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define VIRGO_ABI_MAJOR 1
#define VIRGO_ABI_MINOR 0
#define VIRGO_MODULE_MAGIC 0x4f475256u /* "VRGO" in little-endian memory */

#if defined(_WIN32)
#define VIRGO_EXPORT __declspec(dllexport)
#define VIRGO_CALL __cdecl
#define VIRGO_INLINE static __inline
#else
#define VIRGO_EXPORT __attribute__((visibility("default")))
#define VIRGO_CALL
#define VIRGO_INLINE static __inline__ __attribute__((unused))
#endif

/* True when whoever made the table at ptr knew of member. */
#define VIRGO_HAS_MEMBER(type, ptr, member) \
  ((ptr)->struct_size >= offsetof(type, member) + sizeof((ptr)->member))

/* The same, and member is not NULL: the function can be called. */
#define VIRGO_HAS(type, ptr, member) (VIRGO_HAS_MEMBER(type, ptr, member) && (ptr)->member)

#ifdef __cplusplus
#define VIRGO_U32(n) static_cast<uint32_t>(n)
extern "C" {
#else
#define VIRGO_U32(n) ((uint32_t)(n))
#endif

/* ---- Values --------------------------------------------------------------- */

typedef struct virgo_str { /* FROZEN. ptr may be NULL when len is 0. */
  const char* ptr;
  size_t len;
} virgo_str;

typedef struct virgo_array { /* FROZEN */
  const void* data;
  uint32_t count;
  uint32_t stride; /* bytes from one element to the next */
} virgo_array;

/* Initialisers: of a virgo_str from a literal, of a virgo_array from an array. */
#define VIRGO_STR(literal) \
  { (literal), sizeof(literal) - 1u }
#define VIRGO_ARRAY(a) \
  { (a), VIRGO_U32(sizeof(a) / sizeof((a)[0])), VIRGO_U32(sizeof((a)[0])) }
#define VIRGO_ARRAY_NONE \
  { NULL, 0u, 0u }

/* A virgo_str over a NUL-terminated string, which it borrows. */
VIRGO_INLINE virgo_str virgo_cstr(const char* text) {
  virgo_str s;
  s.ptr = text;
  s.len = 0;
  while (text != NULL && text[s.len] != '\0') s.len++;
  return s;
}

/*
 * Handles are numbers that carry a generation, not pointers. A pointer to a run
 * that has ended would be undefined behaviour in the hands of a slow thread; a
 * handle is answered with VIRGO_ERR_STALE. Zero is never a handle.
 */
typedef uint64_t virgo_check; /* one configured instance of a check type */
typedef uint64_t virgo_run;   /* one collection by one instance */

/* Unknown values: below zero as VIRGO_ERR_FAILED, above zero as VIRGO_OK. */
typedef int32_t virgo_status;
enum {
  VIRGO_OK = 0,
  VIRGO_PENDING = 1,          /* only from collect(): complete() will follow */
  VIRGO_ERR_FAILED = -1,      /* none of the others */
  VIRGO_ERR_INVALID = -2,     /* bad argument or bad configuration */
  VIRGO_ERR_UNSUPPORTED = -3, /* this agent or this host cannot do it */
  VIRGO_ERR_NO_MEMORY = -4,
  VIRGO_ERR_UNREACHABLE = -5, /* what is monitored did not answer */
  VIRGO_ERR_TIMEOUT = -6,
  VIRGO_ERR_CANCELLED = -7,
  VIRGO_ERR_STALE = -8,        /* the handle's object has ended */
  VIRGO_ERR_LIMIT = -9,        /* a bound set by the agent was reached */
  VIRGO_ERR_WRONG_THREAD = -10 /* called against its thread tag */
};

/* Unknown levels are taken as VIRGO_LOG_INFO. */
enum {
  VIRGO_LOG_ERROR = 1,
  VIRGO_LOG_WARN = 2,
  VIRGO_LOG_INFO = 3,
  VIRGO_LOG_DEBUG = 4,
  VIRGO_LOG_TRACE = 5
};

/* ---- What a check type declares about itself ------------------------------- */

/* Unknown kinds are taken as VIRGO_GAUGE. */
enum {
  VIRGO_GAUGE = 1,   /* goes up and down */
  VIRGO_COUNTER = 2, /* a running total; goes down only when it restarts */
  VIRGO_STATE = 3    /* one of a few numbers or texts */
};

/* Samples of an unknown type are refused with VIRGO_ERR_UNSUPPORTED. */
enum { VIRGO_I64 = 1, VIRGO_U64 = 2, VIRGO_F64 = 3, VIRGO_TEXT = 4 };

/*
 * The name is final: nothing is put in front of it. Use the names of the
 * OpenTelemetry conventions where they have one, "system.memory.usage", else one
 * of your own, "acme.queue.length": letters, digits, "." "_" "-".
 */
typedef struct virgo_metric { /* travels with a stride */
  const char* name;
  const char* unit; /* UCUM: "By", "s", "1", "{process}"; may be NULL */
  const char* help; /* one sentence; may be NULL */
  uint32_t kind;    /* VIRGO_GAUGE ... */
  uint32_t type;    /* VIRGO_I64 ... */
} virgo_metric;

/* Unknown types are taken as VIRGO_PARAM_TEXT. */
enum {
  VIRGO_PARAM_BOOL = 1, /* true, false */
  VIRGO_PARAM_INT = 2,
  VIRGO_PARAM_NUMBER = 3,
  VIRGO_PARAM_TEXT = 4,
  VIRGO_PARAM_DURATION = 5, /* 10s, 500ms */
  VIRGO_PARAM_SIZE = 6,     /* 64MiB */
  VIRGO_PARAM_LIST = 7,
  VIRGO_PARAM_MAP = 8
};
enum {
  VIRGO_PARAM_IS_REQUIRED = 1,
  VIRGO_PARAM_IS_SECRET = 2 /* never shown in logs or by tools */
};

/*
 * The agent checks a configuration against these before configure() sees it:
 * unknown names, missing ones, wrong types. Most plugins check nothing themselves.
 * The fallback is the default as one would write it in YAML, "true", "10s" or
 * "[a, b]"; a module whose own default does not fit is refused.
 */
typedef struct virgo_param { /* travels with a stride */
  const char* name;          /* as written in the YAML */
  const char* fallback;      /* NULL = absent */
  const char* help;          /* one sentence; may be NULL */
  uint32_t type;             /* VIRGO_PARAM_BOOL ... */
  uint32_t flags;            /* VIRGO_PARAM_IS_... */
} virgo_param;

/* ---- Samples ---------------------------------------------------------------- */

typedef union virgo_value { /* FROZEN */
  int64_t i64;
  uint64_t u64;
  double f64; /* finite */
  virgo_str text;
} virgo_value;

typedef struct virgo_label { /* FROZEN */
  virgo_str key;
  virgo_str value;
} virgo_label;

#define VIRGO_UNDECLARED 0xffffffffu

typedef struct virgo_sample { /* travels with a stride */
  uint32_t metric;            /* index into virgo_check_type.metrics, or _UNDECLARED */
  uint32_t type;              /* which member of value; that of the declared metric */
  virgo_value value;
  virgo_array labels; /* of virgo_label */
  int64_t unix_ns;    /* when it was measured; 0 = when the run started */
  /* Only for VIRGO_UNDECLARED, as in virgo_metric: */
  virgo_str name;
  virgo_str unit;    /* may be empty */
  uint32_t kind;     /* VIRGO_GAUGE ...; 0 = gauge */
  uint32_t reserved; /* 0 */
} virgo_sample;

/* ---- What the agent offers --------------------------------------------------- */

typedef struct virgo_host virgo_host;

/* A node of the configuration, valid until the configure() it was given to returns. */
typedef struct virgo_config virgo_config;

/* Unknown kinds are taken as VIRGO_NODE_NONE. */
enum {
  VIRGO_NODE_NONE = 0, /* absent, or written without a value */
  VIRGO_NODE_SCALAR = 1,
  VIRGO_NODE_LIST = 2,
  VIRGO_NODE_MAP = 3
};

/*
 * Reads the configuration. Every function is [loop], callable only inside
 * configure(), and safe with a NULL node, which stands for "absent", and with a
 * node of the wrong kind: it then returns NULL, 0 or the fallback.
 */
typedef struct virgo_config_api {
  uint32_t struct_size;
  uint32_t reserved;
  /* The value of key, or the declared default of that parameter, or NULL. */
  const virgo_config*(VIRGO_CALL* get)(const virgo_config* map, virgo_str key);
  /* The index-th element of a list or value of a map, as written; or NULL. */
  const virgo_config*(VIRGO_CALL* at)(const virgo_config* node, uint32_t index);
  /* The number of elements of a list or keys of a map, as written. */
  uint32_t(VIRGO_CALL* size)(const virgo_config* node);
  virgo_str(VIRGO_CALL* key_at)(const virgo_config* map, uint32_t index);
  uint32_t(VIRGO_CALL* kind)(const virgo_config* node);
  int32_t(VIRGO_CALL* as_bool)(const virgo_config* node, int32_t fallback);
  int64_t(VIRGO_CALL* as_i64)(const virgo_config* node, int64_t fallback);
  double(VIRGO_CALL* as_f64)(const virgo_config* node, double fallback);
  virgo_str(VIRGO_CALL* as_text)(const virgo_config* node, virgo_str fallback);
  /* Nanoseconds from "10s"; bytes from "64MiB". */
  uint64_t(VIRGO_CALL* as_duration)(const virgo_config* node, uint64_t fallback);
  uint64_t(VIRGO_CALL* as_size)(const virgo_config* node, uint64_t fallback);
  /* Says what is wrong with node; the agent adds file, line, column and path.
   * The configuration is then refused, whatever configure() returns. Call it once
   * per problem: a person likes to see them all together. NULL is ignored; for
   * something absent name the map it is missing from. Of why 1024 bytes are shown. */
  void(VIRGO_CALL* reject)(const virgo_config* node, virgo_str why);
} virgo_config_api;

/*
 * What a collection does. All [any]. Each returns VIRGO_ERR_STALE, and does
 * nothing, when the run has completed or was abandoned.
 */
typedef struct virgo_run_api {
  uint32_t struct_size;
  uint32_t reserved;
  /* Copies count samples, stride bytes apart: they may live on the stack. Good
   * samples are kept even if others of the same call are not; the status is that
   * of the first one refused. VIRGO_ERR_INVALID: value of another type than
   * declared, no such metric, not finite. VIRGO_ERR_LIMIT: too many samples, too
   * many labels, a text too long, or too much text in one run (5000, 16, 1024 bytes
   * and 1 MiB, unless the agent was told otherwise). The run goes on and keeps what
   * fits; at its end VIRGO_ERR_LIMIT takes the place of a status that is no error. */
  virgo_status(VIRGO_CALL* emit)(const virgo_host* host, virgo_run run, const virgo_sample* samples,
                                 uint32_t count, uint32_t stride);
  /* The sentence a person reads beside the status. The last one counts, cut to
   * 2048 bytes. */
  virgo_status(VIRGO_CALL* explain)(const virgo_host* host, virgo_run run, virgo_str text);
  /* Nanoseconds until the deadline; 0 when it passed, and when the run was
   * cancelled or is stale. A loop that may take long asks this now and then. */
  uint64_t(VIRGO_CALL* time_left)(const virgo_host* host, virgo_run run);
  /* Ends the run with the status collect() would have returned (VIRGO_PENDING is
   * VIRGO_ERR_INVALID). The first call wins. It may come before collect() has
   * returned; then the run ends when it does, and its result is not looked at. */
  virgo_status(VIRGO_CALL* complete)(const virgo_host* host, virgo_run run, virgo_status status);
} virgo_run_api;

/* Made by the agent, one per module; valid until the process ends. */
struct virgo_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  void* impl;          /* the agent's own; hands off */
  const char* name;    /* "virgo" */
  const char* version; /* of the product: for the log, not for decisions */
  const virgo_config_api* config;
  const virgo_run_api* run;
  /* [any] A service by its id, "virgo.loop/1"; NULL when this agent has none. Ask
   * once and live without it, or return VIRGO_ERR_UNSUPPORTED from create(). */
  const void*(VIRGO_CALL* get_extension)(const virgo_host* host, const char* id);
  /* [any] Nonzero when a message of this level would be written. */
  int32_t(VIRGO_CALL* log_enabled)(const virgo_host* host, virgo_check check, int32_t level);
  /* [any] One line, already formatted; the agent adds time, module and check, and
   * limits the rate per check. check 0 speaks for the module. */
  void(VIRGO_CALL* log)(const virgo_host* host, virgo_check check, int32_t level, virgo_str text);
  /* [any] The clock of deadlines: monotonic, nanoseconds, of no meaning outside
   * this process. */
  uint64_t(VIRGO_CALL* now_ns)(const virgo_host* host);
};

/* ---- What the plugin offers --------------------------------------------------- */

/* An unknown thread is refused. */
enum {
  VIRGO_ON_LOOP = 1,  /* collect() never blocks: quick reads, or asynchronous */
  VIRGO_ON_WORKER = 2 /* collect() may block: file systems, databases, networks */
};

enum {
  /* configure() may be called again between runs. An agent of 1.0 accepts the flag
   * and does not act on it yet: new settings get a new instance. */
  VIRGO_CHECK_RECONFIGURES = 1,
  /* No two collect() on workers run in parallel, of all instances of those types of
   * the module that carry the flag. collect() on the loop and works of ext/loop.h
   * are not included, nor are types without the flag. */
  VIRGO_CHECK_SERIAL = 2,
  /* A wish: run me in a process of my own. An agent of 1.0 accepts the flag and does
   * not act on it yet. */
  VIRGO_CHECK_ISOLATE = 4
};

typedef struct virgo_check_type {
  uint32_t struct_size;
  uint32_t thread;     /* VIRGO_ON_LOOP or VIRGO_ON_WORKER */
  uint32_t flags;      /* VIRGO_CHECK_... */
  uint32_t reserved;   /* 0 */
  const char* name;    /* "acme.queue", unique among the modules loaded */
  const char* summary; /* one sentence */
  virgo_array params;  /* of virgo_param */
  virgo_array metrics; /* of virgo_metric */
  /* [loop] Allocate; no I/O. Keep host, and self for log(): they stay valid until
   * destroy() returns. On < 0 there is no instance and no further call. */
  virgo_status(VIRGO_CALL* create)(const virgo_host* host, virgo_check self, void** instance);
  /* [loop] Take over the settings; root is a map. No side effects, so that the
   * agent can call it merely to check a file. Never at the same time as collect().
   * On < 0 the settings of before stay in force. NULL: there is nothing to set. */
  virgo_status(VIRGO_CALL* configure)(void* instance, const virgo_config* root);
  /* [collect] One collection. VIRGO_OK or < 0 ends the run; VIRGO_PENDING leaves
   * it open until complete(). */
  virgo_status(VIRGO_CALL* collect)(void* instance, virgo_run run);
  /* [loop] The run's time is up: end it soon, with any status. time_left() is 0
   * from here on. May overlap collect() on a worker. NULL: collect() looks at
   * time_left() itself. */
  void(VIRGO_CALL* cancel)(void* instance, virgo_run run);
  /* [loop] The last call. No call executes on the instance; threads it started
   * have been ended by the time this returns, but for one that the system holds in a
   * call that nothing can end: it may stay if it touches neither the instance nor the
   * host any more. NULL: there is nothing to free. */
  void(VIRGO_CALL* destroy)(void* instance);
  /* [any] What the agent may ask of an instance beyond 1.0. May be NULL. */
  const void*(VIRGO_CALL* get_extension)(void* instance, const char* id);
} virgo_check_type;

/*
 * requires_minor is 0 unless the module cannot do without something newer. What it
 * merely likes to have it asks for with VIRGO_HAS and get_extension().
 */
typedef struct virgo_module {
  uint32_t magic; /* VIRGO_MODULE_MAGIC */
  uint32_t struct_size;
  uint16_t abi_major;      /* of the header it was compiled with */
  uint16_t abi_minor;      /* likewise; for information */
  uint16_t requires_minor; /* the oldest agent minor it can live with */
  uint16_t reserved;       /* 0 */
  uint32_t flags;          /* none yet */
  uint32_t type_count;
  const char* id;      /* reverse domain: "com.acme.queue" */
  const char* version; /* of the plugin */
  const char* vendor;  /* may be NULL */
  const virgo_check_type* const* types;
  /* [loop] Once, before any create(), and again only after unload(). < 0: the module
   * is not used. May be NULL. */
  virgo_status(VIRGO_CALL* load)(const virgo_host* host);
  /* [loop] Once, after the last destroy(), when the agent ends in good order.
   * Frees what load() made; the library stays mapped. May be NULL. */
  void(VIRGO_CALL* unload)(void);
} virgo_module;

/*
 * The one exported symbol. A function, because that is what dlsym() is good for;
 * with the major version in its name, because a library may serve two; and doing
 * nothing but return a constant, because the agent calls it merely to look.
 */
VIRGO_EXPORT const virgo_module* VIRGO_CALL virgo_module_v1(void);
typedef const virgo_module*(VIRGO_CALL* virgo_module_v1_fn)(void);

/*
 * An ELF note by which the agent and its tools know a plugin, and its versions,
 * without running any of its code. It is loaded with the library, so it survives
 * strip and --gc-sections; `readelf -n` shows it under the owner "Virgo".
 */
typedef struct virgo_note { /* FROZEN */
  uint32_t name_size;       /* 6, the NUL counted */
  uint32_t desc_size;       /* bytes from abi_major on */
  uint32_t note_type;       /* VIRGO_NOTE_ABI */
  char name[8];             /* "Virgo", filled up with zeros */
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t requires_minor;
  uint32_t reserved; /* 0 */
} virgo_note;

#define VIRGO_NOTE_ABI 1u

#if defined(__ELF__) && defined(__GNUC__)
#define VIRGO_NOTE_PLACE __attribute__((section(".note.virgo"), used, aligned(4)))
#else
#define VIRGO_NOTE_PLACE
#endif

/* The first members of a virgo_module, in an initialiser. */
#define VIRGO_MODULE_HEADER(requires_minor)                                              \
  VIRGO_MODULE_MAGIC, VIRGO_U32(sizeof(virgo_module)), VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, \
      (requires_minor), 0u, 0u

/*
 * Put once at the end of a module: the entry function and the note.
 *
 *   static const virgo_check_type *const types[] = {&queue_type};
 *   static const virgo_module module = {VIRGO_MODULE_HEADER(0), 1u, "com.acme.queue",
 *                                       "1.2.0", "Acme", types, NULL, NULL};
 *   VIRGO_MODULE_ENTRY(module, 0);
 */
#define VIRGO_MODULE_ENTRY(module, requires_minor)                    \
  VIRGO_EXPORT const virgo_module* VIRGO_CALL virgo_module_v1(void) { \
    return &(module);                                                 \
  }                                                                   \
  VIRGO_MODULE_NOTE(requires_minor)

#define VIRGO_MODULE_NOTE(requires_minor)                         \
  static const virgo_note virgo_module_note_ VIRGO_NOTE_PLACE = { \
      6u, 16u, VIRGO_NOTE_ABI, "Virgo", VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, (requires_minor), 0u}

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* VIRGO_PLUGIN_H */
