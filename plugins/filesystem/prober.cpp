#include "prober.hpp"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

namespace plugin {
namespace {

constexpr uint64_t kMillisecond = 1'000'000;
// One that has not answered after this time keeps the others waiting no longer. Less for
// runs in a hurry; no less, lest a busy machine looks like a dead one.
constexpr uint64_t kPatience = 100 * kMillisecond;
constexpr uint64_t kLeastPatience = 20 * kMillisecond;
constexpr size_t kStack = 64u << 10;

// A thread; freed by itself once it has been left behind, else by who joins it.
struct Asker {
  pthread_t id;
  Probe* in;   // the one it is asking
  bool leave;  // is to end: it has been left behind, or is to be joined
  bool joined;
};

struct Prober {
  pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t work = PTHREAD_COND_INITIALIZER;  // for the asker
  pthread_cond_t changed;                          // for those who wait for answers
  bool loaded = false;
  uint32_t users = 0;
  uint32_t left_behind = 0;
  Asker* asker = nullptr;
  Probe* queue = nullptr;
  Probe* entered = nullptr;
};
Prober g = {};

class Lock {
 public:
  Lock() { pthread_mutex_lock(&g.lock); }
  ~Lock() { pthread_mutex_unlock(&g.lock); }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
};

uint64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<uint64_t>(t.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(t.tv_nsec);
}
uint64_t after(uint64_t ns, uint64_t more) {
  return ns > UINT64_MAX - more ? UINT64_MAX : ns + more;
}

// ---- Lists. All below with the lock held. ----

void append(Probe*& list, Probe* p) {
  Probe** end = &list;
  while (*end != nullptr) end = &(*end)->next;
  p->next = nullptr;
  *end = p;
}
void remove(Probe*& list, const Probe* p) {
  for (Probe** at = &list; *at != nullptr; at = &(*at)->next)
    if (*at == p) {
      *at = p->next;
      return;
    }
}
Probe* entered_for(const Probe* p) {
  for (Probe* e = g.entered; e != nullptr; e = e->next)
    if (strcmp(e->device, p->device) == 0) return e;
  return nullptr;
}
// The first that nobody is in. Servers no more once too many threads have been left
// behind: the one there is now is for the disks.
Probe* next_to_ask() {
  for (Probe* p = g.queue; p != nullptr; p = p->next)
    if (entered_for(p) == nullptr && !(p->risky && g.left_behind >= kMostLeftBehind)) return p;
  return nullptr;
}

// ---- Asking ----

// Without the lock: this is where it hangs.
void ask(Probe& p) {
  uint32_t which = 0;
  for (const char* path = p.paths; *path != '\0'; path += strlen(path) + 1, ++which) {
    struct stat st {};
    int error = 0;
    if (p.folders_only) {
      if (stat(path, &st) != 0)
        error = errno;
      else if (!S_ISDIR(st.st_mode))
        continue;
    }
    if (error == 0 && statvfs(path, &p.fs) != 0) error = errno;
    if (error == 0) {
      p.error = 0;
      p.which = which;
      p.found = true;
      return;
    }
    if (p.error != 0) continue;  // the first one is told
    p.error = error;
    p.which = which;
  }
}

void answer(Asker& self, Probe* p) {
  remove(g.queue, p);
  append(g.entered, p);
  p->state = Probe::State::entered;
  p->entered_ns = now_ns();
  self.in = p;
  pthread_mutex_unlock(&g.lock);
  ask(*p);
  pthread_mutex_lock(&g.lock);
  self.in = nullptr;
  remove(g.entered, p);
  if (p->wanted)
    p->state = Probe::State::answered;
  else
    free(p);
  // Who waits for answers is woken once for all of them, and looks by itself before one
  // takes too long.
  if (next_to_ask() == nullptr) pthread_cond_broadcast(&g.changed);
  pthread_cond_signal(&g.work);  // another may want the same one
}

void* asker_main(void* arg) {
  auto* self = static_cast<Asker*>(arg);
  pthread_setname_np(pthread_self(), "virgo-mounts");
  pthread_mutex_lock(&g.lock);
  while (!self->leave) {
    Probe* p = next_to_ask();
    if (p != nullptr)
      answer(*self, p);
    else
      pthread_cond_wait(&g.work, &g.lock);
  }
  const bool joined = self->joined;
  if (!joined) --g.left_behind;
  pthread_mutex_unlock(&g.lock);
  if (!joined) free(self);
  return nullptr;
}

// It has been in a call for too long, and others wait.
void leave_behind() {
  g.asker->leave = true;
  pthread_detach(g.asker->id);
  g.asker = nullptr;
  ++g.left_behind;
}

bool start_asker() {
  auto* asker = static_cast<Asker*>(calloc(1, sizeof(Asker)));
  if (asker == nullptr) return false;
  // The agent's signals are not for this thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_attr_t attr;
  pthread_attr_init(&attr);
  const long least = sysconf(_SC_THREAD_STACK_MIN);
  pthread_attr_setstacksize(&attr, least > 0 && static_cast<size_t>(least) > kStack
                                       ? static_cast<size_t>(least)
                                       : kStack);
  int error = pthread_create(&asker->id, &attr, asker_main, asker);
  // Where thread-local storage alone is bigger.
  if (error == EINVAL) error = pthread_create(&asker->id, nullptr, asker_main, asker);
  pthread_attr_destroy(&attr);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) {
    free(asker);
    return false;
  }
  g.asker = asker;
  return true;
}

// The one that the asker is asking.
const Probe* being_asked() {
  return g.asker != nullptr ? g.asker->in : nullptr;
}

}  // namespace

