#include "binding/tls_choice.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <lua.hpp>
#include <vector>

#include "base/clock.hpp"
#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "binding/file_job.hpp"
#include "binding/permits.hpp"
#include "binding/read_file.hpp"
#include "binding/strand.hpp"
#include "crypto/hash.hpp"
#include "crypto/tls_context.hpp"
#include "lua/state.hpp"

namespace virgo::binding {
namespace {

constexpr std::size_t kMostContexts = 16;
constexpr Duration kOldest = std::chrono::hours(1);  // the system's authorities change, too
constexpr std::uint64_t kMaxPem = 1u << 20;
constexpr int kMaxProtocols = 16;

bool is_pem(std::string_view text) {
  return text.find("-----BEGIN") != std::string_view::npos;
}

// Where a certificate, key or authority comes from: text, or a file that may be read.
void read_source(lua_State* L, const Options& options, const char* name, std::string& text,
                 std::string& file, const char* function) {
  const std::string_view value = options.text(name);
  if (value.empty()) return;
  if (value.size() > kMaxPem) options.refuse(name, "has at most 1 MiB");
  if (!is_pem(value)) {
    if (value.find('\0') != std::string_view::npos) options.refuse(name, "is a path or PEM text");
    check_read(L, value.data(), function);
  }
  (is_pem(value) ? text : file) = value;
}

void read_protocols(lua_State* L, const Options& options, std::vector<std::string>& out) {
  const int type = options.push("alpn");
  if (type != LUA_TNIL && type != LUA_TTABLE) options.refuse("alpn", "is a list of texts");
  const int count = type == LUA_TNIL ? 0 : static_cast<int>(lua_objlen(L, -1));
  if (count > kMaxProtocols) options.refuse("alpn", "has at most 16 texts");
  for (int i = 1; i <= count; ++i) {
    lua_rawgeti(L, -1, i);
    std::size_t size = 0;
    const char* text = lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, &size) : nullptr;
    if (text == nullptr || size == 0 || size > 255)
      options.refuse("alpn", "is a list of texts of 1 to 255 bytes");
    out.emplace_back(text, size);
    lua_pop(L, 1);
  }
  lua_pop(L, 1);
}

// Changes when the file does.
std::string stamp(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return path;
  return format("{}:{}:{}:{}.{}", path, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                status.st_mtim.tv_nsec);
}

std::string stamps_of(const TlsChoice& choice) {
  return has_files(choice)
             ? stamp(choice.options.ca) + stamp(choice.certificate_file) + stamp(choice.key_file)
             : "";
}

// What a choice is known by. Each text has its size before it, so that no two choices
// are taken for one.
std::string key_of(const TlsChoice& choice) {
  const crypto::ClientOptions& o = choice.options;
  std::string key = format("{}|{}", static_cast<int>(o.verification), o.system_ca);
  const auto add = [&key](const std::string& text) {
    key += format("|{}:", text.size());
    key += text;
  };
  for (const std::string* one :
       {&o.ca, &choice.certificate_file, &choice.key_file, &o.certificate_pem, &o.key_pem})
    add(*one);
  key += format("|{}", o.ca_pem.size());
  for (const std::string& pem : o.ca_pem) add(pem);
  for (const std::string& name : o.alpn) add(name);
  return crypto::sha256(key);  // short, and without what is secret
}

struct Kept {
  std::string key;
  std::string stamps;  // of its files, when they were read
  TimePoint made;
  std::shared_ptr<crypto::TlsContext> context;
};

std::vector<Kept>& kept_contexts() {
  static thread_local std::vector<Kept> kept;
  return kept;
}

// Null if there is none.
const Kept* find_kept(const std::string& key) {
  std::vector<Kept>& kept = kept_contexts();
  const TimePoint now = system_clock().now();
  std::erase_if(kept, [&](const Kept& one) { return now - one.made > kOldest; });
  const auto at =
      std::find_if(kept.begin(), kept.end(), [&](const Kept& one) { return one.key == key; });
  return at == kept.end() ? nullptr : &*at;
}

void keep(Kept fresh) {
  std::vector<Kept>& kept = kept_contexts();
  std::erase_if(kept, [&](const Kept& one) { return one.key == fresh.key; });
  if (kept.size() >= kMostContexts) kept.erase(kept.begin());
  kept.push_back(std::move(fresh));
}

Result<void> read_pem(const std::string& file, const Reach& reach, std::string& text) {
  if (file.empty()) return {};
  auto read = read_file(file, kMaxPem, reach);
  if (!read) return read.error();
  text = std::move(read).value();
  return {};
}

// Any thread.
TlsContextResult make_context(const TlsChoice& choice) {
  crypto::ClientOptions options = choice.options;
  const Reach& reach = choice.reach;
  if (auto read = read_pem(choice.certificate_file, reach, options.certificate_pem); !read)
    return read.error();
  if (auto read = read_pem(choice.key_file, reach, options.key_pem); !read) return read.error();
  return crypto::TlsContext::client(options);
}

// Nobody's link leads from a file of the choice to one that may not be read. Also when
// the context of another plugin's files of the same names is there already.
Result<void> check_links(const TlsChoice& choice) {
  for (const std::string* file : {&choice.options.ca, &choice.certificate_file, &choice.key_file}) {
    if (file->empty()) continue;
    const auto opened = open_permitted(*file, choice.reach);
    if (!opened && opened.error().code == Errc::denied)
      return opened.error().context("cannot read " + printable(*file, 256));
  }
  return {};
}

// What is said of each certificate of a chain.
void push_info(lua_State* L, const crypto::CertificateInfo& info, double now) {
  const auto since_1970 = [](std::chrono::sys_seconds time) {
    return static_cast<double>(time.time_since_epoch().count());
  };
  const double not_after = since_1970(info.not_after);
  lua_createtable(L, 0, 13);
  set_text(L, "subject", to_utf8(info.subject));
  set_number(L, "not_before", since_1970(info.not_before));
  set_number(L, "not_after", not_after);
  set_number(L, "days_left", (not_after - now) / 86400);
}

void push_texts(lua_State* L, const std::vector<std::string>& texts) {
  lua_createtable(L, static_cast<int>(texts.size()), 0);
  int i = 0;
  for (const std::string& text : texts) {
    const std::string utf8 = to_utf8(text);
    lua_pushlstring(L, utf8.data(), utf8.size());
    lua_rawseti(L, -2, ++i);
  }
}

}  // namespace

