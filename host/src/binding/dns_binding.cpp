#include "binding/dns_binding.hpp"

#include <algorithm>
#include <array>
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
#include "lua/scratch.hpp"
#include "net/dns_query.hpp"
#include "uv/udp.hpp"

namespace virgo::binding {
namespace {

constexpr const char* kQuery = "virgo.dns.query";
constexpr const char* kLookup = "virgo.dns.lookup";
constexpr double kDefaultTimeout = 5;

bool is_permitted(lua_State* L, Net kind) {
  const Permits& permits = Context::of(L).permits();
  const auto bit = static_cast<std::uint8_t>(kind);
  return (permits.declared.net & bit) != 0 &&
         (!permits.narrows_net || (permits.allowed.net & bit) != 0);
}

void push_field(lua_State* L, const net::DnsRecord::Field& field) {
  using Kind = net::DnsRecord::Field::Kind;
  if (field.kind == Kind::number) {
    lua_pushnumber(L, field.number);
  } else if (field.kind == Kind::text) {
    lua_pushlstring(L, field.texts[0].data(), field.texts[0].size());
  } else {
    lua_createtable(L, static_cast<int>(field.texts.size()), 0);
    int i = 0;
    for (const std::string& text : field.texts) {
      lua_pushlstring(L, text.data(), text.size());
      lua_rawseti(L, -2, ++i);
    }
  }
}

void set_records(lua_State* L, const char* name, const std::vector<net::DnsRecord>& records) {
  lua_createtable(L, static_cast<int>(records.size()), 0);
  int i = 0;
  for (const net::DnsRecord& record : records) {
    lua_createtable(L, 0, static_cast<int>(record.fields.size()) + 4);
    set_text(L, "name", record.name);
    set_text(L, "type", net::dns_type_name(record.type));
    set_text(L, "text", record.text);
    lua_pushnumber(L, record.ttl);
    lua_setfield(L, -2, "ttl");
    for (const auto& field : record.fields) {
      push_field(L, field);
      lua_setfield(L, -2, field.name);
    }
    lua_rawseti(L, -2, ++i);
  }
  lua_setfield(L, -2, name);
}

int push_answer(lua_State* L, const net::DnsAnswer& answer) {
  const lua::HostWork unrefused(L);
  lua_createtable(L, 0, 9);
  set_text(L, "rcode", net::dns_rcode_name(answer.message.rcode));
  set_flag(L, "authoritative", answer.message.authoritative);
  set_flag(L, "recursion_available", answer.message.recursion_available);
  set_flag(L, "tcp", answer.tcp);
  set_text(L, "server", answer.server);
  lua_pushnumber(L, std::chrono::duration<double>(answer.took).count());
  lua_setfield(L, -2, "seconds");
  set_records(L, "answers", answer.message.answers);
  set_records(L, "authorities", answer.message.authorities);
  set_records(L, "additionals", answer.message.additionals);
  return 1;
}

// An address is what its PTR record is asked for by.
void fill_question(const Options& options, std::string_view name, net::DnsQuestion& question) {
  question.name = name;
  if (question.type == net::DnsType::ptr)
    if (auto reverse = net::dns_reverse_name(question.name)) question.name = *std::move(reverse);
  const std::string_view server = options.text("server");
  if (server.empty())
    question.servers = net::system_dns_servers();
  else
    question.servers.emplace_back(server);
  question.port = static_cast<std::uint16_t>(options.whole("port", 1, 65535, 53));
  question.timeout = as_duration(options.seconds("timeout", kDefaultTimeout));
  question.tcp = options.flag("tcp", false);
}

void start_query(lua_State* L, Strand& strand, net::DnsQuestion& question) {
  const lua::HostWork unrefused(L);
  const std::string what =
      format("{} {}", net::dns_type_name(static_cast<std::uint16_t>(question.type)),
             printable(question.name, 256));
  auto query = std::make_unique<net::DnsQuery>(
      strand.context().loop(), std::move(question), [&strand](const Result<net::DnsAnswer>& r) {
        if (!r)
          strand.complete_error(Error(r.error()), status_of(r.error()));
        else
          strand.complete([&](lua_State* l) { return push_answer(l, *r); });
      });
  strand.context().opened("dns", what);
  strand.wait_for(L, format("{} of {}", kQuery, what), hold(strand, "dns", what, std::move(query)));
}

net::DnsType check_type(lua_State* L, int index) {
  std::size_t size = 0;
  const char* name = luaL_checklstring(L, index, &size);
  const auto type = net::dns_type_named({name, size});
  if (!type) luaL_argerror(L, index, "one of A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV and TXT");
  return *type;
}

// virgo.dns.query(name, type [, options]) -> answer | nil, error
int query(lua_State* L) {
  static constexpr std::array<std::string_view, 4> kOptions = {"server", "port", "timeout", "tcp"};
  Strand& strand = Strand::current(L, kQuery);
  const std::string_view name = check_host(L, 1);
  const net::DnsType type = check_type(L, 2);
  lua_settop(L, 3);
  const Options options(L, 3, kQuery, kOptions);
  check_net(L, Net::dns, kQuery);
  auto& question = lua::push_reused<net::DnsQuestion>(L, "virgo.dns.question");
  question.type = type;
  fill_question(options, name, question);
  check_room(L, strand, kQuery);
  lua::check_can_wait(L, kQuery);
  start_query(L, strand, question);
  return lua::wait(L);
}

int push_addresses(lua_State* L, const uv::Resolver::Addresses& found, int family) {
  const lua::HostWork unrefused(L);
  std::vector<std::string> texts;
  for (const sockaddr_storage& address : found) {
    if (family != AF_UNSPEC && address.ss_family != family) continue;
    std::string text = uv::ip_of(reinterpret_cast<const sockaddr*>(&address));
    if (std::find(texts.begin(), texts.end(), text) == texts.end())
      texts.push_back(std::move(text));
  }
  if (texts.empty())
    return push_failure(L, "unreachable",
                        Error{Errc::not_found, "the host has no address of that family"});
  lua_createtable(L, static_cast<int>(texts.size()), 0);
  int i = 0;
  for (const std::string& text : texts) {
    lua_pushlstring(L, text.data(), text.size());
    lua_rawseti(L, -2, ++i);
  }
  return 1;
}

void start_lookup(lua_State* L, Strand& strand, std::string_view host, double timeout, int family) {
  const lua::HostWork unrefused(L);
  const std::string name(host);
  auto lookup = std::make_unique<Lookup>(
      strand.context().loop(), name, 0, as_duration(timeout),
      [&strand, family](const Result<uv::Resolver::Addresses>& r) {
        if (!r)
          strand.complete_error(Error(r.error()), status_of(r.error()));
        else
          strand.complete([&](lua_State* l) { return push_addresses(l, *r, family); });
      });
  strand.wait_for(L, format("{} of {}", kLookup, printable(name, 255)),
                  hold(strand, "dns", name, std::move(lookup)));
}

// virgo.dns.lookup(host [, {timeout =, family = 4 | 6}]) -> list of addresses | nil, error
int lookup(lua_State* L) {
  static constexpr std::array<std::string_view, 2> kOptions = {"timeout", "family"};
  Strand& strand = Strand::current(L, kLookup);
  const std::string_view host = check_host(L, 1);
  lua_settop(L, 2);
  const Options options(L, 2, kLookup, kOptions);
  const double timeout = options.seconds("timeout", 86400);
  const int family = options.family();
  // Whoever may connect is told addresses anyway.
  check_net(L, is_permitted(L, Net::tcp) ? Net::tcp : Net::dns, kLookup);
  check_room(L, strand, kLookup);
  lua::check_can_wait(L, kLookup);
  start_lookup(L, strand, host, timeout, family);
  return lua::wait(L);
}

}  // namespace

int open_dns(lua_State* L) {
  static constexpr Method kFunctions[] = {{"query", query}, {"lookup", lookup}, {nullptr, nullptr}};
  return open_functions(L, kFunctions);
}

}  // namespace virgo::binding
