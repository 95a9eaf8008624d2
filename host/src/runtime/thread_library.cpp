// Threads of a program: each job runs in a Worker of its own on one of our threads,
// and the program hears of its end on its loop. What both sides touch is in Job.
#include <lua.hpp>

#include <algorithm>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>

#include "lua/scratch.hpp"
#include "lua/state.hpp"
#include "runtime/natives.hpp"
#include "runtime/program.hpp"
#include "runtime/worker.hpp"
#include "uv/worker_pool.hpp"

namespace virgo::runtime {
namespace {

constexpr unsigned kMaxThreads = 256;     // of start()
constexpr unsigned kMaxPoolThreads = 16;  // of queued work
constexpr int kFixedArguments = 3;        // of native start()
constexpr int kMaxArguments = 250;
constexpr const char* kThreads = "virgo.threads";
constexpr const char* kJob = "virgo.thread.job";

struct Job {
  // Set before it is submitted; then the worker's.
  std::uint64_t id = 0;
  std::string code;
  ThreadValues arguments;
  ProgramOptions parent;
  bool reuse = false;  // queued work: the worker is kept for the next

  std::mutex mutex;
  std::condition_variable ended;
  bool over = false;        // guarded by mutex
  Worker::Outcome outcome;  // written before `over`, read after it
};

// Workers that wait for work.
struct IdleWorkers {
  std::mutex mutex;
  std::vector<std::unique_ptr<Worker>> list;

  std::unique_ptr<Worker> take() {
    const std::lock_guard lock(mutex);
    if (list.empty()) return nullptr;
    auto worker = std::move(list.back());
    list.pop_back();
    return worker;
  }
  void give(std::unique_ptr<Worker> worker) {
    const std::lock_guard lock(mutex);
    list.push_back(std::move(worker));
  }
};

void run_job(Job& job, IdleWorkers& idle) {
  std::unique_ptr<Worker> worker = job.reuse ? idle.take() : nullptr;
  Worker::Outcome outcome;
  if (!worker) {
    auto made = Worker::create(job.parent, job.id);
    if (made)
      worker = std::move(made).value();
    else
      outcome = {true, {}, made.error().message, ""};
  }
  if (worker) {
    outcome = worker->run(job.code, job.arguments, !job.reuse);
    if (job.reuse && worker->usable()) idle.give(std::move(worker));
    worker.reset();
  }
  // The collector knows nothing of how much the program's object of it holds.
  job.code = {};
  job.arguments = {};
  job.outcome = std::move(outcome);
  const std::lock_guard lock(job.mutex);
  job.over = true;
  job.ended.notify_all();
}

void wait_for(Job& job) {
  std::unique_lock lock(job.mutex);
  job.ended.wait(lock, [&job] { return job.over; });
}

// Pushes whether it failed, and the values, or message and traceback; how many that is.
int push_outcome(lua_State* L, const Worker::Outcome& outcome) {
  lua_pushboolean(L, outcome.failed ? 1 : 0);
  if (!outcome.failed) {
    push_values(L, outcome.values);
    return 1 + static_cast<int>(outcome.values.size());
  }
  lua_pushlstring(L, outcome.message.data(), outcome.message.size());
  lua_pushlstring(L, outcome.traceback.data(), outcome.traceback.size());
  return 3;
}

// Of one program. Made and used on its thread.
class Threads {
 public:
  Threads() = default;
  // Waits for the threads to end.
  ~Threads() {
    alive_.reset();
    for (uv::WorkerPool* pool : {&threads_, &queue_}) pool->shutdown(std::chrono::hours(24 * 365));
  }

  std::size_t started() const { return started_; }

  // The function at `callback` is called on the loop: (failed, ...), with the values
  // or with message and traceback.
  // False if no thread can be had.
  bool submit(Program& program, const std::shared_ptr<Job>& job, int callback) {
    job->id = ++last_id_;
    program_ = &program;
    auto task = [job, idle = idle_, loop = &program.loop(), self = std::weak_ptr(alive_)] {
      run_job(*job, *idle);
      loop->post([job, self] {
        if (const auto threads = self.lock()) (*threads)->over(*job);
      });
    };
    try {
      (job->reuse ? queue_ : threads_).submit(std::move(task));
    } catch (const std::exception&) {
      return false;
    }
    callbacks_[job->id] = callback;
    if (!job->reuse) ++started_;
    return true;
  }

 private:
  void over(Job& job) {
    if (!job.reuse) --started_;
    const auto found = callbacks_.find(job.id);
    if (found == callbacks_.end()) return;
    const int callback = found->second;
    callbacks_.erase(found);
    lua_State* L = program_->state().raw();
    lua_rawgeti(L, LUA_REGISTRYINDEX, callback);
    luaL_unref(L, LUA_REGISTRYINDEX, callback);
    const int count = push_outcome(L, job.outcome);
    if (job.reuse) job.outcome = {};  // nobody joins queued work
    program_->call(L, count);
  }

