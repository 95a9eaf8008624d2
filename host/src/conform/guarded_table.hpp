// A table for a plugin, read-only and cut to a size, with an inaccessible page right
// behind its last byte: who writes to it, or reads what an older agent does not
// have, crashes. Lives as long as the process.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <new>

namespace virgo::conform {

// `size` bytes of `table`, whose struct_size becomes that.
template <class Table>
const Table* guard(Table table, std::size_t size) {
  table.struct_size = static_cast<decltype(table.struct_size)>(size);
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  void* memory =
      mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  char* at = static_cast<char*>(memory) + page - size;
  std::memcpy(at, &table, std::min(size, sizeof table));
  mprotect(memory, page, PROT_READ);
  mprotect(static_cast<char*>(memory) + page, page, PROT_NONE);
  return reinterpret_cast<const Table*>(at);
}

}  // namespace virgo::conform
