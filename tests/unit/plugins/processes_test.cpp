#include <sys/wait.h>

#include "unit/plugins/proc_tree.hpp"

namespace virgo::native {
namespace {

using metric::Status;
using testing::HasSubstr;

// One process of the tree, as the kernel would show it.
struct FakeProcess {
  int pid = 1;
  std::string comm = "sleep";
  char state = 'S';
  std::string threads = "1";
  std::string start = "100";  // ticks since boot
  std::string user = "0";     // ticks
  std::string system = "0";
  std::string minor = "0";
  std::string major = "0";
  std::string size = "4096";
  std::string resident = "1";  // pages
  std::string cmdline = "";
  int uid = 0;
  std::string read = "0";
  std::string written = "0";
  std::string voluntary = "0";
  std::string involuntary = "0";
  int descriptors = 0;
  unsigned flags = 0;

  std::string stat() const {
    return std::to_string(pid) + " (" + comm + ") " + state + " 1 1 1 0 -1 " +
           std::to_string(flags) + " " + minor + " 7 " + major + " 8 " + user + " " + system +
           " 9 9 20 0 " + threads + " 0 " + start + " " + size + " " + resident +
           " 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0\n";
  }
};

class ProcessTree : public ShippedPlugin {
 protected:
  ProcessTree() : ShippedPlugin("processes") {
    write("/proc/uptime", "1000.00 500.00\n");
    write("/proc/stat",
          "cpu  1 2 3 4\nbtime 1700000000\nprocesses 4321\nprocs_running 3\n"
          "procs_blocked 2\n");
    std::filesystem::create_directories(root + "/proc/sys/kernel");
    write("/proc/sys/kernel/pid_max", "32768\n");
    write("/proc/sys/kernel/threads-max", "12345\n");
  }
  std::string folder(int pid) const { return "/proc/" + std::to_string(pid); }
  void add(const FakeProcess& p) {
    const std::string at = folder(p.pid);
    std::filesystem::create_directories(root + at + "/fd");
    write(at + "/stat", p.stat());
    write(at + "/status", "Name:\t" + p.comm + "\nUid:\t7\t" + std::to_string(p.uid) +
                              "\t7\t7\nVmSwap:\t       2 kB\nvoluntary_ctxt_switches:\t" +
                              p.voluntary + "\nnonvoluntary_ctxt_switches:\t" + p.involuntary +
                              "\n");
    write(at + "/io", "rchar: 1\nwchar: 2\nread_bytes: " + p.read + "\nwrite_bytes: " + p.written +
                          "\ncancelled_write_bytes: 5\n");
    write(at + "/cmdline", p.cmdline);
    for (int i = 0; i < p.descriptors; ++i) write(at + "/fd/" + std::to_string(i), "");
  }
  void end(int pid) { std::filesystem::remove_all(root + folder(pid)); }
  std::unique_ptr<check::Check> groups(const std::string& yaml, const std::string& more = "") {
    return make("virgo.process", "{root: " + root + ", groups: " + yaml + more + "}");
  }
  // Whether a configuration of virgo.process is refused with these words.
  void refused(const std::string& yaml, const std::string& why) {
    config::CheckSpec s = spec("virgo.process");
    s.params = config::parse("v: {root: " + root + ", " + yaml + "}", "test.yaml",
                             config::process_sources())
                   .root.items.at(0);
    config::Problems problems;
    const auto check = registry.create(s, problems);
    std::string all;
    for (const auto& p : problems) all += config::to_string(p) + "\n";
    EXPECT_THAT(all, HasSubstr(why)) << yaml;
  }
  // When the first sample of a run was taken.
  std::int64_t taken(check::Check& check) {
    TestRun run = new_run();
    check.start(run);
    run_until_finished(run);
    EXPECT_EQ(run.status, Status::ok) << run.explanation;
    return run.samples().size() > 0 ? run.samples().unix_ns(0) : 0;
  }