  Program* program_ = nullptr;
  std::uint64_t last_id_ = 0;
  std::size_t started_ = 0;
  std::map<std::uint64_t, int> callbacks_;  // in the registry, by job
  std::shared_ptr<IdleWorkers> idle_ = std::make_shared<IdleWorkers>();
  std::shared_ptr<Threads*> alive_ = std::make_shared<Threads*>(this);
  uv::WorkerPool threads_{{.threads = kMaxThreads, .max_written_off = 0}};
  uv::WorkerPool queue_{
      {.threads = std::clamp(std::thread::hardware_concurrency(), 1u, kMaxPoolThreads),
       .max_written_off = 0}};
};

using JobPointer = std::shared_ptr<Job>;

JobPointer& check_job(lua_State* L) {
  return *static_cast<JobPointer*>(luaL_checkudata(L, 1, kJob));
}

int job_join(lua_State* L) {
  Job& job = *check_job(L);
  wait_for(job);
  return push_outcome(L, job.outcome);
}

int job_id(lua_State* L) {
  lua_pushnumber(L, static_cast<lua_Number>(check_job(L)->id));
  return 1;
}

// Fills the job with what the arguments up to `last` say; false with the place of one
// that may not pass. Raises nothing.
bool fill(lua_State* L, JobPointer& pointer, int last, int& bad) {
  pointer = std::make_shared<Job>();
  Job& job = *pointer;
  std::size_t n = 0;
  const char* code = lua_tolstring(L, 2, &n);
  job.code.assign(code, n);
  job.reuse = lua_toboolean(L, 1) != 0;
  const ProgramOptions& options = Program::of(L).options();
  job.parent.executable = options.executable;
  job.parent.words = options.words;
  job.parent.runtime_folder = options.runtime_folder;
  return read_values(L, kFixedArguments + 1, last, job.arguments, bad);
}

// start(reuse, code, callback, ...) -> job
int start(lua_State* L) {
  luaL_checktype(L, 2, LUA_TSTRING);
  luaL_checktype(L, 3, LUA_TFUNCTION);
  auto& threads = *static_cast<Threads*>(lua_touserdata(L, lua_upvalueindex(1)));
  const int last = lua_gettop(L);
  if (last > kMaxArguments) return luaL_error(L, "too many arguments for a thread");
  if (lua_toboolean(L, 1) == 0 && threads.started() >= kMaxThreads)
    return luaL_error(L, "there are %d threads already", static_cast<int>(kMaxThreads));
  auto& pointer = lua::push_boxed<JobPointer>(L, kJob);
  int bad = 0;
  if (!fill(L, pointer, last, bad))
    return luaL_error(
        L, "argument %d is a %s; only nil, booleans, numbers and strings pass to a thread",
        bad - kFixedArguments, luaL_typename(L, bad));
  lua_pushvalue(L, 3);
  const int callback = luaL_ref(L, LUA_REGISTRYINDEX);
  if (!threads.submit(Program::of(L), pointer, callback))
    return luaL_error(L, "cannot start a thread");
  return 1;
}

// self() -> the number of this thread; 0 = the program's own
int self(lua_State* L) {
  const Worker* worker = Program::of(L).options().worker;
  lua_pushnumber(L, worker == nullptr ? 0 : static_cast<lua_Number>(worker->id()));
  return 1;
}

// False with the place of a value that may not pass. Raises nothing.
bool take_values(lua_State* L, int& bad) {
  Worker* worker = Program::of(L).options().worker;
  ThreadValues values;
  if (!read_values(L, 1, lua_gettop(L), values, bad)) return false;
  if (worker != nullptr) worker->returned(std::move(values));
  return true;
}

// returned(...): what the thread's function returned
int returned(lua_State* L) {
  int bad = 0;
  if (take_values(L, bad)) return 0;
  return luaL_error(L,
                    "result %d is a %s; only nil, booleans, numbers and strings pass from a thread",
                    bad, luaL_typename(L, bad));
}

// failed(message, traceback)
int failed(lua_State* L) {
  const char* message = luaL_checkstring(L, 1);
  const char* traceback = luaL_checkstring(L, 2);
  Worker* worker = Program::of(L).options().worker;
  if (worker != nullptr) worker->failed(message, traceback);
  return 0;
}

}  // namespace

int open_thread(lua_State* L) {
  lua_createtable(L, 0, 4);
  lua::push_boxed<JobPointer>(L, kJob);  // makes the metatable
  lua_getmetatable(L, -1);
  lua_createtable(L, 0, 2);
  lua_pushcfunction(L, job_join);
  lua_setfield(L, -2, "join");
  lua_pushcfunction(L, job_id);
  lua_setfield(L, -2, "id");
  lua_setfield(L, -2, "__index");
  lua_pop(L, 2);
  lua::push_boxed<Threads>(L, kThreads);
  lua_pushcclosure(L, start, 1);
  lua_setfield(L, -2, "start");
  lua_pushcfunction(L, self);
  lua_setfield(L, -2, "self");
  lua_pushcfunction(L, returned);
  lua_setfield(L, -2, "returned");
  lua_pushcfunction(L, failed);
  lua_setfield(L, -2, "failed");
  return 1;
}

}  // namespace virgo::runtime
