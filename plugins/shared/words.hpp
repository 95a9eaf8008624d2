// Lists of words in the configuration, and which devices they select.
#pragma once

#include <fnmatch.h>
#include <shared/text.hpp>
#include <virgo/plugin.hpp>

namespace plugin {

// Strings of a configuration list, copied.
class Words {
 public:
  Words() = default;
  ~Words() { clear(); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  bool set(virgo::sdk::Config list) {
    clear();
    if (list.size() == 0) return true;
    words_ = static_cast<char**>(calloc(list.size(), sizeof(char*)));
    if (words_ == nullptr) return false;
    for (uint32_t i = 0; i < list.size(); ++i) {
      const std::string_view word = list.at(i).as_text();
      words_[i] = strndup(word.empty() ? "" : word.data(), word.size());
      if (words_[i] == nullptr) return false;
      count_ = i + 1;
    }
    return true;
  }
  bool empty() const { return count_ == 0; }
  bool has(std::string_view word) const {
    for (uint32_t i = 0; i < count_; ++i)
      if (word == words_[i]) return true;
    return false;
  }
  // Whether `word` is one of them, or matches one that has * ? or [a-z] in it, as a
  // shell does.
  bool matches(const char* word) const {
    for (uint32_t i = 0; i < count_; ++i)
      if (fnmatch(words_[i], word, 0) == 0) return true;
    return false;
  }
  uint32_t size() const { return count_; }
  const char* at(uint32_t i) const { return words_[i]; }

 private:
  void clear() {
    for (uint32_t i = 0; i < count_; ++i) free(words_[i]);
    free(words_);
    words_ = nullptr;
    count_ = 0;
  }
  char** words_ = nullptr;
  uint32_t count_ = 0;
};

// What to report: of what `include` matches, or of everything if that is empty, all that
// `exclude` does not match.
struct Selection {
  Words include;
  Words exclude;

  bool set(virgo::sdk::Config root) {
    return include.set(root["include"]) && exclude.set(root["exclude"]);
  }
  bool wants(const char* name) const {
    return (include.empty() || include.matches(name)) && !exclude.matches(name);
  }
};

}  // namespace plugin