  const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const double page = static_cast<double>(sysconf(_SC_PAGESIZE));
};

class ProcessesPlugin : public ProcessTree {};
class ProcessPlugin : public ProcessTree {};

std::string of(const std::string& metric, const std::string& group, const std::string& more = "") {
  return metric + "{virgo.process.group=" + group + more + "}";
}

// ---- Totals ----

TEST_F(ProcessesPlugin, StatesThatAddUp) {
  int pid = 1;
  for (const char state : std::string("RRSSSDITtZX"))
    add({.pid = pid++, .state = state, .threads = "2"});
  auto check = on_tree();
  const auto s = collect(*check);
  ASSERT_EQ(s.size(), 9u);
  EXPECT_EQ(s.at("system.process.count{process.state=running}"), 2);
  EXPECT_EQ(s.at("system.process.count{process.state=sleeping}"), 5);
  EXPECT_EQ(s.at("system.process.count{process.state=stopped}"), 2);
  EXPECT_EQ(s.at("system.process.count{process.state=defunct}"), 2);
  EXPECT_EQ(s.at("virgo.process.blocked"), 1);
  EXPECT_EQ(s.at("system.process.created"), 4321);
  EXPECT_EQ(s.at("system.process.limit"), 32768);
  EXPECT_EQ(s.at("virgo.process.threads"), 22);
  EXPECT_EQ(s.at("virgo.process.threads.limit"), 12345);
}

TEST_F(ProcessesPlugin, NodeExportersNames) {
  add({.pid = 1, .threads = "3"});
  add({.pid = 2, .state = 'I'});
  add({.pid = 3, .state = 'R'});
  for (const char* task : {"1", "11", "12"}) {
    std::filesystem::create_directories(root + "/proc/1/task/" + task);
    write(std::string("/proc/1/task/") + task + "/stat",
          FakeProcess{.pid = 11, .state = 'D'}.stat());
  }
  auto check = on_tree(", naming: prometheus, threads_by_state: true");
  const std::map<std::string, double> expected = {
      {"node_processes_state{state=S}", 1},
      {"node_processes_state{state=I}", 1},
      {"node_processes_state{state=R}", 1},
      {"node_processes_pids", 3},
      {"node_processes_threads", 5},
      {"node_processes_threads_state{thread_state=D}", 3},
      {"node_processes_threads_state{thread_state=I}", 1},
      {"node_processes_threads_state{thread_state=R}", 1},
      {"node_processes_max_processes", 32768},
      {"node_processes_max_threads", 12345},
      {"node_procs_running", 3},
      {"node_procs_blocked", 2},
      {"node_forks_total", 4321}};
  EXPECT_EQ(collect(*check), expected);
  auto without = on_tree(", naming: prometheus");
  EXPECT_EQ(collect(*without).size(), expected.size() - 3);
}

TEST_F(ProcessesPlugin, NamesThatLookLikeTheRestOfTheLine) {
  int pid = 1;
  for (const char* comm :
       {"a b", "a) R 1 (b", "(sd-pam)", ")", "(", "a\nb 1 2", "", "0123456789abcdefgh"})
    add({.pid = pid++, .comm = comm});
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 8);
}

TEST_F(ProcessesPlugin, WhatIsNoProcessIsNotCounted) {
  add({.pid = 1});
  for (const char* name : {"self2", "12x", "99999999999", "4294967297", "-3", "0"}) {
    std::filesystem::create_directories(root + "/proc/" + name);
    write(std::string("/proc/") + name + "/stat", FakeProcess{}.stat());
  }
  std::filesystem::create_directories(root + "/proc/77");  // has just ended
  std::filesystem::create_directories(root + "/proc/78");
  write("/proc/78/stat", "");
  auto check = on_tree();
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 1);
}

TEST_F(ProcessesPlugin, DamagedAndCutLinesAreNoProcesses) {
  add({.pid = 1});
  const std::string whole = FakeProcess{.pid = 2, .state = 'R'}.stat();
  const std::size_t enough = whole.find(" 18446744073709551615") + 1;
  std::filesystem::create_directories(root + "/proc/2");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    write("/proc/2/stat", whole.substr(0, n));
    auto check = on_tree();
    // The instance of the loop before has given the scan back: this one makes its own.
    EXPECT_EQ(collect(*check).at("system.process.count{process.state=running}"), n > enough ? 1 : 0)
        << n;
  }
}

