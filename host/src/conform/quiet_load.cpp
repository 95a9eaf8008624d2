// A seccomp filter lets everything pass but a list of calls that come from libc's own
// code; the dynamic loader has system calls of its own, elsewhere, so what it does to
// map the file is not seen. A refused call raises SIGSYS, whose handler notes it.
#include "conform/quiet_load.hpp"

#include <dlfcn.h>
#include <link.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

#include "base/format.hpp"
#include "native/elf_file.hpp"
#include "virgo/plugin.h"

namespace virgo::conform {
namespace {

struct Watched {
  long number;
  const char* name;
};
constexpr Watched kWatched[] = {
#ifdef SYS_open
    {SYS_open, "open"},
#endif
#ifdef SYS_fork
    {SYS_fork, "fork"},
#endif
#ifdef SYS_vfork
    {SYS_vfork, "vfork"},
#endif
#ifdef SYS_poll
    {SYS_poll, "poll"},
#endif
#ifdef SYS_unlink
    {SYS_unlink, "unlink"},
#endif
    {SYS_openat, "openat"},       {SYS_read, "read"},
    {SYS_pread64, "pread64"},     {SYS_write, "write"},
    {SYS_writev, "writev"},       {SYS_pwrite64, "pwrite64"},
    {SYS_socket, "socket"},       {SYS_connect, "connect"},
    {SYS_bind, "bind"},           {SYS_sendto, "sendto"},
    {SYS_pipe2, "pipe2"},         {SYS_clone, "clone"},
    {SYS_clone3, "clone3"},       {SYS_execve, "execve"},
    {SYS_unlinkat, "unlinkat"},   {SYS_mkdirat, "mkdirat"},
    {SYS_chdir, "chdir"},         {SYS_umask, "umask"},
    {SYS_nanosleep, "nanosleep"}, {SYS_clock_nanosleep, "clock_nanosleep"},
    {SYS_ppoll, "ppoll"},         {SYS_epoll_create1, "epoll_create1"},
    {SYS_eventfd2, "eventfd2"},   {SYS_kill, "kill"},
};
constexpr std::size_t kCount = std::size(kWatched);

std::array<std::atomic<bool>, kCount> seen{};

// The call was not made; the register that would hold its result is as it was.
void note_call(int, siginfo_t* info, void* context) {
  for (std::size_t i = 0; i < kCount; ++i)
    if (kWatched[i].number == info->si_syscall) seen[i] = true;
  [[maybe_unused]] auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  registers.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  registers.regs[0] = static_cast<unsigned long long>(-EPERM);
#endif
}

// Where libc's code lies.
struct Range {
  std::uintptr_t from = 0;
  std::uintptr_t to = 0;
};
Range code_of_libc() {
  Range range;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* out) {
        if (std::strstr(info->dlpi_name, "/libc.so") == nullptr) return 0;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& segment = info->dlpi_phdr[i];
          if (segment.p_type != PT_LOAD || (segment.p_flags & PF_X) == 0) continue;
          static_cast<Range*>(out)->from = info->dlpi_addr + segment.p_vaddr;
          static_cast<Range*>(out)->to = info->dlpi_addr + segment.p_vaddr + segment.p_memsz;
        }
        return 1;
      },
      &range);
  return range;
}

// A word of the data the kernel shows to a filter.
sock_filter load(std::size_t offset) {
  return BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}
constexpr std::size_t kHigh = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 4 : 0;
constexpr std::size_t kLow = 4 - kHigh;

// Allow, unless the instruction pointer is in `code`, the call is watched, and it is
// no write to `report_fd`. libc is smaller than 4 GiB and may straddle one such
// border: the range is taken by its upper halves only where these are the same.
std::vector<sock_filter> filter_for(const Range& code, int report_fd) {
  const auto high = static_cast<std::uint32_t>(code.from >> 32);
  const sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
  constexpr std::size_t ip = offsetof(seccomp_data, instruction_pointer);
  std::vector<sock_filter> out;
  // Each test steps over an "allow" when it holds.
  const auto unless = [&](std::uint16_t jump, std::uint32_t value, bool holds) {
    out.push_back(BPF_JUMP(static_cast<std::uint16_t>(BPF_JMP | jump | BPF_K), value,
                           static_cast<std::uint8_t>(holds ? 1 : 0),
                           static_cast<std::uint8_t>(holds ? 0 : 1)));
    out.push_back(allow);
  };
  out.push_back(load(ip + kHigh));
  unless(BPF_JEQ, high, true);
  out.push_back(load(ip + kLow));
  unless(BPF_JGE, static_cast<std::uint32_t>(code.from), true);
  if (code.to >> 32 == high) unless(BPF_JGE, static_cast<std::uint32_t>(code.to), false);
  out.push_back(load(offsetof(seccomp_data, nr)));
  // write to report_fd: allowed.
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 0, 4));
  out.push_back(load(offsetof(seccomp_data, args) + kLow));
  out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(report_fd), 0, 1));
  out.push_back(allow);
  out.push_back(load(offsetof(seccomp_data, nr)));
  for (std::size_t i = 0; i < kCount; ++i)
    out.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
                           static_cast<std::uint32_t>(kWatched[i].number),
                           static_cast<std::uint8_t>(kCount - i), 0));
  out.push_back(allow);
  out.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  return out;
}

Result<void> watch(int report_fd) {
  const Range code = code_of_libc();
  if (code.from == 0) return Error{Errc::unsupported, "libc's code was not found in memory"};
  struct sigaction action {};
  action.sa_sigaction = note_call;
  action.sa_flags = SA_SIGINFO;
  sigaction(SIGSYS, &action, nullptr);
  auto filter = filter_for(code, report_fd);
  sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
    return Error{Errc::unsupported,
                 format("system calls cannot be watched here: {}", std::strerror(errno))};
  return {};
}

}  // namespace

Result<std::vector<std::string>> calls_while_loading(const std::string& file, int report_fd) {
  const auto elf = native::ElfFile::open(file);
  if (!elf) return elf.error();
  // What the libraries do that it uses is not the plugin's doing.
  if (const auto needed = elf->needed_libraries(); needed)
    for (const std::string& library : *needed) dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (auto ok = watch(report_fd); !ok) return ok.error();
  void* handle = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) return Error{Errc::failed, format("cannot be loaded: {}", dlerror())};
  const auto entry = reinterpret_cast<virgo_module_v1_fn>(dlsym(handle, "virgo_module_v1"));
  if (entry == nullptr) return Error{Errc::invalid, "does not export virgo_module_v1()"};
  (void)entry();
  std::vector<std::string> calls;
  for (std::size_t i = 0; i < kCount; ++i)
    if (seen[i]) calls.emplace_back(kWatched[i].name);
  return calls;
}

}  // namespace virgo::conform
