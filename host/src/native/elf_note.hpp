// Knows a plugin, and its ABI versions, from the ELF note virgo/plugin.h puts
// into it: without mapping the file or running any of its code. Any thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace virgo::native {

struct AbiNote {
  std::uint32_t abi_major = 0;
  std::uint32_t abi_minor = 0;
  std::uint32_t requires_minor = 0;
};

// Reads the note of `file`. `invalid` when the file is no ELF library, is one for
// another kind of machine, or has no such note; `io` when it cannot be read. The
// file may be anything at all: every offset in it is checked.
Result<AbiNote> read_abi_note(const std::string& file);

}  // namespace virgo::native