TEST_F(ProcessesPlugin, OddHosts) {
  std::filesystem::remove_all(root + "/proc/sys");
  std::filesystem::remove(root + "/proc/stat");
  add({.pid = 1, .threads = "99999999999999999999999"});
  auto check = on_tree();
  auto s = collect(*check);
  EXPECT_EQ(s.size(), 6u) << "what there is no file for is left out";
  EXPECT_EQ(s.count("system.process.created"), 0u);
  write("/proc/stat", "processes 18446744073709551615\nprocs_running 5");
  s = collect(*check);
  EXPECT_GT(s.at("system.process.created"), 1e19);
  end(1);
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc has no processes: is it mounted?");
  std::filesystem::remove_all(root + "/proc");
  collect(*check, Status::failed);
  EXPECT_EQ(explanation, root + "/proc: No such file or directory");
  std::filesystem::create_directories(root + "/proc");
  add({.pid = 1});
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 1);
}

TEST_F(ProcessesPlugin, TwoThousandProcessesComeAndGo) {
  for (int pid = 1; pid <= 2000; ++pid) {
    std::filesystem::create_directories(root + folder(pid * 16));
    write(folder(pid * 16) + "/stat", FakeProcess{.pid = pid * 16, .threads = "3"}.stat());
  }
  auto check = on_tree();
  auto s = collect(*check);
  EXPECT_EQ(s.at("system.process.count{process.state=sleeping}"), 2000);
  EXPECT_EQ(s.at("virgo.process.threads"), 6000);
  for (int pid = 2; pid <= 2000; ++pid) end(pid * 16);
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 1);
  add({.pid = 5});
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 2);
}

TEST_F(ProcessesPlugin, ManyInstancesShareOnePass) {
  add({.pid = 1, .comm = "init"});
  // A stall of the machine may make newcomers scan anew; a check that always does never
  // shares.
  bool shared = false;
  for (int attempt = 0; attempt < 50 && !shared; ++attempt) {
    auto a = on_tree();
    auto b = groups("{g: {name: init}}");
    auto c = on_tree(", naming: prometheus");
    const auto first = taken(*a);
    add({.pid = 1, .comm = "other"});
    const auto s = collect(*b);
    shared = s.at(of("virgo.process.count", "g")) == 1 && taken(*c) == first;
    // Each run of an instance sees a later scan than the one before.
    EXPECT_GT(taken(*a), first);
    EXPECT_EQ(collect(*b).at(of("virgo.process.count", "g")), 0);
    add({.pid = 1, .comm = "init"});
  }
  EXPECT_TRUE(shared);
}

TEST_F(ProcessesPlugin, ThisHost) {
  auto check = on_host();
  const auto s = collect(*check);
  EXPECT_EQ(s.size(), 9u);
  EXPECT_GE(s.at("virgo.process.threads"), s.at("system.process.count{process.state=sleeping}"));
  EXPECT_GT(s.at("system.process.created"), 0);
}

// ---- Chosen processes ----

const FakeProcess kWorker{.pid = 20,
                          .comm = "worker",
                          .threads = "4",
                          .start = "20000",
                          .user = "300",
                          .system = "150",
                          .minor = "11",
                          .major = "3",
                          .size = "8192000",
                          .resident = "500",
                          .cmdline = std::string("worker\0--port\0008080\0", 20),
                          .uid = 33,
                          .read = "4096",
                          .written = "512",
                          .voluntary = "60",
                          .involuntary = "6",
                          .descriptors = 5};

TEST_F(ProcessPlugin, OneGroupAddedUp) {
  add({.pid = 1, .comm = "init"});
  add(kWorker);
  FakeProcess second = kWorker;
  second.pid = 21;
  second.start = "30000";
  add(second);
  auto check = groups("{web: {name: worker}}");
  const auto s = collect(*check);
  const std::map<std::string, double> expected = {
      {of("virgo.process.count", "web"), 2},
      {of("process.cpu.time", "web", ",cpu.mode=user"), 600 / ticks},
      {of("process.cpu.time", "web", ",cpu.mode=system"), 300 / ticks},
      {of("process.memory.usage", "web"), 1000 * page},
      {of("process.memory.virtual", "web"), 16384000},
      {of("virgo.process.swap.usage", "web"), 4096},
      {of("process.thread.count", "web"), 8},
      {of("process.unix.file_descriptor.count", "web"), 10},
      {of("process.disk.io", "web", ",disk.io.direction=read"), 8192},
      {of("process.disk.io", "web", ",disk.io.direction=write"), 1024},
      {of("process.context_switches", "web", ",process.context_switch.type=voluntary"), 120},
      {of("process.context_switches", "web", ",process.context_switch.type=involuntary"), 12},
      {of("process.paging.faults", "web", ",system.paging.fault.type=major"), 6},
      {of("process.paging.faults", "web", ",system.paging.fault.type=minor"), 22},
      {of("process.uptime", "web"), 1000 - 20000 / ticks}};
  EXPECT_EQ(s, expected);
}

