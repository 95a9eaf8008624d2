// The pattern matcher of Lua plugins: whatever the pattern, a search ends, what it finds
// lies within the subject, and finding it again from where it begins gives the same.
#include "fuzz/fuzz.hpp"
#include "lua/pattern.hpp"

namespace {

using virgo::lua::Matcher;
using virgo::lua::Program;
using virgo::lua::ProgramSpace;

// As a state whose budget is used up after a while.
struct Budget {
  int strides = 2;
};

bool is_used_up(void* budget) {
  return --static_cast<Budget*>(budget)->strides < 0;
}

bool is_within(std::string_view subject, const char* begin, const char* end) {
  return begin >= subject.data() && end >= begin && end <= subject.data() + subject.size();
}

void check_match(std::string_view subject, const Program& program, const Matcher& matcher) {
  fuzz::require(is_within(subject, matcher.match_begin(), matcher.match_end()));
  for (int i = 0; i < program.captures; ++i) {
    if (((program.unclosed >> i) & 1) != 0) continue;
    const Matcher::Capture& capture = matcher.capture(i);
    const char* end = capture.end == nullptr ? capture.begin : capture.end;
    fuzz::require(is_within(subject, capture.begin, end));
    fuzz::require(capture.begin >= matcher.match_begin() && end <= matcher.match_end());
  }
}

void search_all(std::string_view subject, const Program& program) {
  Budget budget;
  Matcher matcher(subject, program, is_used_up, &budget);
  const char* const end = subject.data() + subject.size();
  for (const char* at = subject.data(); at <= end;) {
    if (matcher.search(at) != Matcher::Outcome::match) break;
    check_match(subject, program, matcher);
    Budget again;
    Matcher other(subject, program, is_used_up, &again);
    if (other.search(matcher.match_begin()) == Matcher::Outcome::match)
      fuzz::require(other.match_begin() == matcher.match_begin() &&
                    other.match_end() == matcher.match_end());
    at = matcher.match_end() + (matcher.match_begin() == matcher.match_end() ? 1 : 0);
  }
  fuzz::require(budget.strides >= -1);
}

}  // namespace

// The first byte is the pattern's length.
int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 1) return 0;
  const std::string_view text = fuzz::text(data + 1, size - 1);
  const std::string_view pattern = text.substr(0, data[0]);
  const std::string_view subject = text.substr(pattern.size());
  for (const bool anchors : {true, false}) {
    ProgramSpace space;
    const Program program = space.compile(pattern, anchors);
    fuzz::require(program.item_count <= ProgramSpace::kMaxItems + 1);
    search_all(subject, program);
    alignas(void*) unsigned char memory[sizeof(ProgramSpace)];
    fuzz::require(program.copy_size() <= sizeof memory);
    search_all(subject, program.copy_to(memory));
  }
  return 0;
}
