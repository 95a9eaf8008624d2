#include "native/call_note.hpp"

#include <link.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <cstring>

#include "base/format.hpp"

namespace virgo::native {
namespace {

// In the program itself, so that reading it in a signal handler allocates nothing.
constinit thread_local const CallNote* current = nullptr;

struct CodeRange {
  std::uintptr_t begin;
  std::uintptr_t end;
  const CodeMark* mark;
};

// Plugins beyond these are only known by their notes.
constexpr std::size_t kMaxRanges = 512;
std::array<CodeRange, kMaxRanges> ranges;
std::atomic<std::size_t> range_count{0};  // ranges before it are never changed again

struct Search {
  std::uintptr_t address;
  CodeRange found;
};

// Takes the whole library that has the address in one of its segments.
int look(dl_phdr_info* info, std::size_t, void* data) noexcept {
  auto& search = *static_cast<Search*>(data);
  std::uintptr_t begin = UINTPTR_MAX;
  std::uintptr_t end = 0;
  for (unsigned i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_LOAD) continue;
    begin = std::min<std::uintptr_t>(begin, info->dlpi_addr + segment.p_vaddr);
    end = std::max<std::uintptr_t>(end, info->dlpi_addr + segment.p_vaddr + segment.p_memsz);
  }
  if (search.address < begin || search.address >= end) return 0;
  search.found = {begin, end, nullptr};
  return 1;
}

}  // namespace

CallScope::CallScope(const CodeMark& mark, std::string_view check, const char* function) noexcept {
  note_.mark = &mark;
  note_.function = function;
  const std::size_t length = std::min(check.size(), note_.check.size() - 1);
  std::memcpy(note_.check.data(), check.data(), length);
  note_.outer = current;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  current = &note_;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

CallScope::~CallScope() {
  std::atomic_signal_fence(std::memory_order_seq_cst);
  current = note_.outer;
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

const CallNote* current_call() noexcept {
  return current;
}

void remember_code(const CodeMark& mark, const void* address) {
  Search search{reinterpret_cast<std::uintptr_t>(address), {}};
  const std::size_t count = range_count.load(std::memory_order_relaxed);
  if (count == kMaxRanges || dl_iterate_phdr(look, &search) == 0) return;
  ranges[count] = search.found;
  ranges[count].mark = &mark;
  range_count.store(count + 1, std::memory_order_release);
}

const CodeMark* mark_at(const void* address) noexcept {
  const auto at = reinterpret_cast<std::uintptr_t>(address);
  // The last one first: a file that was loaded again is the newer module's.
  for (std::size_t i = range_count.load(std::memory_order_acquire); i > 0; --i)
    if (at >= ranges[i - 1].begin && at < ranges[i - 1].end) return ranges[i - 1].mark;
  return nullptr;
}

}  // namespace virgo::native