void read_tls_choice(lua_State* L, const Options& options, TlsChoice& out, const char* function) {
  out.server_name = options.text("server_name");
  const int type = options.push("verify");
  const bool report = type == LUA_TSTRING && std::string_view(lua_tostring(L, -1)) == "report";
  if (type != LUA_TNIL && type != LUA_TBOOLEAN && !report)
    options.refuse("verify", "is true, false or \"report\"");
  if (report || (type == LUA_TBOOLEAN && lua_toboolean(L, -1) == 0))
    out.options.verification = crypto::Verification::none_insecure;
  lua_pop(L, 1);
  std::string& authorities = out.options.ca_pem.emplace_back();
  read_source(L, options, "ca", authorities, out.options.ca, function);
  if (authorities.empty()) out.options.ca_pem.clear();
  out.options.system_ca = out.options.ca.empty() && out.options.ca_pem.empty();
  read_source(L, options, "cert", out.options.certificate_pem, out.certificate_file, function);
  read_source(L, options, "key", out.options.key_pem, out.key_file, function);
  read_protocols(L, options, out.options.alpn);
  if (has_files(out)) out.reach = reach_of(Context::of(L));
}

bool has_files(const TlsChoice& choice) {
  return !choice.options.ca.empty() || !choice.certificate_file.empty() || !choice.key_file.empty();
}

TlsContextResult tls_context_for(const TlsChoice& choice) {
  std::string key = key_of(choice);
  if (const Kept* kept = find_kept(key)) return kept->context;
  auto made = make_context(choice);
  if (made) keep({std::move(key), "", system_clock().now(), *made});
  return made;
}

std::shared_ptr<void> load_tls_context(Strand& strand, const TlsChoice& choice,
                                       std::function<void(const TlsContextResult&)> done) {
  Context& context = strand.context();
  const std::string key = key_of(choice);
  const Kept* kept = find_kept(key);
  const Kept known = kept == nullptr ? Kept{key, "", {}, nullptr} : *kept;
  auto job =
      FileJob::start(context.loop(), *context.workers(), [choice, known, done = std::move(done)] {
        if (auto may = check_links(choice); !may)
          return std::function<void()>([done, why = may.error()] { done(TlsContextResult(why)); });
        // The stamps first: a change while the files are read is seen the next time.
        std::string stamps = stamps_of(choice);
        const bool same = known.context != nullptr && stamps == known.stamps;
        auto made = std::make_shared<TlsContextResult>(same ? TlsContextResult(known.context)
                                                            : make_context(choice));
        return std::function<void()>([known, stamps, same, made, done] {
          if (made->ok() && !same) keep({known.key, stamps, system_clock().now(), made->value()});
          done(*made);
        });
      });
  if (job == nullptr) return nullptr;
  context.watch(job);
  return {job.get(), [job](void*) { job->forget(); }};
}

void push_certificate(lua_State* L, const crypto::PeerCertificate& certificate) {
  const lua::HostWork unrefused(L);
  const double now = static_cast<double>(Context::of(L).clock().wall()) / 1e9;
  const crypto::CertificateVerdict& verdict = certificate.verdict;
  push_info(L, certificate.details.info, now);
  set_text(L, "issuer", to_utf8(certificate.details.issuer_text));
  set_text(L, "serial", certificate.details.serial);
  set_text(L, "fingerprint", certificate.details.fingerprint_sha256);
  push_texts(L, certificate.details.info.names);
  lua_setfield(L, -2, "names");
  lua_createtable(L, static_cast<int>(certificate.chain.size()), 0);
  int i = 0;
  for (const crypto::CertificateInfo& one : certificate.chain) {
    push_info(L, one, now);
    lua_rawseti(L, -2, ++i);
  }
  lua_setfield(L, -2, "chain");
  set_flag(L, "trusted", verdict.trusted);
  set_flag(L, "name_match", verdict.name_match);
  set_flag(L, "in_time", verdict.in_time);
  set_flag(L, "valid", verdict.error.empty());
  if (!verdict.error.empty()) set_text(L, "error", verdict.error);
}

}  // namespace virgo::binding
