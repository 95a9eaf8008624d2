// SPDX-License-Identifier: MIT
//
// The layout of ABI 1.0, for 64-bit hosts: every struct, member, function type,
// constant and macro of plugin.h and ext/loop.h. Once 1.0 is released this file is
// never edited again: headers that do not compile here are not version 1. A struct
// that grows may be larger than below, a FROZEN one may not. What a later minor
// adds is held by a file of its own, abi_v1_N.cpp.
#include <virgo/ext/loop.h>
#include <virgo/plugin.h>

#include <type_traits>

static_assert(sizeof(void*) == 8, "only 64-bit layouts are frozen");

#define SAME(struct_, member, offset, ...)                       \
  static_assert(offsetof(struct_, member) == (offset), "moved"); \
  static_assert(std::is_same_v<decltype(struct_::member), __VA_ARGS__>, "retyped")
#define FROZEN(struct_, size, align)                                                  \
  static_assert(sizeof(struct_) == (size) && alignof(struct_) == (align), "resized"); \
  static_assert(std::is_standard_layout_v<struct_> && std::is_trivial_v<struct_>, "no C struct")
#define GROWS(struct_, size)                                                   \
  static_assert(sizeof(struct_) >= (size) && alignof(struct_) == 8, "shrunk"); \
  static_assert(std::is_standard_layout_v<struct_> && std::is_trivial_v<struct_>, "no C struct")
#define VALUE(constant, value) static_assert((constant) == (value), "renumbered")
#define TYPE(name, ...) static_assert(std::is_same_v<name, __VA_ARGS__>, "retyped")

constexpr bool is_text(const char* a, const char* b) {
  return *a == *b && (*a == 0 || is_text(a + 1, b + 1));
}

FROZEN(virgo_str, 16, 8);
SAME(virgo_str, ptr, 0, const char*);
SAME(virgo_str, len, 8, size_t);

FROZEN(virgo_array, 16, 8);
SAME(virgo_array, data, 0, const void*);
SAME(virgo_array, count, 8, uint32_t);
SAME(virgo_array, stride, 12, uint32_t);

FROZEN(virgo_value, 16, 8);
SAME(virgo_value, i64, 0, int64_t);
SAME(virgo_value, u64, 0, uint64_t);
SAME(virgo_value, f64, 0, double);
SAME(virgo_value, text, 0, virgo_str);

FROZEN(virgo_label, 32, 8);
SAME(virgo_label, key, 0, virgo_str);
SAME(virgo_label, value, 16, virgo_str);

FROZEN(virgo_note, 36, 4);
SAME(virgo_note, name_size, 0, uint32_t);
SAME(virgo_note, desc_size, 4, uint32_t);
SAME(virgo_note, note_type, 8, uint32_t);
SAME(virgo_note, name, 12, char[8]);
SAME(virgo_note, abi_major, 20, uint32_t);
SAME(virgo_note, abi_minor, 24, uint32_t);
SAME(virgo_note, requires_minor, 28, uint32_t);
SAME(virgo_note, reserved, 32, uint32_t);

GROWS(virgo_metric, 32);
SAME(virgo_metric, name, 0, const char*);
SAME(virgo_metric, unit, 8, const char*);
SAME(virgo_metric, help, 16, const char*);
SAME(virgo_metric, kind, 24, uint32_t);
SAME(virgo_metric, type, 28, uint32_t);

GROWS(virgo_param, 32);
SAME(virgo_param, name, 0, const char*);
SAME(virgo_param, fallback, 8, const char*);
SAME(virgo_param, help, 16, const char*);
SAME(virgo_param, type, 24, uint32_t);
SAME(virgo_param, flags, 28, uint32_t);

GROWS(virgo_sample, 88);
SAME(virgo_sample, metric, 0, uint32_t);
SAME(virgo_sample, type, 4, uint32_t);
SAME(virgo_sample, value, 8, virgo_value);
SAME(virgo_sample, labels, 24, virgo_array);
SAME(virgo_sample, unix_ns, 40, int64_t);
SAME(virgo_sample, name, 48, virgo_str);
SAME(virgo_sample, unit, 64, virgo_str);
SAME(virgo_sample, kind, 80, uint32_t);
SAME(virgo_sample, reserved, 84, uint32_t);

