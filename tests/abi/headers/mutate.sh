# mutate.sh SDK_DIR: changes the headers in every way that would break plugins, one
# at a time and in a copy, and sees that the frozen assertions refuse it; and in
# every way that the growth rules allow, and sees that they pass.
#
# A mutation is a sed script on one header. It must change the text, and what comes
# out must still be a header that compiles: else it would be refused for nothing.
set -eu
sdk=$(cd "$1" && pwd -P)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
: >names

mutation() { # illegal|legal NAME HEADER SED
  mkdir "$2"
  cp -R "$sdk/include" "$2/include"
  header=$2/include/virgo/$3
  sed "$4" "$header" >changed
  ! cmp -s changed "$header" || {
    echo "mutate: '$2' does not change $3; mend its sed script: $4" >&2
    exit 1
  }
  mv changed "$header"
  echo "$1 $2" >>names
}
illegal() { mutation illegal "$@"; }
legal() { mutation legal "$@"; }

# ---- What breaks plugins

illegal insert-at-the-front plugin.h '/^struct virgo_host {/a uint64_t added;'
illegal insert-into-host plugin.h '/^struct virgo_host {/,/^}/ s/^  void\* impl;/  void* added;\n&/'
illegal insert-into-check-type plugin.h 's/^  const char\* summary;/  const char* added;\n&/'
illegal insert-into-sample plugin.h 's/^  int64_t unix_ns;/  int64_t added;\n&/'
illegal insert-into-loop ext/loop.h 's/^  virgo_status(VIRGO_CALL\* post)/  void (*added)(void);\n&/'
illegal reorder-numbers plugin.h '/^typedef struct virgo_metric /,/^}/ {
  s/^  uint32_t kind; /  uint32_t type; /; t
  s/^  uint32_t type; /  uint32_t kind; /
}'
illegal reorder-in-str plugin.h 's/^  const char\* ptr;/  size_t len;/; t
  /^typedef struct virgo_str /,/^}/ s/^  size_t len;/  const char* ptr;/'
illegal reorder-functions plugin.h 's/VIRGO_CALL\* as_duration)/VIRGO_CALL* swap)/
  s/VIRGO_CALL\* as_size)/VIRGO_CALL* as_duration)/; s/VIRGO_CALL\* swap)/VIRGO_CALL* as_size)/'
illegal reorder-loop-functions ext/loop.h 's/VIRGO_CALL\* timer_stop)(const virgo_host\* host, virgo_timer timer/VIRGO_CALL* swap)(const virgo_host* host, virgo_timer timer/
  s/VIRGO_CALL\* watch_stop)/VIRGO_CALL* timer_stop)/; s/VIRGO_CALL\* swap)/VIRGO_CALL* watch_stop)/'
illegal retype-a-number plugin.h 's/^  int64_t unix_ns;/  uint64_t unix_ns;/'
illegal retype-a-pointer plugin.h '/^struct virgo_host {/,/^}/ s/^  void\* impl;/  const char* impl;/'
illegal widen-a-number plugin.h '/^typedef struct virgo_param /,/^}/ s/uint32_t flags;/uint64_t flags;/'
illegal narrow-a-number plugin.h '/^typedef struct virgo_module /,/^}/ s/uint32_t flags; /uint16_t flags; /'
illegal retype-a-handle plugin.h 's/^typedef uint64_t virgo_run;/typedef int64_t virgo_run;/'
illegal retype-a-loop-handle ext/loop.h 's/^typedef int64_t virgo_fd;/typedef int32_t virgo_fd;/'
illegal retype-the-status plugin.h 's/^typedef int32_t virgo_status;/typedef int64_t virgo_status;/'
illegal renumber-a-status plugin.h 's/VIRGO_ERR_STALE = -8/VIRGO_ERR_STALE = -11/'
illegal swap-two-statuses plugin.h 's/VIRGO_ERR_TIMEOUT = -6/VIRGO_ERR_TIMEOUT = -7/; s/VIRGO_ERR_CANCELLED = -7/VIRGO_ERR_CANCELLED = -6/'
illegal renumber-a-flag plugin.h 's/VIRGO_CHECK_SERIAL = 2/VIRGO_CHECK_SERIAL = 8/'
illegal renumber-a-type plugin.h 's/VIRGO_F64 = 3/VIRGO_F64 = 5/'
illegal renumber-a-loop-event ext/loop.h 's/VIRGO_HANGUP = 4/VIRGO_HANGUP = 8/'
illegal remove-an-enumerator plugin.h '/^  VIRGO_LOG_DEBUG = 4,/d'
illegal rename-a-member plugin.h 's/^  const char\* summary;/  const char* title;/'
illegal rename-a-function plugin.h 's/VIRGO_CALL\* time_left)/VIRGO_CALL* remaining)/'
illegal rename-a-loop-function ext/loop.h 's/VIRGO_CALL\* work)(/VIRGO_CALL* run)(/'
illegal grow-str plugin.h '/^typedef struct virgo_str /,/^}/ s/^  size_t len;/&\n  size_t added;/'
illegal grow-value plugin.h '/^typedef union virgo_value /,/^}/ s/^  virgo_str text;/&\n  uint64_t added[3];/'
illegal grow-label plugin.h '/^typedef struct virgo_label /,/^}/ s/^  virgo_str value;/&\n  uint64_t added;/'
illegal grow-note plugin.h '/^typedef struct virgo_note /,/^}/ s/^  uint32_t reserved; \/\* 0 \*\/$/&\n  uint32_t added;/'
illegal callback-parameter plugin.h 's/(VIRGO_CALL\* cancel)(void\* instance, virgo_run run)/(VIRGO_CALL* cancel)(void* instance, virgo_run run, virgo_status why)/'
illegal callback-parameter-type plugin.h 's/(VIRGO_CALL\* at)(const virgo_config\* node, uint32_t index)/(VIRGO_CALL* at)(const virgo_config* node, uint64_t index)/'
illegal callback-result plugin.h 's/^  void(VIRGO_CALL\* destroy)/  virgo_status(VIRGO_CALL* destroy)/'
illegal loop-callback-parameter ext/loop.h 's/^typedef void(VIRGO_CALL\* virgo_timer_fn)(void\* user, /&int32_t late, /'
illegal loop-function-parameter ext/loop.h 's/uint64_t delay_ns, uint64_t period_ns/uint64_t delay_ns, int64_t period_ns/'
illegal loop-function-result ext/loop.h 's/^  virgo_status(VIRGO_CALL\* watch_stop)/  void(VIRGO_CALL* watch_stop)/'
illegal entry-result plugin.h 's/const virgo_module\* VIRGO_CALL virgo_module_v1(void)/const void* VIRGO_CALL virgo_module_v1(void)/'
illegal remove-a-member plugin.h '/^struct virgo_host {/,/^}/ { /uint64_t(VIRGO_CALL\* now_ns)/d }'
illegal remove-a-reserved plugin.h '/^typedef struct virgo_check_type /,/^}/ { /uint32_t reserved;/d }'
illegal remove-a-loop-function ext/loop.h '/virgo_status(VIRGO_CALL\* timer_stop)/d'
illegal change-the-magic plugin.h 's/0x4f475256u/0x4f475257u/'
illegal change-the-major plugin.h 's/^#define VIRGO_ABI_MAJOR 1/#define VIRGO_ABI_MAJOR 2/'
illegal change-undeclared plugin.h 's/^#define VIRGO_UNDECLARED 0xffffffffu/#define VIRGO_UNDECLARED 0x7fffffffu/'
illegal change-the-note-type plugin.h 's/^#define VIRGO_NOTE_ABI 1u/#define VIRGO_NOTE_ABI 2u/'
illegal change-the-note-owner plugin.h 's/VIRGO_NOTE_ABI, "Virgo"/VIRGO_NOTE_ABI, "virgo"/'
illegal change-a-module-header plugin.h 's/^      (requires_minor), 0u, 0u$/      0u, (requires_minor), 0u/'
illegal change-the-has-macro plugin.h 's/((ptr)->struct_size >= offsetof/((ptr)->struct_size > offsetof/'
illegal change-the-extension-id ext/loop.h 's/"virgo.loop\/1"/"virgo.loop\/2"/'
illegal pack-a-struct plugin.h 's/^typedef struct virgo_label {/#pragma pack(push, 4)\n&/; s/^} virgo_label;/&\n#pragma pack(pop)/'

