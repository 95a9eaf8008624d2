// Looks into the PT_NOTE segments rather than at section names: segments are what
// is left when a library has been stripped of everything that can go.
#include "native/elf_note.hpp"

#include <elf.h>
#include <link.h>
#include <string.h>
#include <unistd.h>

#include <cerrno>
#include <optional>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/format.hpp"
#include "virgo/plugin.h"

namespace virgo::native {
namespace {

using Header = ElfW(Ehdr);
using Segment = ElfW(Phdr);
using NoteHeader = ElfW(Nhdr);

constexpr std::size_t kMaxNotes = 64 * 1024;
constexpr unsigned kMaxSegments = 256;
constexpr std::string_view kOwner("Virgo", 6);  // with its NUL

struct File {
  explicit File(const std::string& path) : descriptor(open_to_read(path)) {}
  bool read(void* to, std::size_t bytes, std::uint64_t offset) const {
    if (offset > INT64_MAX) return false;
    return pread(descriptor.get(), to, bytes, static_cast<off_t>(offset)) ==
           static_cast<ssize_t>(bytes);
  }
  const Descriptor descriptor;
};

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

Error refused(std::string text) {
  return {Errc::invalid, std::move(text)};
}

Result<Header> read_header(const File& file) {
  Header h{};
  if (!file.read(&h, sizeof h, 0) || memcmp(h.e_ident, ELFMAG, SELFMAG) != 0)
    return refused("is not a shared library (no ELF file)");
  const unsigned char own_class = sizeof(void*) == 8 ? ELFCLASS64 : ELFCLASS32;
  if (h.e_ident[EI_CLASS] != own_class || (kMachine != EM_NONE && h.e_machine != kMachine))
    return refused(
        format("is for another kind of machine (ELF class {}, machine {}; this agent: {}, {})",
               h.e_ident[EI_CLASS], h.e_machine, own_class, kMachine));
  if (h.e_type != ET_DYN) return refused("is an ELF file but no shared library");
  if (h.e_phentsize != sizeof(Segment) || h.e_phnum == 0 || h.e_phnum > kMaxSegments)
    return refused("is a damaged ELF file (program headers)");
  return h;
}

// The Virgo note among `notes`, if it is there and complete.
std::optional<AbiNote> find_note(const std::vector<char>& notes, std::size_t alignment) {
  const auto padded = [alignment](std::size_t n) {
    return (n + alignment - 1) / alignment * alignment;
  };
  std::size_t at = 0;
  while (notes.size() - at >= sizeof(NoteHeader)) {
    NoteHeader h;
    memcpy(&h, notes.data() + at, sizeof h);
    at += sizeof h;
    // Sizes are 32 bits and buffers small, so these sums do not overflow.
    const std::size_t name = padded(h.n_namesz);
    const std::size_t whole = name + padded(h.n_descsz);
    if (whole > notes.size() - at) return std::nullopt;
    AbiNote note;
    if (h.n_type == VIRGO_NOTE_ABI && h.n_descsz >= sizeof note &&
        std::string_view(notes.data() + at, h.n_namesz) == kOwner) {
      memcpy(&note, notes.data() + at + name, sizeof note);
      return note;
    }
    at += whole;
  }
  return std::nullopt;
}

}  // namespace

Result<AbiNote> read_abi_note(const std::string& path) {
  const File file(path);
  if (!file.descriptor) return system_error(errno).context("cannot be opened");
  auto header = read_header(file);
  if (!header) return header.error();
  for (unsigned i = 0; i < header->e_phnum; ++i) {
    Segment s{};
    if (!file.read(&s, sizeof s, header->e_phoff + std::uint64_t{i} * sizeof s))
      return refused("is a damaged ELF file (cut off in its program headers)");
    if (s.p_type != PT_NOTE || s.p_filesz > kMaxNotes) continue;
    std::vector<char> notes(s.p_filesz);
    if (!file.read(notes.data(), notes.size(), s.p_offset))
      return refused("is a damaged ELF file (cut off in its notes)");
    if (const auto note = find_note(notes, s.p_align == 8 ? 8 : 4)) return *note;
  }
  return refused(
      "is a shared library but not a Virgo plugin (it has no \"Virgo\" ELF note; "
      "did it forget VIRGO_MODULE_ENTRY?)");
}

}  // namespace virgo::native
