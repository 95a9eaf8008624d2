#include "script/verdict.hpp"

#include <lua.hpp>

#include "base/format.hpp"

namespace virgo::script {

using metric::Status;

namespace {

// What a script may say of itself.
Status status_of(std::string_view word) {
  for (const Status s :
       {Status::invalid, Status::unsupported, Status::unreachable, Status::timeout})
    if (word == metric::status_name(s)) return s;
  return Status::failed;
}

}  // namespace

Verdict verdict_of(const lua::Failure& failure) {
  Verdict out;
  out.text = failure.sentence();
  out.param = failure.param;
  out.status = failure.exit == lua::Exit::error ? status_of(failure.status) : Status::limit;
  if (out.status == Status::limit) {
    out.limit = failure.limit;
    out.value = failure.value;
  }
  return out;
}

Verdict verdict_of_results(lua_State* L, int first) {
  if (lua_gettop(L) <= first || lua_toboolean(L, first) != 0 || lua_isnil(L, first + 1)) return {};
  lua::Failure failure;
  failure.describe(L, first + 1);
  return verdict_of(failure);
}

Verdict verdict_of_bounds(const LuaRun& run) {
  const LuaRun::Exceeded& e = run.exceeded();
  if (e.limit == nullptr) return {};
  return {Status::limit, e.text, "", e.limit, e.value};
}

Verdict verdict_of_samples(const metric::SampleBuffer& samples) {
  if (samples.refused() == 0) return {};
  const std::string value = format("{}", samples.limits().samples);
  return {Status::limit,
          format("{} samples were refused: a run may report {} (limits.samples_per_run), each "
                 "with at most {} labels and texts of at most {} bytes",
                 samples.refused(), value, samples.limits().labels, samples.limits().text),
          "", "limits.samples_per_run", value};
}

}  // namespace virgo::script
