// Evil: lets exceptions cross the border, from every call there is. Written
// against plugin.h, since plugin.hpp would catch them.
#include <virgo/plugin.h>
#include <stdexcept>

namespace {

virgo_status create(const virgo_host*, virgo_check, void** instance) {
  *instance = nullptr;
  return VIRGO_OK;
}
virgo_status create_throws(const virgo_host*, virgo_check, void**) {
  throw std::runtime_error("boom in create");
}
virgo_status configure_throws(void*, const virgo_config*) {
  throw std::runtime_error("boom in configure");
}
virgo_status collect(void*, virgo_run) {
  return VIRGO_OK;
}
virgo_status collect_throws(void*, virgo_run) {
  throw std::runtime_error("boom in collect");
}
virgo_status collect_throws_int(void*, virgo_run) {
  throw 42;
}
void destroy_throws(void*) {
  throw std::runtime_error("boom in destroy");
}

constexpr virgo_check_type type(const char* name, uint32_t thread,
                                virgo_status (*create_)(const virgo_host*, virgo_check, void**),
                                virgo_status (*configure)(void*, const virgo_config*),
                                virgo_status (*collect_)(void*, virgo_run),
                                void (*destroy)(void*)) {
  return {
      sizeof(virgo_check_type), thread,  0,         0,        name,    "Throws.", VIRGO_ARRAY_NONE,
      VIRGO_ARRAY_NONE,         create_, configure, collect_, nullptr, destroy,   nullptr};
}

constexpr virgo_check_type kLoop =
    type("test.throw_loop", VIRGO_ON_LOOP, create, nullptr, collect_throws, nullptr);
constexpr virgo_check_type kWorker =
    type("test.throw_worker", VIRGO_ON_WORKER, create, nullptr, collect_throws, nullptr);
constexpr virgo_check_type kInt =
    type("test.throw_int", VIRGO_ON_WORKER, create, nullptr, collect_throws_int, nullptr);
constexpr virgo_check_type kCreate =
    type("test.throw_create", VIRGO_ON_LOOP, create_throws, nullptr, collect, nullptr);
constexpr virgo_check_type kConfigure =
    type("test.throw_configure", VIRGO_ON_LOOP, create, configure_throws, collect, nullptr);
constexpr virgo_check_type kDestroy =
    type("test.throw_destroy", VIRGO_ON_LOOP, create, nullptr, collect, destroy_throws);

constexpr const virgo_check_type* kTypes[] = {&kLoop,   &kWorker,    &kInt,
                                              &kCreate, &kConfigure, &kDestroy};
constexpr virgo_module kModule = {
    VIRGO_MODULE_HEADER(0), 6, "test.throw", "1.0.0", nullptr, kTypes, nullptr, nullptr};

}  // namespace

VIRGO_MODULE_ENTRY(kModule, 0);
