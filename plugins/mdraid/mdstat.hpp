// /proc/mdstat: the software RAID arrays, some lines each.
//
//   md0 : active raid1 sdb1[1] sda1[0](F)
//         975296 blocks super 1.2 [2/1] [_U]
//         [=>...................]  recovery =  8.5% (83886080/976630464) finish=103.9min
//         bitmap: 0/1 pages [0KB], 65536KB chunk
#pragma once

#include <shared/text.hpp>

namespace plugin {

enum class MdSync : uint8_t { none, recovery, resync, check, reshape };

struct MdArray {
  std::string_view name;   // "md0"
  std::string_view state;  // "active", "inactive", "broken"
  std::string_view mode;   // "read-only", "auto-read-only", or empty
  std::string_view level;  // "raid1"; may be empty if it is not active
  uint64_t devices;        // listed, whatever they are
  uint64_t failed;
  uint64_t spare;
  bool is_container;  // of arrays that firmware describes: never active itself
  bool has_blocks;
  uint64_t blocks;  // of 1024 bytes
  bool has_disks;   // those two are known
  uint64_t required;
  uint64_t working;
  uint64_t down;  // of those required
  MdSync sync;
  bool waits;          // for another array's, or to be written to
  bool has_progress;   // those two are known
  uint64_t sync_done;  // blocks of one disk
  uint64_t sync_total;
};

constexpr std::string_view kMdSyncNames[] = {"", "recovery", "resync", "check", "reshape"};

inline bool contains(std::string_view text, std::string_view part) {
  return !text.empty() && memmem(text.data(), text.size(), part.data(), part.size()) != nullptr;
}

// "[12/11]", or "(12/11)": the two numbers.
inline bool parse_md_pair(std::string_view word, char open, char close, uint64_t* a, uint64_t* b) {
  if (word.size() < 5 || word.front() != open || word.back() != close) return false;
  word = word.substr(1, word.size() - 2);
  uint64_t first = 0;
  if (!to_u64(take_until(word, '/'), &first) || !to_u64(word, b)) return false;
  *a = first;
  return true;
}

// "md0 : active (read-only) raid1 sdb1[1] sda1[0](F)"
inline bool parse_md_head(std::string_view line, MdArray* out) {
  if (line.empty() || line.front() == ' ' || line.front() == '\t') return false;
  *out = {};
  out->name = take_word(line);
  if (take_word(line) != ":" || out->name == "Personalities") return false;
  out->state = take_word(line);
  if (out->state.empty()) return false;
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (contains(word, "[")) {
      ++out->devices;
      out->failed += contains(word, "(F)") ? 1 : 0;
      out->spare += contains(word, "(S)") ? 1 : 0;
    } else if (word.size() > 2 && word.front() == '(' && word.back() == ')') {
      out->mode = word.substr(1, word.size() - 2);
    } else if (out->level.empty() && out->devices == 0) {
      out->level = word;
    }
  }
  return true;
}

// "975296 blocks super 1.2 [2/1] [_U]"
inline bool parse_md_blocks(std::string_view line, MdArray* out) {
  uint64_t blocks = 0;
  if (!to_u64(take_word(line), &blocks) || take_word(line) != "blocks") return false;
  out->has_blocks = true;
  out->blocks = blocks;
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    if (starts_with(word, "external:"))
      out->is_container = word.size() > 9 && word[9] != '/' && word[9] != '-';
    if (word.front() != '[') continue;
    if (parse_md_pair(word, '[', ']', &out->required, &out->working)) {
      out->has_disks = true;
      continue;
    }
    for (const char c : word) out->down += c == '_' ? 1 : 0;
  }
  return true;
}

// "[=>....]  recovery =  8.5% (83886080/976630464) finish=103.9min", "resync=DELAYED"
inline bool parse_md_sync(std::string_view line, MdArray* out) {
  for (std::string_view word = take_word(line); !word.empty(); word = take_word(line)) {
    for (unsigned i = 1; i < sizeof kMdSyncNames / sizeof kMdSyncNames[0]; ++i) {
      const std::string_view name = kMdSyncNames[i];
      if (word != name && !(starts_with(word, name) && word[name.size()] == '=')) continue;
      out->sync = static_cast<MdSync>(i);
      out->waits = word.size() > name.size() + 1;
    }
    if (out->sync != MdSync::none && word.front() == '(' &&
        parse_md_pair(word, '(', ')', &out->sync_done, &out->sync_total))
      out->has_progress = true;
  }
  return out->sync != MdSync::none;
}

// The next array; false at the end. One that is active, but whose size is not told, is
// left out: the text has been cut off.
inline bool next_md_array(std::string_view& text, MdArray* out) {
  std::string_view line;
  while (take_line(text, &line)) {
    if (!parse_md_head(line, out)) continue;
    // Its other lines begin with a blank.
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
      if (!take_line(text, &line)) break;
      if (!out->has_blocks && parse_md_blocks(line, out)) continue;
      if (out->sync == MdSync::none && !contains(line, "bitmap:")) parse_md_sync(line, out);
    }
    if (out->has_blocks || out->state == "inactive") return true;
  }
  return false;
}

}  // namespace plugin
