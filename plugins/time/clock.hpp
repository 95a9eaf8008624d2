// What adjtimex(2) says about the system's clock, in seconds and ratios.
#pragma once

#include <stdint.h>
#include <sys/timex.h>

namespace plugin {

struct Clock {
  double offset;           // seconds still to be made good
  double estimated_error;  // seconds
  double maximum_error;    // seconds
  double frequency;        // 1.0001: the clock is made to run 100 ppm faster
  double tick;             // seconds between two ticks
  double pps_frequency;    // Hz, as are all in this unit
  double pps_jitter;       // seconds
  double pps_stability;
  bool synchronized;

  // `state`: what adjtimex returned.
  Clock(const timex& t, int state) {
    const double unit = (t.status & STA_NANO) != 0 ? 1e-9 : 1e-6;
    constexpr double kPpm16 = 1e6 * 65536;  // parts per million with a fraction of 16 bits
    offset = static_cast<double>(t.offset) * unit;
    estimated_error = static_cast<double>(t.esterror) / 1e6;
    maximum_error = static_cast<double>(t.maxerror) / 1e6;
    frequency = 1 + static_cast<double>(t.freq) / kPpm16;
    tick = static_cast<double>(t.tick) / 1e6;
    pps_frequency = static_cast<double>(t.ppsfreq) / kPpm16;
    pps_jitter = static_cast<double>(t.jitter) * unit;
    pps_stability = static_cast<double>(t.stabil) / kPpm16;
    synchronized = state != TIME_ERROR;
  }
};

}  // namespace plugin
