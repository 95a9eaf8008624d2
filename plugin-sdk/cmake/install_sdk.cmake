# The SDK in an installed tree, all of it relocatable:
#   include/virgo                 the headers
#   lib/cmake/VirgoPlugin         find_package(VirgoPlugin)
#   lib/pkgconfig/virgo-plugin.pc pkg-config --cflags --libs virgo-plugin
#   share/virgo/sdk               the template of `virgo plugin new`, examples with
#                                 their tests, docs
#
# The version of both packages is that of the ABI, never that of the product: a
# plugin asks for what the header promises.
include(CMakePackageConfigHelpers)

function(virgo_abi_number name out)
  file(STRINGS ${CMAKE_CURRENT_SOURCE_DIR}/include/virgo/plugin.h line REGEX "^#define ${name} [0-9]+$")
  if(NOT line MATCHES "([0-9]+)$")
    message(FATAL_ERROR "include/virgo/plugin.h does not define ${name} as a number")
  endif()
  set(${out} ${CMAKE_MATCH_1} PARENT_SCOPE)
endfunction()
virgo_abi_number(VIRGO_ABI_MAJOR major)
virgo_abi_number(VIRGO_ABI_MINOR minor)
set(VIRGO_ABI_VERSION ${major}.${minor}.0)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS include/virgo/plugin.h)

# In the build tree the same, so that its binary and its SDK can be tried there:
# package files are made in place, the rest is copied when it changes.
set(package ${CMAKE_BINARY_DIR}/lib/cmake/VirgoPlugin)
set(pkgconfig ${CMAKE_BINARY_DIR}/lib/pkgconfig)
write_basic_package_version_file(${package}/VirgoPluginConfigVersion.cmake
  VERSION ${VIRGO_ABI_VERSION} COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
configure_file(cmake/virgo-plugin.pc.in ${pkgconfig}/virgo-plugin.pc @ONLY)
foreach(file VirgoPluginConfig.cmake VirgoPlugin.cmake virgo_plugin.map check_exports.cmake)
  configure_file(cmake/${file} ${package}/${file} COPYONLY)
endforeach()

install(DIRECTORY ${package} DESTINATION lib/cmake)
install(FILES ${pkgconfig}/virgo-plugin.pc DESTINATION lib/pkgconfig)
install(DIRECTORY include/virgo DESTINATION include)
install(FILES README.md include/LICENSE DESTINATION share/virgo/sdk)
install(FILES abi/CHANGES.md abi/README.md DESTINATION share/virgo/sdk/abi)
foreach(folder template examples docs)
  if(IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
    install(DIRECTORY ${folder} DESTINATION share/virgo/sdk)
  endif()
endforeach()

# What the pages point at beyond this folder: the guide to Lua checks, and the unit
# tests of the examples, which compile with -I share/virgo/sdk/tests.
install(FILES ${CMAKE_SOURCE_DIR}/lua-plugins/README.md DESTINATION share/virgo/lua-plugins)
foreach(file scripted.hpp banner_test.cpp open_files_test.cpp sqlite_test.cpp traffic_test.cpp)
  install(FILES ${CMAKE_SOURCE_DIR}/tests/sdk/${file} DESTINATION share/virgo/sdk/tests/sdk)
endforeach()

function(virgo_mirror folder to)
  file(GLOB_RECURSE files RELATIVE ${CMAKE_CURRENT_SOURCE_DIR}/${folder} CONFIGURE_DEPENDS ${folder}/*)
  foreach(file ${files})
    add_custom_command(OUTPUT ${to}/${file} DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${file}
      COMMAND ${CMAKE_COMMAND} -E copy ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${file} ${to}/${file})
    list(APPEND copies ${to}/${file})
  endforeach()
  set(copies ${copies} PARENT_SCOPE)
endfunction()
virgo_mirror(include/virgo ${CMAKE_BINARY_DIR}/include/virgo)
virgo_mirror(template ${VIRGO_SHARE_DIR}/sdk/template)
add_custom_target(plugin_sdk ALL DEPENDS ${copies})
