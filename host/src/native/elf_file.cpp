#include "native/elf_file.hpp"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/format.hpp"

namespace virgo::native {
namespace {

constexpr unsigned kMaxSegments = 256;
constexpr std::uint64_t kMaxTable = 64 << 20;  // bytes of one table

// The machine this very code was compiled for, to compare others with.
constexpr unsigned kMachine =
#if defined(__x86_64__)
    EM_X86_64;
#elif defined(__aarch64__)
    EM_AARCH64;
#elif defined(__riscv)
    EM_RISCV;
#elif defined(__i386__)
    EM_386;
#elif defined(__arm__)
    EM_ARM;
#elif defined(__powerpc64__)
    EM_PPC64;
#elif defined(__s390__)
    EM_S390;
#else
    EM_NONE;
#endif

}  // namespace

Result<void> ElfFile::read_header() {
  auto& h = header_;
  if (!read(&h, sizeof h, 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
    return refused("is not a shared library (no ELF file)");
  const unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  if (h.e_ident[EI_CLASS] != own_class || (kMachine != EM_NONE && h.e_machine != kMachine))
    return refused(
        format("is for another kind of machine (ELF class {}, machine {}; this agent: {}, {})",
               h.e_ident[EI_CLASS], h.e_machine, own_class, kMachine));
  if (h.e_type != ET_DYN) return refused("is an ELF file but no shared library");
  if (h.e_phentsize != sizeof(ElfW(Phdr)) || h.e_phnum == 0 || h.e_phnum > kMaxSegments)
    return refused("is a damaged ELF file (program headers)");
  return {};
}

Result<ElfFile> ElfFile::open(const std::string& path) {
  ElfFile file{open_to_read(path)};
  if (!file.descriptor_) return system_error(errno).context("cannot be opened");
  if (auto ok = file.read_header(); !ok) return ok.error();
  return file;
}

bool ElfFile::read(void* to, std::size_t bytes, std::uint64_t offset) const {
  if (offset > INT64_MAX) return false;
  return pread(descriptor_.get(), to, bytes, static_cast<off_t>(offset)) ==
         static_cast<ssize_t>(bytes);
}

Result<ElfW(Shdr)> ElfFile::read_section(unsigned index) const {
  ElfW(Shdr) section{};
  if (header_.e_shentsize != sizeof section || index >= header_.e_shnum ||
      !read(&section, sizeof section, header_.e_shoff + std::uint64_t{index} * sizeof section))
    return refused("is a damaged ELF file (section headers)");
  return section;
}

template <class Entry>
std::string ElfFile::Table<Entry>::text(std::uint64_t at) const {
  if (at >= texts.size()) return {};
  return {texts.data() + at, strnlen(texts.data() + at, texts.size() - at)};
}

template <class Entry>
Result<ElfFile::Table<Entry>> ElfFile::read_table(std::uint32_t type) const {
  Table<Entry> table;
  for (unsigned i = 0; i < header_.e_shnum; ++i) {
    const auto section = read_section(i);
    if (!section) return section.error();
    if (section->sh_type != type) continue;
    const auto texts = read_section(section->sh_link);
    if (!texts) return texts.error();
    if (section->sh_size > kMaxTable || texts->sh_size > kMaxTable)
      return refused("is a damaged ELF file (a table is too large)");
    table.entries.resize(section->sh_size / sizeof(Entry));
    table.texts.resize(texts->sh_size);
    if (!read(table.entries.data(), table.entries.size() * sizeof(Entry), section->sh_offset) ||
        !read(table.texts.data(), table.texts.size(), texts->sh_offset))
      return refused("is a damaged ELF file (cut off in a table)");
    return table;
  }
  return table;
}

Result<std::vector<std::string>> ElfFile::exported_symbols() const {
  const auto table = read_table<ElfW(Sym)>(SHT_DYNSYM);
  if (!table) return table.error();
  std::vector<std::string> out;
  for (const ElfW(Sym) & symbol : table->entries) {
    const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    const bool seen = visibility == STV_DEFAULT || visibility == STV_PROTECTED;
    if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_BIND(symbol.st_info) == STB_LOCAL || !seen)
      continue;
    out.push_back(table->text(symbol.st_name));
  }
  std::sort(out.begin(), out.end());
  return out;
}

Result<std::vector<std::string>> ElfFile::needed_libraries() const {
  const auto table = read_table<ElfW(Dyn)>(SHT_DYNAMIC);
  if (!table) return table.error();
  std::vector<std::string> out;
  for (const ElfW(Dyn) & entry : table->entries) {
    if (entry.d_tag == DT_NULL) break;
    if (entry.d_tag == DT_NEEDED) out.push_back(table->text(entry.d_un.d_val));
  }
  return out;
}

}  // namespace virgo::native