TEST_F(ProcessPlugin, ProcessExportersNames) {
  add(kWorker);
  auto check = groups("{web: {name: worker}}", ", naming: prometheus");
  const std::string p = "namedprocess_namegroup_";
  const std::map<std::string, double> expected = {
      {p + "num_procs{groupname=web}", 1},
      {p + "cpu_seconds_total{groupname=web,mode=user}", 300 / ticks},
      {p + "cpu_seconds_total{groupname=web,mode=system}", 150 / ticks},
      {p + "memory_bytes{groupname=web,memtype=resident}", 500 * page},
      {p + "memory_bytes{groupname=web,memtype=virtual}", 8192000},
      {p + "memory_bytes{groupname=web,memtype=swapped}", 2048},
      {p + "num_threads{groupname=web}", 4},
      {p + "open_filedesc{groupname=web}", 5},
      {p + "read_bytes_total{groupname=web}", 4096},
      {p + "write_bytes_total{groupname=web}", 512},
      {p + "context_switches_total{groupname=web,ctxswitchtype=voluntary}", 60},
      {p + "context_switches_total{groupname=web,ctxswitchtype=nonvoluntary}", 6},
      {p + "major_page_faults_total{groupname=web}", 3},
      {p + "minor_page_faults_total{groupname=web}", 11},
      {p + "oldest_start_time_seconds{groupname=web}", 1700000000 + 20000 / ticks}};
  EXPECT_EQ(collect(*check), expected);
}

TEST_F(ProcessPlugin, AGroupsCountersOutliveItsMembers) {
  add(kWorker);
  FakeProcess second = kWorker;
  second.pid = 21;
  add(second);
  auto check = groups("{web: {name: worker}}");
  const auto user = of("process.cpu.time", "web", ",cpu.mode=user");
  const auto read = of("process.disk.io", "web", ",disk.io.direction=read");
  EXPECT_DOUBLE_EQ(collect(*check).at(user), 600 / ticks);
  end(20);
  auto s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at(user), 600 / ticks);
  EXPECT_EQ(s.at(read), 8192);
  EXPECT_EQ(s.at(of("virgo.process.count", "web")), 1);
  EXPECT_EQ(s.at(of("process.memory.usage", "web")), 500 * page);
  second.user = "350";
  add(second);
  EXPECT_DOUBLE_EQ(collect(*check).at(user), 650 / ticks);
  end(21);
  add({.pid = 1, .comm = "init"});
  s = collect(*check);
  EXPECT_DOUBLE_EQ(s.at(user), 650 / ticks);
  EXPECT_EQ(s.at(of("virgo.process.count", "web")), 0) << "an alert sees that none is left";
  EXPECT_EQ(s.count(of("process.uptime", "web")), 0u);
  // The number comes back as another process, which counts from its own zero.
  second.start = "150000";
  second.user = "5";
  add(second);
  EXPECT_DOUBLE_EQ(collect(*check).at(user), 655 / ticks);
}

TEST_F(ProcessPlugin, WhatAProcessUsedBeforeItJoinedIsNotTheGroups) {
  FakeProcess other = kWorker;
  other.comm = "other";
  add(kWorker);
  auto check = groups("{web: {name: worker}}");
  const auto user = of("process.cpu.time", "web", ",cpu.mode=user");
  EXPECT_DOUBLE_EQ(collect(*check).at(user), 300 / ticks) << "all of it, in the first run";
  for (int i = 0; i < 3; ++i) {
    add(other);
    EXPECT_DOUBLE_EQ(collect(*check).at(user), 300 / ticks);
    add(kWorker);
    EXPECT_DOUBLE_EQ(collect(*check).at(user), 300 / ticks) << "not counted twice";
  }
  FakeProcess busy = kWorker;
  busy.user = "310";
  add(busy);
  EXPECT_DOUBLE_EQ(collect(*check).at(user), 310 / ticks);
}

