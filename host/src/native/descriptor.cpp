#include "native/descriptor.hpp"

#include <cstring>

#include "base/format.hpp"
#include "base/text.hpp"

namespace virgo::native {

metric::Kind kind_of(std::uint32_t kind) {
  if (kind == VIRGO_COUNTER) return metric::Kind::counter;
  if (kind == VIRGO_STATE) return metric::Kind::state;
  return metric::Kind::gauge;
}

namespace {

// More than anybody declares; a count above comes from a damaged table.
constexpr std::uint32_t kMaxTypes = 256;
constexpr std::uint32_t kMaxParams = 1024;
constexpr std::uint32_t kMaxMetrics = 16 * 1024;
constexpr std::size_t kMaxName = 255;

constexpr std::uint32_t kMustUnderstand = 0xffff0000u;

// What version 1.0 promised to be in each struct.
constexpr std::size_t kModuleSize = offsetof(virgo_module, types) + sizeof(void*);
constexpr std::size_t kTypeSize = offsetof(virgo_check_type, destroy) + sizeof(void*);
constexpr std::size_t kParamSize = offsetof(virgo_param, flags) + sizeof(std::uint32_t);
constexpr std::size_t kMetricSize = offsetof(virgo_metric, type) + sizeof(std::uint32_t);

Error refused(std::string text) {
  return {Errc::invalid, std::move(text)};
}

std::string text_or_empty(const char* s) {
  return s == nullptr ? std::string() : to_utf8(s);
}

Result<void> accept(std::uint32_t major, std::uint32_t minor, std::uint32_t requires_minor) {
  if (major != VIRGO_ABI_MAJOR)
    return refused(
        format("was built for plugin ABI {}.{}, this agent speaks {}.{}: rebuild it "
               "against the virgo/plugin.h of version {}",
               major, minor, VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, VIRGO_ABI_MAJOR));
  if (requires_minor > VIRGO_ABI_MINOR)
    return refused(format("requires plugin ABI {}.{}, this agent speaks {}.{}: update the agent",
                          major, requires_minor, VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR));
  return {};
}

Result<void> accept_flags(const std::string& what, std::uint32_t flags) {
  // Version 1.0 knows no must-understand bit at all.
  if ((flags & kMustUnderstand) == 0) return {};
  return refused(
      format("{} carries the flags 0x{:08x}, of which this agent (plugin ABI {}.{}) must "
             "understand 0x{:08x} and does not: update the agent",
             what, flags, VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, flags & kMustUnderstand));
}

Result<void> accept_size(const std::string& what, std::size_t size, std::size_t least) {
  if (size >= least) return {};
  return refused(
      format("{} has {} bytes, but plugin ABI {}.0 has at least {}: the plugin is damaged or "
             "fills struct_size wrongly",
             what, size, VIRGO_ABI_MAJOR, least));
}

bool is_name(const char* s) {
  if (s == nullptr || *s == '\0') return false;
  for (const char* p = s; *p != '\0'; ++p) {
    const char c = *p;
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '.' || c == '_' || c == '-';
    if (!good || p - s >= static_cast<std::ptrdiff_t>(kMaxName)) return false;
  }
  return true;
}

Result<void> accept_array(const std::string& what, const virgo_array& array, std::size_t least,
                          std::uint32_t most) {
  if (array.count == 0) return {};
  if (array.data == nullptr) return refused(format("{}: {} elements at NULL", what, array.count));
  if (array.count > most)
    return refused(format("{}: {} elements, the limit is {}", what, array.count, most));
  return accept_size(what + ": an element", array.stride, least);
}

// The element as this agent knows it; what a shorter stride does not have is zero.
template <class T>
T element(const virgo_array& array, std::uint32_t i) {
  T out{};
  std::memcpy(&out, static_cast<const char*>(array.data) + std::size_t{i} * array.stride,
              std::min<std::size_t>(array.stride, sizeof out));
  return out;
}

Result<void> read_params(const virgo_array& array, TypeDescription& type) {
  const std::string what = format("the parameters of '{}'", type.name);
  if (auto ok = accept_array(what, array, kParamSize, kMaxParams); !ok) return ok;
  for (std::uint32_t i = 0; i < array.count; ++i) {
    const auto p = element<virgo_param>(array, i);
    if (!is_name(p.name)) return refused(format("{}: number {} has no proper name", what, i));
    if (auto ok = accept_flags(format("parameter '{}' of '{}'", p.name, type.name), p.flags); !ok)
      return ok;
    check::ParamInfo info;
    info.name = p.name;
    info.has_fallback = p.fallback != nullptr;
    info.fallback = text_or_empty(p.fallback);
    info.help = text_or_empty(p.help);
    info.type = p.type >= VIRGO_PARAM_BOOL && p.type <= VIRGO_PARAM_MAP
                    ? static_cast<check::ParamType>(p.type)
                    : check::ParamType::text;
    info.required = (p.flags & VIRGO_PARAM_IS_REQUIRED) != 0;
    info.secret = (p.flags & VIRGO_PARAM_IS_SECRET) != 0;
    type.params.push_back(std::move(info));
  }
  return {};
}

Result<void> read_metrics(const virgo_array& array, TypeDescription& type) {
  const std::string what = format("the metrics of '{}'", type.name);
  if (auto ok = accept_array(what, array, kMetricSize, kMaxMetrics); !ok) return ok;
  for (std::uint32_t i = 0; i < array.count; ++i) {
    const auto m = element<virgo_metric>(array, i);
    if (!is_name(m.name)) return refused(format("{}: number {} has no proper name", what, i));
    metric::MetricInfo info;
    info.name = m.name;
    info.unit = text_or_empty(m.unit);
    info.help = text_or_empty(m.help);
    info.kind = kind_of(m.kind);
    const bool known = m.type >= VIRGO_I64 && m.type <= VIRGO_TEXT;
    if (known) info.type = static_cast<metric::Type>(m.type);
    type.metrics.push_back(std::move(info));
    type.known_type.push_back(known);
  }
  return {};
}

Result<TypeDescription> read_type(const virgo_check_type* t, std::uint32_t index) {
  const std::string number = format("check type {}", index);
  if (t == nullptr) return refused(number + " is NULL");
  if (auto ok = accept_size(number, t->struct_size, kTypeSize); !ok) return ok.error();
  if (!is_name(t->name))
    return refused(number + " has no proper name (letters, digits, '.', '_', '-'; at most 255)");
  TypeDescription type;
  type.name = t->name;
  type.summary = text_or_empty(t->summary);
  const std::string what = format("check type '{}'", type.name);
  if (auto ok = accept_flags(what, t->flags); !ok) return ok.error();
  if (t->thread != VIRGO_ON_LOOP && t->thread != VIRGO_ON_WORKER)
    return refused(
        format("{} asks for thread {}, this agent (plugin ABI {}.{}) knows {} (loop) and {} "
               "(worker)",
               what, t->thread, VIRGO_ABI_MAJOR, VIRGO_ABI_MINOR, int{VIRGO_ON_LOOP},
               int{VIRGO_ON_WORKER}));
  if (t->create == nullptr || t->collect == nullptr)
    return refused(format("{} has no {}()", what, t->create == nullptr ? "create" : "collect"));
  type.on_worker = t->thread == VIRGO_ON_WORKER;
  type.serial = (t->flags & VIRGO_CHECK_SERIAL) != 0;
  type.isolate = (t->flags & VIRGO_CHECK_ISOLATE) != 0;
  type.reconfigures = (t->flags & VIRGO_CHECK_RECONFIGURES) != 0;
  if (auto ok = read_params(t->params, type); !ok) return ok.error();
  if (auto ok = read_metrics(t->metrics, type); !ok) return ok.error();
  type.create = t->create;
  type.configure = t->configure;
  type.collect = t->collect;
  type.cancel = t->cancel;
  type.destroy = t->destroy;
  return type;
}

// Only the members that stand where they stand in every major version are
// looked at before the major version is known.
Result<void> accept_module(const virgo_module* m) {
  if (m == nullptr) return refused("virgo_module_v1() returned no module");
  if (m->magic != VIRGO_MODULE_MAGIC)
    return refused(
        format("virgo_module_v1() returned something that is no module (magic 0x{:08x} instead "
               "of 0x{:08x})",
               m->magic, VIRGO_MODULE_MAGIC));
  if (auto ok = accept(m->abi_major, m->abi_minor, 0); !ok) return ok;
  if (auto ok = accept_size("its virgo_module", m->struct_size, kModuleSize); !ok) return ok;
  if (auto ok = accept(m->abi_major, m->abi_minor, m->requires_minor); !ok) return ok;
  if (auto ok = accept_flags("the module", m->flags); !ok) return ok;
  if (!is_name(m->id))
    return refused("the module has no proper id (letters, digits, '.', '_', '-')");
  if (m->type_count == 0 || m->types == nullptr) return refused("the module offers no check type");
  if (m->type_count > kMaxTypes)
    return refused(
        format("the module offers {} check types, the limit is {}", m->type_count, kMaxTypes));
  return {};
}

}  // namespace

Result<void> accept_versions(const AbiNote& note) {
  return accept(note.abi_major, note.abi_minor, note.requires_minor);
}

Result<ModuleDescription> describe(const virgo_module* m) {
  if (auto ok = accept_module(m); !ok) return ok.error();
  ModuleDescription out;
  out.id = m->id;
  out.version = text_or_empty(m->version);
  out.vendor = text_or_empty(m->vendor);
  out.abi_minor = m->abi_minor;
  out.requires_minor = m->requires_minor;
  for (std::uint32_t i = 0; i < m->type_count; ++i) {
    auto type = read_type(m->types[i], i);
    if (!type) return type.error();
    out.types.push_back(std::move(*type));
  }
  if (VIRGO_HAS(virgo_module, m, load)) out.load = m->load;
  if (VIRGO_HAS(virgo_module, m, unload)) out.unload = m->unload;
  return out;
}

}  // namespace virgo::native
