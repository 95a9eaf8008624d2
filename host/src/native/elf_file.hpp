// An ELF library as a file: what can be known of it without running its code. The
// file may be anything at all: every offset in it is checked. Any thread.
#pragma once

#include <link.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"

namespace virgo::native {

class ElfFile {
 public:
  // `invalid` when it is no shared library for this kind of machine, `io` when it
  // cannot be read. Errors are what one would say after the file's name.
  static Result<ElfFile> open(const std::string& path);

  const ElfW(Ehdr) & header() const { return header_; }
  // False when the file has not so many bytes there.
  bool read(void* to, std::size_t bytes, std::uint64_t offset) const;

  // The dynamic symbols it defines for others. Read from the section headers, which
  // strip leaves.
  Result<std::vector<std::string>> exported_symbols() const;
  // The libraries it is linked with ("libc.so.6").
  Result<std::vector<std::string>> needed_libraries() const;

  static Error refused(std::string text) { return {Errc::invalid, std::move(text)}; }

 private:
  explicit ElfFile(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}
  Result<void> read_header();
  // A table of `Entry` in the first section of `type`, with the texts of the section
  // it is linked to.
  template <class Entry>
  struct Table {
    std::vector<Entry> entries;
    std::vector<char> texts;
    std::string text(std::uint64_t at) const;
  };
  template <class Entry>
  Result<Table<Entry>> read_table(std::uint32_t type) const;
  Result<ElfW(Shdr)> read_section(unsigned index) const;

  Descriptor descriptor_;
  ElfW(Ehdr) header_{};
};

}  // namespace virgo::native
