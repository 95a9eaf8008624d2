# virgo_add_plugin(NAME name SOURCES file... [LINK library...] [OUTPUT_DIRECTORY dir] [NO_INSTALL])
#
# Builds name.so, a module that exports virgo_module_v1 and nothing else, as the
# target `name`; adds a test that it does so (seen by ctest after
# enable_testing()); installs it into lib/virgo/plugins unless NO_INSTALL.
# C sources, C++ sources (as C++17, or later if the project says so), or both; gcc
# and clang. It is put into OUTPUT_DIRECTORY, or VIRGO_PLUGIN_DIR if that is set, or
# the current build folder.

function(virgo_add_plugin)
  cmake_parse_arguments(ARG "NO_INSTALL" "NAME;OUTPUT_DIRECTORY" "SOURCES;LINK" ${ARGN})
  if(NOT ARG_NAME OR NOT ARG_SOURCES OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "virgo_add_plugin(NAME name SOURCES file... [LINK library...] "
      "[OUTPUT_DIRECTORY dir] [NO_INSTALL]); not understood: '${ARG_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT ARG_OUTPUT_DIRECTORY)
    set(ARG_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
    if(VIRGO_PLUGIN_DIR)
      set(ARG_OUTPUT_DIRECTORY ${VIRGO_PLUGIN_DIR})
    endif()
  endif()
  set(map ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/virgo_plugin.map)

  add_library(${ARG_NAME} MODULE ${ARG_SOURCES})
  target_link_libraries(${ARG_NAME} PRIVATE Virgo::plugin ${ARG_LINK})
  if(CMAKE_CXX_COMPILER_LOADED)
    target_compile_features(${ARG_NAME} PRIVATE cxx_std_17)
  endif()
  # $<1:...> keeps generators with several configurations from adding one to the path.
  set_target_properties(${ARG_NAME} PROPERTIES
    PREFIX "" LIBRARY_OUTPUT_DIRECTORY $<1:${ARG_OUTPUT_DIRECTORY}> LINK_DEPENDS ${map}
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
  # The version script rather than visibility alone: templates of the standard
  # library are exported whatever -fvisibility says, and GNU unique symbols would
  # be shared between plugins, were they not made local here. --as-needed drops
  # libstdc++ from plugins that do not use it. libgcc_s stays shared: libstdc++
  # needs it anyway, and a plugin with an unwinder of its own ends the process when
  # an exception leaves it.
  target_link_options(${ARG_NAME} PRIVATE "-Wl,--version-script=${map}" -Wl,--as-needed)
  # Missing symbols show at link time; a sanitizer's come with the program.
  if(NOT VIRGO_SANITIZE AND NOT "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-fsanitize=")
    target_link_options(${ARG_NAME} PRIVATE -Wl,-z,defs)
  endif()

  add_test(NAME plugin.${ARG_NAME}.exports COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM}
    -DFILE=$<TARGET_FILE:${ARG_NAME}> -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/check_exports.cmake)
  if(NOT ARG_NO_INSTALL)
    install(TARGETS ${ARG_NAME} LIBRARY DESTINATION lib/virgo/plugins)
  endif()
endfunction()