TEST_F(ProcessPlugin, AllThatIsGivenMustMatch) {
  std::filesystem::create_directories(root + "/etc");
  std::filesystem::create_directories(root + "/run");
  write("/etc/passwd", "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\n");
  write("/run/it.pid", "20\n");
  write("/run/empty.pid", "");
  add(kWorker);
  add({.pid = 21, .comm = "worker", .cmdline = "worker", .uid = 0});
  add({.pid = 22, .comm = "kworker/0:1", .flags = 0x00200000});
  const std::pair<const char*, double> cases[] = {
      {"{name: worker}", 2},
      {"{name: [nothing, work*]}", 2},
      {"{name: \"*worker*\"}", 3},
      {"{name: work}", 0},
      {"{cmdline: \"--port 80(80|81)$\"}", 1},
      {"{cmdline: \"^worker\"}", 2},
      {"{cmdline: \".*\"}", 2},
      {"{user: www-data}", 1},
      {"{user: 33}", 1},
      {"{user: \"0\"}", 2},
      {"{user: www-data, name: worker, cmdline: port, pidfile: /run/it.pid}", 1},
      {"{user: root, pidfile: /run/it.pid}", 0},
      {"{pidfile: /run/it.pid}", 1},
      {"{pidfile: /run/empty.pid}", 0},
      {"{pidfile: /run/none.pid}", 0}};
  for (const auto& [yaml, count] : cases) {
    auto check = groups(std::string("{g: ") + yaml + "}");
    EXPECT_EQ(collect(*check).at(of("virgo.process.count", "g")), count) << yaml;
    EXPECT_EQ(explanation, "") << yaml;
  }
}

TEST_F(ProcessPlugin, NamesLongerThanTheKernelKeeps) {
  add({.pid = 5, .comm = "my-very-long-da"});
  auto check = groups("{g: {name: my-very-long-daemon}}");
  EXPECT_EQ(collect(*check).at(of("virgo.process.count", "g")), 1);
}

TEST_F(ProcessPlugin, WhatIsDecidedOnceIsDecidedAnewAfterExec) {
  add({.pid = 5, .comm = "sh", .cmdline = "sh -c server"});
  auto check = groups("{g: {cmdline: server}}");
  const auto count = of("virgo.process.count", "g");
  EXPECT_EQ(collect(*check).at(count), 1);
  write("/proc/5/cmdline", "unread");
  EXPECT_EQ(collect(*check).at(count), 1) << "the same process: its command line is not read again";
  add({.pid = 5, .comm = "env", .cmdline = "env"});
  EXPECT_EQ(collect(*check).at(count), 0) << "exec() gave it another name";
  add({.pid = 5, .comm = "env", .start = "101", .cmdline = "server"});
  EXPECT_EQ(collect(*check).at(count), 1) << "another life";
  // Ten seconds old at most: asked again, and again.
  const auto young = std::to_string(static_cast<long>(995 * ticks));
  add({.pid = 5, .comm = "env", .start = young, .cmdline = "server"});
  EXPECT_EQ(collect(*check).at(count), 1);
  write("/proc/5/cmdline", "no");
  EXPECT_EQ(collect(*check).at(count), 0);
}

TEST_F(ProcessPlugin, APidFileThatMoves) {
  std::filesystem::create_directories(root + "/run");
  write("/run/it.pid", "20");
  add(kWorker);
  add({.pid = 21, .comm = "worker", .cmdline = "x"});
  auto check = groups("{g: {pidfile: /run/it.pid, cmdline: .}}");
  EXPECT_EQ(collect(*check).at(of("process.memory.usage", "g")), 500 * page);
  write("/run/it.pid", "21");
  EXPECT_EQ(collect(*check).at(of("process.memory.usage", "g")), page);
}

