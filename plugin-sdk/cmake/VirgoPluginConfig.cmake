# find_package(VirgoPlugin 1.0 REQUIRED) gives
#   Virgo::plugin           the headers, as a target to link
#   virgo_add_plugin()      builds a plugin; see VirgoPlugin.cmake beside this file
#   VirgoPlugin_PLUGIN_DIR  the folder where the agent of this tree looks for plugins
#   VirgoPlugin_COMMAND     the `virgo` of this tree; empty if it has none
#
# The version is that of the ABI. Needs C or C++ to be enabled, not both.

# The real path: where /lib is a link to /usr/lib, the headers are not in /include.
get_filename_component(VirgoPlugin_PREFIX_DIR "${CMAKE_CURRENT_LIST_DIR}" REALPATH)
get_filename_component(VirgoPlugin_PREFIX_DIR "${VirgoPlugin_PREFIX_DIR}/../../.." ABSOLUTE)
set(VirgoPlugin_PLUGIN_DIR "${VirgoPlugin_PREFIX_DIR}/lib/virgo/plugins")
set(VirgoPlugin_COMMAND "${VirgoPlugin_PREFIX_DIR}/bin/virgo")
if(NOT EXISTS "${VirgoPlugin_COMMAND}")
  set(VirgoPlugin_COMMAND "")
endif()

if(NOT TARGET Virgo::plugin)
  add_library(Virgo::plugin INTERFACE IMPORTED)
  set_target_properties(Virgo::plugin PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${VirgoPlugin_PREFIX_DIR}/include")
endif()
include("${CMAKE_CURRENT_LIST_DIR}/VirgoPlugin.cmake")
