// Looks into the PT_NOTE segments rather than at section names: segments are what
// is left when a library has been stripped of everything that can go.
#include "native/elf_note.hpp"

#include <elf.h>
#include <link.h>
#include <string.h>

#include <optional>
#include <string_view>
#include <vector>

#include "native/elf_file.hpp"
#include "virgo/plugin.h"

namespace virgo::native {
namespace {

using Segment = ElfW(Phdr);
using NoteHeader = ElfW(Nhdr);

constexpr std::size_t kMaxNotes = 64 * 1024;
constexpr std::string_view kOwner("Virgo", 6);  // with its NUL

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
  const auto file = ElfFile::open(path);
  if (!file) return file.error();
  const auto& header = file->header();
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    Segment s{};
    if (!file->read(&s, sizeof s, header.e_phoff + std::uint64_t{i} * sizeof s))
      return ElfFile::refused("is a damaged ELF file (cut off in its program headers)");
    if (s.p_type != PT_NOTE || s.p_filesz > kMaxNotes) continue;
    std::vector<char> notes(s.p_filesz);
    if (!file->read(notes.data(), notes.size(), s.p_offset))
      return ElfFile::refused("is a damaged ELF file (cut off in its notes)");
    if (const auto note = find_note(notes, s.p_align == 8 ? 8 : 4)) return *note;
  }
  return ElfFile::refused(
      "is a shared library but not a Virgo plugin (it has no \"Virgo\" ELF note; "
      "did it forget VIRGO_MODULE_ENTRY?)");
}

}  // namespace virgo::native