GROWS(virgo_config_api, 104);
SAME(virgo_config_api, struct_size, 0, uint32_t);
SAME(virgo_config_api, reserved, 4, uint32_t);
SAME(virgo_config_api, get, 8, const virgo_config* (*)(const virgo_config*, virgo_str));
SAME(virgo_config_api, at, 16, const virgo_config* (*)(const virgo_config*, uint32_t));
SAME(virgo_config_api, size, 24, uint32_t (*)(const virgo_config*));
SAME(virgo_config_api, key_at, 32, virgo_str (*)(const virgo_config*, uint32_t));
SAME(virgo_config_api, kind, 40, uint32_t (*)(const virgo_config*));
SAME(virgo_config_api, as_bool, 48, int32_t (*)(const virgo_config*, int32_t));
SAME(virgo_config_api, as_i64, 56, int64_t (*)(const virgo_config*, int64_t));
SAME(virgo_config_api, as_f64, 64, double (*)(const virgo_config*, double));
SAME(virgo_config_api, as_text, 72, virgo_str (*)(const virgo_config*, virgo_str));
SAME(virgo_config_api, as_duration, 80, uint64_t (*)(const virgo_config*, uint64_t));
SAME(virgo_config_api, as_size, 88, uint64_t (*)(const virgo_config*, uint64_t));
SAME(virgo_config_api, reject, 96, void (*)(const virgo_config*, virgo_str));

GROWS(virgo_run_api, 40);
SAME(virgo_run_api, struct_size, 0, uint32_t);
SAME(virgo_run_api, reserved, 4, uint32_t);
SAME(virgo_run_api, emit, 8,
     virgo_status (*)(const virgo_host*, virgo_run, const virgo_sample*, uint32_t, uint32_t));
SAME(virgo_run_api, explain, 16, virgo_status (*)(const virgo_host*, virgo_run, virgo_str));
SAME(virgo_run_api, time_left, 24, uint64_t (*)(const virgo_host*, virgo_run));
SAME(virgo_run_api, complete, 32, virgo_status (*)(const virgo_host*, virgo_run, virgo_status));

GROWS(virgo_host, 80);
SAME(virgo_host, struct_size, 0, uint32_t);
SAME(virgo_host, abi_major, 4, uint16_t);
SAME(virgo_host, abi_minor, 6, uint16_t);
SAME(virgo_host, impl, 8, void*);
SAME(virgo_host, name, 16, const char*);
SAME(virgo_host, version, 24, const char*);
SAME(virgo_host, config, 32, const virgo_config_api*);
SAME(virgo_host, run, 40, const virgo_run_api*);
SAME(virgo_host, get_extension, 48, const void* (*)(const virgo_host*, const char*));
SAME(virgo_host, log_enabled, 56, int32_t (*)(const virgo_host*, virgo_check, int32_t));
SAME(virgo_host, log, 64, void (*)(const virgo_host*, virgo_check, int32_t, virgo_str));
SAME(virgo_host, now_ns, 72, uint64_t (*)(const virgo_host*));

GROWS(virgo_check_type, 112);
SAME(virgo_check_type, struct_size, 0, uint32_t);
SAME(virgo_check_type, thread, 4, uint32_t);
SAME(virgo_check_type, flags, 8, uint32_t);
SAME(virgo_check_type, reserved, 12, uint32_t);
SAME(virgo_check_type, name, 16, const char*);
SAME(virgo_check_type, summary, 24, const char*);
SAME(virgo_check_type, params, 32, virgo_array);
SAME(virgo_check_type, metrics, 48, virgo_array);
SAME(virgo_check_type, create, 64, virgo_status (*)(const virgo_host*, virgo_check, void**));
SAME(virgo_check_type, configure, 72, virgo_status (*)(void*, const virgo_config*));
SAME(virgo_check_type, collect, 80, virgo_status (*)(void*, virgo_run));
SAME(virgo_check_type, cancel, 88, void (*)(void*, virgo_run));
SAME(virgo_check_type, destroy, 96, void (*)(void*));
SAME(virgo_check_type, get_extension, 104, const void* (*)(void*, const char*));

