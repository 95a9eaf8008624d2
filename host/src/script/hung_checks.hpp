// Checks that held the agent inside one call which could not be interrupted, so that it
// had to start itself anew: they are not run any more. An entry is about one very file:
// when that changes, its checks are tried again. Plain value.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace virgo::script {

struct HungCheck {
  std::int64_t at = 0;   // seconds since 1970
  std::string identity;  // file_identity()
  std::string check;     // "" when it was the file's main part or a configure()
  std::string file;      // its path
};

class HungChecks {
 public:
  static constexpr std::size_t kMaxText = 64 * 1024;  // an environment variable has room

  // One line: time, identity, check, file, separated by tabs, with its end.
  static std::string line(const HungCheck& entry);
  // Of many lines; those that are spoilt are left out.
  static HungChecks parse(std::string_view text);

  // In place of what is known of that check already. Of many the oldest are forgotten.
  void add(HungCheck entry);
  // All lines; at most kMaxText bytes.
  std::string text() const;

  // Why a check of `file`, or with "" the file as a whole, must not run while the file
  // has that identity: a sentence. "" if it may.
  std::string refusal(std::string_view check, const std::string& file,
                      const std::string& identity) const;
  const std::vector<HungCheck>& entries() const { return entries_; }

 private:
  std::vector<HungCheck> entries_;
};

}  // namespace virgo::script
