// What udev knows of a device, /run/udev/data/b8:0: lines such as "E:ID_MODEL=ST4000".
#pragma once

#include <shared/text.hpp>

namespace plugin {

enum UdevProperty {
  kUdevPath,
  kUdevWwn,
  kUdevModel,
  kUdevSerial,
  kUdevRevision,
  kUdevFsType,
  kUdevFsUsage,
  kUdevFsUuid,
  kUdevFsVersion,
  kUdevDmName,
  kUdevDmUuid,
  kUdevDmVgName,
  kUdevDmLvName,
  kUdevDmLvLayer,
  kUdevAta,
  kUdevAtaWriteCache,
  kUdevAtaWriteCacheEnabled,
  kUdevAtaRotationRate,
  kUdevProperties
};
constexpr std::string_view kUdevNames[] = {"ID_PATH",
                                           "ID_WWN",
                                           "ID_MODEL",
                                           "ID_SERIAL_SHORT",
                                           "ID_REVISION",
                                           "ID_FS_TYPE",
                                           "ID_FS_USAGE",
                                           "ID_FS_UUID",
                                           "ID_FS_VERSION",
                                           "DM_NAME",
                                           "DM_UUID",
                                           "DM_VG_NAME",
                                           "DM_LV_NAME",
                                           "DM_LV_LAYER",
                                           "ID_ATA",
                                           "ID_ATA_WRITE_CACHE",
                                           "ID_ATA_WRITE_CACHE_ENABLED",
                                           "ID_ATA_ROTATION_RATE_RPM"};
static_assert(sizeof kUdevNames / sizeof kUdevNames[0] == kUdevProperties);

// Empty where it says nothing. The values lie in the text.
struct UdevData {
  std::string_view values[kUdevProperties] = {};

  UdevData() = default;
  explicit UdevData(std::string_view text) {
    std::string_view line;
    while (take_line(text, &line)) {
      if (!starts_with(line, "E:")) continue;
      line.remove_prefix(2);
      const std::string_view name = take_until(line, '=');
      for (unsigned i = 0; i < kUdevProperties; ++i)
        if (name == kUdevNames[i]) values[i] = line;
    }
  }
  std::string_view operator[](UdevProperty p) const { return values[p]; }
};

}  // namespace plugin