// ---- Inquiry ----

Inquiry::~Inquiry() {
  {
    const Lock lock;
    release_all();
  }
  free(items_);
}

bool Inquiry::add(std::string_view device, const char* paths, size_t length, bool risky,
                  bool folders_only, uint32_t below) {
  if (count_ == room_) {
    const uint32_t room = room_ == 0 ? 16 : room_ * 2;
    auto* more = static_cast<Item*>(realloc(items_, room * sizeof(Item)));
    if (more == nullptr) return false;
    items_ = more;
    room_ = room;
  }
  auto* p = static_cast<Probe*>(calloc(1, sizeof(Probe) + device.size() + 1 + length));
  if (p == nullptr) return false;
  char* text = reinterpret_cast<char*>(p + 1);
  memcpy(text, paths, length);
  if (!device.empty()) memcpy(text + length, device.data(), device.size());
  p->paths = text;
  p->device = text + length;
  p->wanted = true;
  p->risky = risky;
  p->folders_only = folders_only;
  items_[count_++] = {p, below};
  return true;
}

// The rest of this class holds the lock, but for wait(), which takes it.

void Inquiry::give_up(Item& item) {
  Probe* p = item.probe;
  item.probe = nullptr;
  if (p->state == Probe::State::entered) {
    p->wanted = false;
    return;
  }
  if (p->state == Probe::State::queued) remove(g.queue, p);
  free(p);
}

void Inquiry::release_all() {
  for (uint32_t i = 0; i < count_; ++i)
    if (items_[i].probe != nullptr) give_up(items_[i]);
}

// When it counts as stuck. UINT64_MAX: not before something else happens.
uint64_t Inquiry::limit_of(const Item& item, uint64_t stuck_after_ns) const {
  const Probe* p = item.probe;
  if (p->state == Probe::State::entered) return after(p->entered_ns, stuck_after_ns);
  if (const Probe* other = entered_for(p); other != nullptr)
    return after(other->entered_ns, stuck_after_ns);
  if (g.left_behind < kMostLeftBehind) return UINT64_MAX;
  if (p->risky || g.left_behind > kMostLeftBehind) return 0;
  // There is one thread left to ask what is no server; if that hangs too, all is stuck.
  const Probe* in = being_asked();
  return in == nullptr ? UINT64_MAX : after(in->entered_ns, stuck_after_ns);
}