TEST_F(ProcessPlugin, AProcessInSeveralGroups) {
  add(kWorker);
  auto check = groups("{a: {name: worker}, b: {user: 33}, c: {name: other}}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at(of("virgo.process.count", "a")), 1);
  EXPECT_EQ(s.at(of("virgo.process.count", "b")), 1);
  EXPECT_EQ(s.at(of("virgo.process.count", "c")), 0);
}

TEST_F(ProcessPlugin, FilesAnOldKernelDoesNotHave) {
  add(kWorker);
  std::filesystem::remove(root + "/proc/20/io");
  std::filesystem::remove(root + "/proc/uptime");
  write("/proc/20/status", "Name:\tworker\nUid:\t33\t33\t33\t33\n");
  auto check = groups("{g: {name: worker}}");
  const auto s = collect(*check);
  EXPECT_EQ(s.count(of("process.disk.io", "g", ",disk.io.direction=read")), 0u);
  EXPECT_EQ(s.count(of("process.context_switches", "g", ",process.context_switch.type=voluntary")),
            0u);
  EXPECT_EQ(s.count(of("process.uptime", "g")), 0u);
  EXPECT_EQ(s.at(of("process.unix.file_descriptor.count", "g")), 5);
  EXPECT_EQ(explanation, "");
}

// Without root's rights while it lives, as the agent usually runs.
class Unprivileged {
 public:
  Unprivileged() {
    if (geteuid() == 0 && seteuid(65534) == 0) was_root_ = true;
  }
  ~Unprivileged() { EXPECT_TRUE(!was_root_ || seteuid(0) == 0); }

 private:
  bool was_root_ = false;
};

TEST_F(ProcessPlugin, WhatIsDeniedIsLeftOutAndSaid) {
  std::filesystem::permissions(root, std::filesystem::perms(0755));
  std::filesystem::create_directories(root + "/run");
  write("/run/it.pid", "21\n");
  add(kWorker);
  FakeProcess second = kWorker;
  second.pid = 21;
  add(second);
  std::filesystem::permissions(root + "/proc/21/io", std::filesystem::perms(0));
  std::filesystem::permissions(root + "/proc/21/fd", std::filesystem::perms(0));
  auto check = groups("{g: {name: worker}, h: {pidfile: /run/it.pid}}");
  const auto read = [](const char* group) {
    return of("process.disk.io", group, ",disk.io.direction=read");
  };
  {
    const Unprivileged unprivileged;
    const auto s = collect(*check);
    EXPECT_EQ(s.count(read("g")), 0u) << "a sum of one of the two would be wrong";
    EXPECT_EQ(s.count(of("process.unix.file_descriptor.count", "g")), 0u);
    EXPECT_EQ(s.at(of("process.memory.usage", "g")), 1000 * page);
    EXPECT_EQ(s.at(of("virgo.process.count", "h")), 1);
    EXPECT_THAT(explanation, HasSubstr("the files of 1 process are denied to the agent"));
  }
  std::filesystem::permissions(root + "/proc/21/io", std::filesystem::perms(0444));
  std::filesystem::permissions(root + "/proc/21/fd", std::filesystem::perms(0555));
  std::filesystem::permissions(root + "/run/it.pid", std::filesystem::perms(0));
  {
    const Unprivileged unprivileged;
    const auto s = collect(*check);
    EXPECT_EQ(s.at(read("g")), 8192);
    EXPECT_EQ(s.at(of("virgo.process.count", "h")), 0);
    EXPECT_EQ(explanation, root + "/run/it.pid: Permission denied");
  }
}

TEST_F(ProcessesPlugin, ProcessesThatAreHidden) {
  std::filesystem::permissions(root, std::filesystem::perms(0755));
  add({.pid = 1});
  add({.pid = 2});
  std::filesystem::permissions(root + "/proc/1/stat", std::filesystem::perms(0));
  auto check = on_tree();
  const Unprivileged unprivileged;
  EXPECT_EQ(collect(*check).at("system.process.count{process.state=sleeping}"), 1);
  EXPECT_THAT(explanation, HasSubstr("1 process of other users cannot be looked at"));
}

TEST_F(ProcessPlugin, ZombiesHaveNothingButTheirTimes) {
  FakeProcess zombie = kWorker;
  zombie.state = 'Z';
  add(zombie);
  std::filesystem::remove_all(root + "/proc/20/fd");
  std::filesystem::remove(root + "/proc/20/io");
  auto check = groups("{g: {name: worker}}");
  const auto s = collect(*check);
  EXPECT_EQ(s.at(of("virgo.process.count", "g")), 1);
  EXPECT_EQ(s.at(of("process.unix.file_descriptor.count", "g")), 0);
  EXPECT_EQ(s.at(of("process.disk.io", "g", ",disk.io.direction=read")), 0);
}

TEST_F(ProcessPlugin, HugeNumbersDoNotWrap) {
  FakeProcess huge = kWorker;
  huge.user = huge.size = huge.resident = huge.read = "18446744073709551615";
  huge.minor = "99999999999999999999999999";
  add(huge);
  huge.pid = 21;
  add(huge);
  auto check = groups("{g: {name: worker}}");
  const auto s = collect(*check);
  EXPECT_GT(s.at(of("process.cpu.time", "g", ",cpu.mode=user")), 1e17);
  for (const char* metric : {"process.memory.usage", "process.memory.virtual"})
    EXPECT_GT(s.at(of(metric, "g")), 1e19) << metric;
  EXPECT_GT(s.at(of("process.disk.io", "g", ",disk.io.direction=read")), 1e19);
  EXPECT_GT(s.at(of("process.paging.faults", "g", ",system.paging.fault.type=minor")), 1e19);
}

TEST_F(ProcessPlugin, SeriesForEachProcessUpToTheCap) {
  for (int pid = 20; pid < 25; ++pid) {
    FakeProcess p = kWorker;
    p.pid = pid;
    add(p);
  }
  const std::string one =
      of("process.thread.count", "g", ",process.pid=20,process.executable.name=worker");
  auto roomy = groups("{g: {name: worker}}", ", per_process: true, max_series: 84");
  auto s = collect(*roomy);
  EXPECT_EQ(s.size(), 5u * 14 + 1) << "five fit beside the sum, which then is not needed";
  EXPECT_EQ(s.at(one), 4);
  EXPECT_EQ(s.at(of("virgo.process.count", "g")), 5);
  auto tight = groups("{g: {name: worker}}", ", per_process: true, max_series: 83");
  s = collect(*tight);
  EXPECT_EQ(s.size(), 5u * 14 + 1) << "four, and the sum of one";
  EXPECT_EQ(s.at("process.thread.count{otel.metric.overflow=true}"), 4);
  const auto rest = "process.cpu.time{otel.metric.overflow=true,cpu.mode=user}";
  EXPECT_DOUBLE_EQ(s.at(rest), 300 / ticks);
  FakeProcess more = kWorker;
  more.pid = 30;
  more.start = "150000";
  add(more);
  EXPECT_DOUBLE_EQ(collect(*tight).at(rest), 600 / ticks);
  end(20);
  EXPECT_DOUBLE_EQ(collect(*tight).at(rest), 600 / ticks) << "does not go down";
}

TEST_F(ProcessPlugin, ThoseThatUseMost) {
  for (int pid = 1; pid <= 300; ++pid)
    add({.pid = pid,
         .comm = "p" + std::to_string(pid),
         .user = "1000",
         .resident = std::to_string(pid)});
  auto check = make("virgo.process", "{root: " + root + ", top: 2}");
  auto s = collect(*check);
  const std::string memory = "virgo.process.top.memory.usage{process.pid=";
  ASSERT_EQ(s.size(), 2u) << "of processor time nothing is known yet";
  EXPECT_EQ(s.at(memory + "300,process.executable.name=p300}"), 300 * page);
  EXPECT_EQ(s.at(memory + "299,process.executable.name=p299}"), 299 * page);
  add({.pid = 7, .comm = "p7", .user = "1900"});
  add({.pid = 8, .comm = "p8", .user = "1300", .system = "300"});
  add({.pid = 9, .comm = "p9", .user = "1001"});
  s = collect(*check);
  ASSERT_EQ(s.size(), 4u);
  const std::string cpu = "virgo.process.top.cpu.utilization{process.pid=";
  EXPECT_NEAR(
      s.at(cpu + "7,process.executable.name=p7}") / s.at(cpu + "8,process.executable.name=p8}"),
      900.0 / 600, 1e-6);
  EXPECT_EQ(collect(*check).size(), 2u) << "those that used nothing are not ranked";
}

TEST_F(ProcessPlugin, ConfigurationsThatAreRefused) {
  std::filesystem::create_directories(root + "/etc");
  write("/etc/passwd", "root:x:0:0::/:/bin/sh\nwww-data:x:33");
  refused("groups: {g: {}}", "at least one of name");
  refused("groups: {g: worker}", "at least one of name");
  refused("groups: {g: {nam: worker}}", "a group has name, cmdline, pidfile and user");
  refused("groups: {g: {name: \"\"}}", "must be a name or a pattern");
  refused("groups: {g: {cmdline: \"(\"}}", "is no extended regular expression: Unmatched (");
  refused("groups: {g: {user: www-data}}", "/etc/passwd has no such user");
  refused("groups: {g: {pidfile: \"\"}}", "must be the path of a file");
  refused("top: 101", "must be between 0 and 100");
  refused("max_series: 27", "must be at least 28");
  std::string many = "groups: {";
  for (int i = 0; i < 65; ++i) many += (i > 0 ? ", g" : "g") + std::to_string(i) + ": {name: x}";
  refused(many + "}", "more than 64 groups");
}

TEST_F(ProcessPlugin, NothingToReportIsSaid) {
  add({.pid = 1});
  auto check = make("virgo.process", "{root: " + root + "}");
  EXPECT_EQ(collect(*check).size(), 0u);
  EXPECT_THAT(explanation, HasSubstr("nothing to report"));
}

TEST_F(ProcessPlugin, GroupsOnSeveralHundredProcesses) {
  for (int pid = 1; pid <= 600; ++pid)
    add({.pid = pid,
         .comm = pid % 2 == 0 ? "even" : "odd",
         .cmdline = "n" + std::to_string(pid),
         .descriptors = 1});
  auto check = groups("{even: {name: even, cmdline: \"0$\"}, odd: {name: odd}}");
  for (int run = 0; run < 2; ++run) {
    const auto s = collect(*check);
    EXPECT_EQ(s.at(of("virgo.process.count", "even")), 60);
    EXPECT_EQ(s.at(of("virgo.process.count", "odd")), 300);
    EXPECT_EQ(s.at(of("process.unix.file_descriptor.count", "odd")), 300);
  }
}

int descriptors_of(const std::vector<pid_t>& processes) {
  int sum = 0;
  for (const pid_t pid : processes) {
    const auto folder = "/proc/" + std::to_string(pid) + "/fd";
    sum += static_cast<int>(std::distance(std::filesystem::directory_iterator(folder), {}));
  }
  return sum;
}

// Until it has begun its program and that has nothing left to do.
void wait_until_asleep(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  for (;;) {
    std::string cmdline;
    std::string stat;
    std::getline(std::ifstream(folder + "/cmdline"), cmdline);
    std::getline(std::ifstream(folder + "/stat"), stat);
    if (cmdline.rfind("sleep", 0) == 0 && stat.find("(sleep) S ") != std::string::npos) return;
    ASSERT_FALSE(stat.empty() || stat.find(") Z ") != std::string::npos) << "it has ended";
    sched_yield();
  }
}

// Real children, told from everything else by an argument of their own.
TEST_F(ProcessPlugin, ChildrenOfThisHost) {
  const std::string mark = "600." + std::to_string(getpid());  // seconds, to sleep(1)
  std::vector<pid_t> children;
  for (int i = 0; i < 3; ++i) {
    const pid_t pid = fork();
    ASSERT_GE(pid, 0);
    if (pid == 0) {
      execlp("sleep", "sleep", mark.c_str(), nullptr);
      _exit(127);
    }
    children.push_back(pid);
  }
  for (const pid_t child : children) wait_until_asleep(child);
  auto check =
      make("virgo.process", "{groups: {g: {name: sleep, cmdline: \"^sleep " + mark + "$\"}}}");
  auto s = collect(*check);
  EXPECT_EQ(s.at(of("virgo.process.count", "g")), 3);
  EXPECT_GT(s.at(of("process.memory.usage", "g")), 0);
  EXPECT_EQ(static_cast<int>(s.at(of("process.unix.file_descriptor.count", "g"))),
            descriptors_of(children));
  EXPECT_LT(s.at(of("process.uptime", "g")), 600);
  for (const pid_t child : children) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }
  EXPECT_EQ(collect(*check).at(of("virgo.process.count", "g")), 0);
}

}  // namespace
}  // namespace virgo::native
