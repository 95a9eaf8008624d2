#include "base/result.hpp"

namespace virgo {

const char* errc_name(Errc code) {
  switch (code) {
    case Errc::failed:
      return "failed";
    case Errc::invalid:
      return "invalid";
    case Errc::not_found:
      return "not_found";
    case Errc::denied:
      return "denied";
    case Errc::io:
      return "io";
    case Errc::timeout:
      return "timeout";
    case Errc::cancelled:
      return "cancelled";
    case Errc::limit:
      return "limit";
    case Errc::unsupported:
      return "unsupported";
    case Errc::closed:
      return "closed";
  }
  return "failed";
}

}  // namespace virgo