# ---- What the growth rules allow

legal append-to-host plugin.h 's/^  uint64_t(VIRGO_CALL\* now_ns)(const virgo_host\* host);/&\n  void(VIRGO_CALL* added)(void);/'
legal append-to-run-api plugin.h 's/^} virgo_run_api;/  void(VIRGO_CALL* added)(void);\n&/'
legal append-to-check-type plugin.h 's/^} virgo_check_type;/  const char* added;\n&/'
legal append-to-module plugin.h 's/^} virgo_module;/  uint64_t added;\n&/'
legal append-to-metric plugin.h 's/^} virgo_metric;/  const char* added;\n&/'
legal append-to-a-striding-struct plugin.h 's/^} virgo_sample;/  virgo_array added;\n&/'
legal append-to-loop ext/loop.h 's/^} virgo_loop;/  virgo_status(VIRGO_CALL* added)(const virgo_host* host);\n&/'
legal new-status plugin.h 's/VIRGO_ERR_WRONG_THREAD = -10/&,\n  VIRGO_ERR_ADDED = -11/'
legal new-flag plugin.h 's/VIRGO_CHECK_ISOLATE = 4/&,\n  VIRGO_CHECK_ADDED = 8/'
legal new-loop-event ext/loop.h 's/VIRGO_WRITABLE = 2,/&\n  VIRGO_ADDED = 8,/'
legal next-minor plugin.h 's/^#define VIRGO_ABI_MINOR 0/#define VIRGO_ABI_MINOR 1/'
legal new-words-in-a-comment plugin.h 's/One sample/A sample/; s/one sentence/a sentence/'

# ---- Judging them. The headers alone first; then the assertions.

echo '#include <virgo/ext/loop.h>' >alone.cpp
cp "$sdk"/abi/abi_v1_*.cpp .
cat >judge.sh <<'JUDGE'
expected=$1 name=$2
g++ -std=c++17 -fsyntax-only -I"$name/include" alone.cpp >"$name/alone" 2>&1 || {
  echo "mutate: '$name' makes a header that does not compile; mend the mutation"
  cat "$name/alone"
  exit 1
}
verdict=legal
for assertions in abi_v1_*.cpp; do
  g++ -std=c++17 -fsyntax-only -I"$name/include" "$assertions" >"$name/out" 2>&1 || {
    verdict=illegal
    break
  }
done
[ "$verdict" = "$expected" ] && exit 0
echo "mutate: '$name' is $expected, but abi_v1_*.cpp hold it for $verdict"
[ "$expected" = illegal ] || cat "$name/out"
exit 1
JUDGE
xargs -P "$(nproc)" -n 2 sh judge.sh <names || exit 1
echo "$(grep -c '^illegal' names) breaking changes refused, $(grep -c '^legal' names) legal ones accepted"
