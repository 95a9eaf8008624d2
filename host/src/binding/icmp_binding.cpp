#include "binding/icmp_binding.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <lua.hpp>

#include "base/format.hpp"
#include "base/text.hpp"
#include "binding/bindings.hpp"
#include "binding/handle.hpp"
#include "binding/lookup.hpp"
#include "binding/options.hpp"
#include "binding/pending.hpp"
#include "binding/permits.hpp"
#include "binding/strand.hpp"
#include "net/ping.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kPing = "virgo.icmp.ping";
constexpr double kDefaultTimeout = 5;
constexpr double kDefaultSize = 56;

// Finds the host's address, and sends it a request.
class PingHost {
 public:
  // `status` of an error: a name that has no address is no request that was not answered.
  using Done = std::function<void(const Result<net::PingReply>&, const char* status)>;
  PingHost(uv::Loop& loop, std::string host, int family, net::PingOptions options, Done done)
      : loop_(loop),
        host_(std::move(host)),
        family_(family),
        options_(options),
        done_(std::move(done)),
        until_(system_clock().now() + options.timeout),
        lookup_(std::make_unique<Lookup>(
            loop, host_, 0, options.timeout,
            [this](const Result<uv::Resolver::Addresses>& found) { resolved(found); })) {}

 private:
  void resolved(const Result<uv::Resolver::Addresses>& found) {
    const Done done = done_;  // it may destroy this
    if (!found)
      return done(found.error(), found.error().code == Errc::timeout ? "timeout" : "failed");
    const auto at = std::find_if(found->begin(), found->end(), [this](const auto& address) {
      return family_ == AF_UNSPEC || address.ss_family == family_;
    });
    if (at == found->end())
      return done(Error{Errc::not_found, format("{} has no address of that family", host_)},
                  "failed");
    options_.address = *at;
    options_.timeout = std::max<Duration>(until_ - system_clock().now(), Duration(1));
    ping_ =
        std::make_unique<net::Ping>(loop_, options_, [this](const Result<net::PingReply>& result) {
          const Done last = done_;  // the same
          last(result, result ? "" : status_of(result.error()));
        });
  }

  uv::Loop& loop_;
  const std::string host_;
  const int family_;
  net::PingOptions options_;
  const Done done_;
  const TimePoint until_;
  std::unique_ptr<Lookup> lookup_;
  std::unique_ptr<net::Ping> ping_;
};

void answered(Strand& strand, const Result<net::PingReply>& result, const char* status) {
  if (!result) return strand.complete_error(Error(result.error()), status);
  strand.complete([&](lua_State* L) {
    lua_pushnumber(L, std::chrono::duration<double>(result->took).count());
    lua_pushlstring(L, result->address.data(), result->address.size());
    if (result->ttl < 0)
      lua_pushnil(L);
    else
      lua_pushinteger(L, result->ttl);
    return 3;
  });
}

void start(lua_State* L, Strand& strand, const char* host, int family,
           const net::PingOptions& options) {
  const lua::HostWork unrefused(L);
  const std::string name = host;
  auto ping = std::make_unique<PingHost>(
      strand.context().loop(), name, family, options,
      [&strand](const Result<net::PingReply>& result, const char* status) {
        answered(strand, result, status);
      });
  strand.context().opened("icmp", name);
  strand.wait_for(L, format("{} of {}", kPing, printable(name, 255)),
                  hold(strand, "icmp", name, std::move(ping)));
}

// virgo.icmp.ping(host [, {timeout =, size =, family = 4 | 6}]) -> seconds, address, ttl
// | nil, error
int ping(lua_State* L) {
  static constexpr std::array<std::string_view, 3> kOptions = {"timeout", "size", "family"};
  Strand& strand = Strand::current(L, kPing);
  const char* host = check_host(L, 1).data();
  lua_settop(L, 2);
  const Options given(L, 2, kPing, kOptions);
  net::PingOptions options;
  options.timeout = as_duration(given.seconds("timeout", kDefaultTimeout));
  options.size = static_cast<std::size_t>(
      given.whole("size", net::Ping::kMinSize, net::Ping::kMaxSize, kDefaultSize));
  const int family = given.family();
  check_net(L, Net::icmp, kPing);
  check_room(L, strand, kPing);
  lua::check_can_wait(L, kPing);
  start(L, strand, host, family, options);
  return lua::wait(L);
}

}  // namespace

int open_icmp(lua_State* L) {
  static constexpr Method kFunctions[] = {{"ping", ping}, {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

}  // namespace virgo::binding
