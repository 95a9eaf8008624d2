// SPDX-License-Identifier: MIT
//
// virgo/plugin.hpp - C++17 sugar over virgo/plugin.h.
//
// A check is a class. It derives from nothing; what it has is what it offers:
//
//   class Queue {
//    public:
//     static constexpr const char* kName = "acme.queue";
//     static constexpr const char* kSummary = "Length of the Acme queue.";
//     static constexpr uint32_t kThread = VIRGO_ON_LOOP;
//     static constexpr virgo_metric kMetrics[] = {                       // optional
//         virgo::sdk::gauge("acme.queue.length", "{job}", "Jobs waiting.", VIRGO_U64)};
//     static constexpr virgo_param kParams[] = {                         // optional
//         virgo::sdk::param("path", VIRGO_PARAM_TEXT, "/run/acme", "Where the queue lies.")};
//     static constexpr uint32_t kFlags = VIRGO_CHECK_SERIAL;             // optional
//
//     explicit Queue(virgo::sdk::Host host);
//     void configure(virgo::sdk::Config root);                           // optional
//     virgo_status collect(virgo::sdk::Run run);
//     void cancel(virgo::sdk::Run run) noexcept;                         // optional
//     static virgo_status load(virgo::sdk::Host module);                 // optional
//     static void unload() noexcept;                                     // optional
//   };
//   VIRGO_CXX_MODULE("com.acme.queue", "1.2.0", Queue);
//
// configure() and collect() may return virgo_status or void (= VIRGO_OK), and may
// throw: the exception stops here and its text becomes the run's explanation. load()
// and unload() are those of the module, for what all its instances share.
//
// A check that waits without keeping a thread does it with a Loop, the sugar over
// ext/loop.h: timers, descriptors, posts and work that call its methods, and
// allocate nothing.
//
//   explicit Probe(virgo::sdk::Host host) : loop_(host) {}
//   virgo_status collect(virgo::sdk::Run run) {
//     if (!loop_) return VIRGO_ERR_UNSUPPORTED;              // an agent without it
//     run_ = run.id(); fd_ = ...;
//     loop_.watch<&Probe::ready>(this, run, fd_, VIRGO_READABLE);
//     loop_.after<&Probe::timed_out>(this, run, 500'000'000);
//     return VIRGO_PENDING;
//   }
//   void ready(uint32_t events);    // completes the run, and both end with it
//   void timed_out();
//
// Everything is compiled into the plugin and no C++ type crosses the border. The
// header itself calls nothing of the C++ runtime library, so a check built with
// -fno-exceptions -fno-rtti that keeps to that needs no libstdc++ at all.
//
// For contracts, threads and ownership see plugin.h: nothing here changes them.
#pragma once

#include "sdk/check_class.hpp"
#include "sdk/config.hpp"
#include "sdk/host.hpp"
#include "sdk/loop.hpp"

// Once per module, with every check class it offers.
#define VIRGO_CXX_MODULE(ID, VERSION, ...) VIRGO_CXX_MODULE_BY(nullptr, 0, ID, VERSION, __VA_ARGS__)

// The same with the name of its maker, and the oldest minor of the ABI it can live
// with (see requires_minor in plugin.h).
#define VIRGO_CXX_MODULE_BY(VENDOR, REQUIRES_MINOR, ID, VERSION, ...)               \
  static constexpr virgo_module virgo_cxx_module_ =                                 \
      virgo::sdk::detail::module<__VA_ARGS__>(ID, VERSION, VENDOR, REQUIRES_MINOR); \
  VIRGO_MODULE_ENTRY(virgo_cxx_module_, REQUIRES_MINOR)