GROWS(virgo_module, 72);
SAME(virgo_module, magic, 0, uint32_t);
SAME(virgo_module, struct_size, 4, uint32_t);
SAME(virgo_module, abi_major, 8, uint16_t);
SAME(virgo_module, abi_minor, 10, uint16_t);
SAME(virgo_module, requires_minor, 12, uint16_t);
SAME(virgo_module, reserved, 14, uint16_t);
SAME(virgo_module, flags, 16, uint32_t);
SAME(virgo_module, type_count, 20, uint32_t);
SAME(virgo_module, id, 24, const char*);
SAME(virgo_module, version, 32, const char*);
SAME(virgo_module, vendor, 40, const char*);
SAME(virgo_module, types, 48, const virgo_check_type* const*);
SAME(virgo_module, load, 56, virgo_status (*)(const virgo_host*));
SAME(virgo_module, unload, 64, void (*)());

VALUE(VIRGO_ABI_MAJOR, 1);
VALUE(VIRGO_MODULE_MAGIC, 0x4f475256u);
VALUE(VIRGO_UNDECLARED, 0xffffffffu);
VALUE(VIRGO_NOTE_ABI, 1u);

VALUE(VIRGO_OK, 0);
VALUE(VIRGO_PENDING, 1);
VALUE(VIRGO_ERR_FAILED, -1);
VALUE(VIRGO_ERR_INVALID, -2);
VALUE(VIRGO_ERR_UNSUPPORTED, -3);
VALUE(VIRGO_ERR_NO_MEMORY, -4);
VALUE(VIRGO_ERR_UNREACHABLE, -5);
VALUE(VIRGO_ERR_TIMEOUT, -6);
VALUE(VIRGO_ERR_CANCELLED, -7);
VALUE(VIRGO_ERR_STALE, -8);
VALUE(VIRGO_ERR_LIMIT, -9);
VALUE(VIRGO_ERR_WRONG_THREAD, -10);

VALUE(VIRGO_LOG_ERROR, 1);
VALUE(VIRGO_LOG_WARN, 2);
VALUE(VIRGO_LOG_INFO, 3);
VALUE(VIRGO_LOG_DEBUG, 4);
VALUE(VIRGO_LOG_TRACE, 5);

VALUE(VIRGO_GAUGE, 1);
VALUE(VIRGO_COUNTER, 2);
VALUE(VIRGO_STATE, 3);
VALUE(VIRGO_I64, 1);
VALUE(VIRGO_U64, 2);
VALUE(VIRGO_F64, 3);
VALUE(VIRGO_TEXT, 4);

VALUE(VIRGO_PARAM_BOOL, 1);
VALUE(VIRGO_PARAM_INT, 2);
VALUE(VIRGO_PARAM_NUMBER, 3);
VALUE(VIRGO_PARAM_TEXT, 4);
VALUE(VIRGO_PARAM_DURATION, 5);
VALUE(VIRGO_PARAM_SIZE, 6);
VALUE(VIRGO_PARAM_LIST, 7);
VALUE(VIRGO_PARAM_MAP, 8);
VALUE(VIRGO_PARAM_IS_REQUIRED, 1);
VALUE(VIRGO_PARAM_IS_SECRET, 2);

VALUE(VIRGO_NODE_NONE, 0);
VALUE(VIRGO_NODE_SCALAR, 1);
VALUE(VIRGO_NODE_LIST, 2);
VALUE(VIRGO_NODE_MAP, 3);

VALUE(VIRGO_ON_LOOP, 1);
VALUE(VIRGO_ON_WORKER, 2);
VALUE(VIRGO_CHECK_RECONFIGURES, 1);
VALUE(VIRGO_CHECK_SERIAL, 2);
VALUE(VIRGO_CHECK_ISOLATE, 4);

GROWS(virgo_loop, 64);
SAME(virgo_loop, struct_size, 0, uint32_t);
SAME(virgo_loop, reserved, 4, uint32_t);
SAME(virgo_loop, timer_start, 8,
     virgo_status (*)(const virgo_host*, virgo_check, virgo_run, uint64_t, uint64_t, virgo_timer_fn,
                      void*, virgo_timer*));
