// The commands of `virgo`, one file each.
#pragma once

#include "cli/args.hpp"

namespace virgo::cli {

const Command& run_command();             // run_command.cpp
const Command& endpoint_command();        // endpoint_command.cpp
const Command& demo_command();            // endpoint_command.cpp
const Command& config_check_command();    // config_command.cpp
const Command& config_show_command();     // config_command.cpp
const Command& config_options_command();  // config_command.cpp

const Command& ctl_status_command();  // ctl_command.cpp
const Command& ctl_checks_command();  // ctl_command.cpp

const Command& lua_command();  // lua_command.cpp

const Command& plugin_new_command();       // plugin_new_command.cpp
const Command& plugin_info_command();      // plugin_info_command.cpp
const Command& plugin_run_command();       // plugin_run_command.cpp
const Command& plugin_test_command();      // plugin_test_command.cpp
const Command& plugin_describe_command();  // plugin_describe_command.cpp
const Command& plugin_list_command();      // plugin_list_command.cpp
const Command& plugin_retry_command();     // plugin_list_command.cpp

}  // namespace virgo::cli
