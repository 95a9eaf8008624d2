// May this file's code run inside the agent? Only if nobody but root and the
// agent's own user can replace it. Reads the file system; any thread.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.hpp"

namespace virgo::native {

// The canonical path of `file`, when it is a regular file and it and each folder
// above it belong to root or to `agent_user` and can be written by nobody else.
// A folder with the sticky bit that belongs to one of them, such as /tmp, is
// safe: there, others cannot touch what is not theirs.
//
// Fails with not_found, io, or denied; the sentence of the last names what can be
// written, its owner and mode, and what to do.
//
// Why the whole path: who can write any folder above can put another file in the
// place of this one. Why the canonical path: what is checked must be what is
// opened, so callers go on with the result and not with `file`.
Result<std::string> trusted_path(const std::string& file, uid_t agent_user);

}  // namespace virgo::native