// Queues what may be asked, and gives up what is stuck. True when nothing is left to
// wait for; else until when to wait at most.
bool Inquiry::review(uint64_t now, uint64_t stuck_after_ns, uint64_t* wake) {
  bool open = false;
  for (uint32_t i = 0; i < count_; ++i) {
    Item& item = items_[i];
    if (item.probe == nullptr || item.probe->state == Probe::State::answered) continue;
    if (item.probe->state == Probe::State::held) {
      const Probe* above = item.below == kNone ? nullptr : items_[item.below].probe;
      if (item.below != kNone && above == nullptr) {
        give_up(item);
        continue;
      }
      if (above != nullptr && above->state != Probe::State::answered) {
        open = true;
        continue;
      }
      item.probe->state = Probe::State::queued;
      append(g.queue, item.probe);
    }
    const uint64_t limit = limit_of(item, stuck_after_ns);
    if (limit <= now) {
      if (limit == 0) ++refused_;
      give_up(item);
      continue;
    }
    open = true;
    if (limit < *wake) *wake = limit;
  }
  return !open;
}

virgo_status Inquiry::wait(virgo::sdk::Run run, uint64_t stuck_after_ns) {
  const Lock lock;
  // What is known of the others has to be told before the run's time is up: half of it is
  // for the last one to get stuck, a quarter for coming to it.
  const uint64_t time = run.time_left_ns();
  if (time / 2 < stuck_after_ns) stuck_after_ns = time / 2;
  uint64_t patience = time / 4 / (count_ + 1);
  if (patience > kPatience) patience = kPatience;
  if (patience < kLeastPatience) patience = kLeastPatience;
  for (;;) {
    const uint64_t left = run.time_left_ns();
    if (left == 0) return VIRGO_ERR_TIMEOUT;
    const uint64_t now = now_ns();
    uint64_t wake = after(now, left);
    if (review(now, stuck_after_ns, &wake)) return VIRGO_OK;
    if (next_to_ask() != nullptr) {
      const Probe* in = being_asked();
      if (in != nullptr && g.left_behind < kMostLeftBehind &&
          after(in->entered_ns, patience) <= now)
        leave_behind();
      if (g.asker == nullptr && !start_asker()) return VIRGO_ERR_NO_MEMORY;
      pthread_cond_signal(&g.work);
      // Nobody tells when one is entered: look again when that may have been too long ago.
      in = being_asked();
      const uint64_t hurry = stuck_after_ns < patience ? stuck_after_ns : patience;
      const uint64_t again = in != nullptr && in->entered_ns + patience > now
                                 ? in->entered_ns + patience
                                 : now + hurry;
      if (again < wake) wake = again;
    }
    timespec until{};
    until.tv_sec = static_cast<time_t>(wake / 1'000'000'000u);
    until.tv_nsec = static_cast<long>(wake % 1'000'000'000u);
    pthread_cond_timedwait(&g.changed, &g.lock, &until);
  }
}

// ---- The module's ----

namespace prober {

virgo_status load() {
  const Lock lock;
  // Threads left behind outlast an unload().
  if (g.loaded) return VIRGO_OK;
  pthread_condattr_t attr;
  pthread_condattr_init(&attr);
  pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
  const int error = pthread_cond_init(&g.changed, &attr);
  pthread_condattr_destroy(&attr);
  g.loaded = error == 0;
  return g.loaded ? VIRGO_OK : VIRGO_ERR_NO_MEMORY;
}

void open() {
  const Lock lock;
  ++g.users;
}

void close() {
  Asker* idle = nullptr;
  {
    const Lock lock;
    if (--g.users > 0 || g.asker == nullptr) return;
    if (g.asker->in != nullptr) return leave_behind();
    idle = g.asker;
    g.asker = nullptr;
    idle->leave = true;
    idle->joined = true;
    pthread_cond_broadcast(&g.work);
  }
  pthread_join(idle->id, nullptr);
  free(idle);
}

void wake() {
  const Lock lock;
  pthread_cond_broadcast(&g.changed);
}

}  // namespace prober
}  // namespace plugin