SAME(virgo_loop, timer_stop, 16, virgo_status (*)(const virgo_host*, virgo_timer));
SAME(virgo_loop, watch_start, 24,
     virgo_status (*)(const virgo_host*, virgo_check, virgo_run, virgo_fd, uint32_t, virgo_watch_fn,
                      void*, virgo_watch*));
SAME(virgo_loop, watch_modify, 32, virgo_status (*)(const virgo_host*, virgo_watch, uint32_t));
SAME(virgo_loop, watch_stop, 40, virgo_status (*)(const virgo_host*, virgo_watch));
SAME(virgo_loop, post, 48,
     virgo_status (*)(const virgo_host*, virgo_check, virgo_run, virgo_task_fn, virgo_task_fn,
                      void*));
SAME(virgo_loop, work, 56,
     virgo_status (*)(const virgo_host*, virgo_check, virgo_run, virgo_task_fn, virgo_task_fn,
                      virgo_task_fn, void*));

VALUE(VIRGO_READABLE, 1);
VALUE(VIRGO_WRITABLE, 2);
VALUE(VIRGO_HANGUP, 4);
static_assert(is_text(VIRGO_EXT_LOOP, "virgo.loop/1"), "another extension");

TYPE(virgo_check, uint64_t);
TYPE(virgo_run, uint64_t);
TYPE(virgo_status, int32_t);
TYPE(virgo_timer, uint64_t);
TYPE(virgo_watch, uint64_t);
TYPE(virgo_fd, int64_t);
TYPE(virgo_timer_fn, void (*)(void*, virgo_timer));
TYPE(virgo_watch_fn, void (*)(void*, virgo_watch, virgo_fd, uint32_t));
TYPE(virgo_task_fn, void (*)(void*));
TYPE(virgo_module_v1_fn, const virgo_module* (*)());
TYPE(decltype(&virgo_module_v1), const virgo_module* (*)());
TYPE(decltype(&virgo_cstr), virgo_str (*)(const char*));

// What the macros make of their arguments is compiled into every plugin.
constexpr virgo_module kModule = {
    VIRGO_MODULE_HEADER(3), 7u, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr};
static_assert(kModule.magic == 0x4f475256u && kModule.struct_size == sizeof(virgo_module) &&
              kModule.abi_major == 1 && kModule.abi_minor == VIRGO_ABI_MINOR &&
              kModule.requires_minor == 3 && kModule.reserved == 0 && kModule.flags == 0 &&
              kModule.type_count == 7);
constexpr VIRGO_MODULE_NOTE(3);
static_assert(virgo_module_note_.name_size == 6 && virgo_module_note_.desc_size == 16 &&
              virgo_module_note_.note_type == 1 && is_text(virgo_module_note_.name, "Virgo") &&
              virgo_module_note_.abi_major == 1 &&
              virgo_module_note_.abi_minor == VIRGO_ABI_MINOR &&
              virgo_module_note_.requires_minor == 3 && virgo_module_note_.reserved == 0);
constexpr virgo_str kText = VIRGO_STR("four");
static_assert(kText.len == 4 && kText.ptr[3] == 'r');
constexpr virgo_label kLabels[3] = {};
constexpr virgo_array kArray = VIRGO_ARRAY(kLabels);
static_assert(kArray.data == kLabels && kArray.count == 3 && kArray.stride == 32);
constexpr virgo_array kNone = VIRGO_ARRAY_NONE;
static_assert(kNone.data == nullptr && kNone.count == 0 && kNone.stride == 0);

constexpr virgo_run_api run_api_of(uint32_t struct_size) {
  virgo_run_api api = {};
  api.struct_size = struct_size;
  return api;
}
constexpr virgo_run_api kShort = run_api_of(39), kWhole = run_api_of(40);
static_assert(!VIRGO_HAS_MEMBER(virgo_run_api, &kShort, complete) &&
              VIRGO_HAS_MEMBER(virgo_run_api, &kShort, time_left) &&
              VIRGO_HAS_MEMBER(virgo_run_api, &kWhole, complete) &&
              !VIRGO_HAS(virgo_run_api, &kWhole, complete));
