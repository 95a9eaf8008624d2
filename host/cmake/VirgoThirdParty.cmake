# The libraries Virgo stands on, each as virgo_ext::<name>, from Debian 12's
# packages. Static where VIRGO_STATIC_LIBS says so; OpenSSL is always shared,
# for the sake of its security updates.
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.81 REQUIRED)

function(virgo_external name)
  cmake_parse_arguments(ARG "" "STATIC;SHARED;HEADER" "INCLUDE_SUFFIXES;LINK" ${ARGN})
  if(VIRGO_STATIC_LIBS OR NOT ARG_SHARED)
    find_library(VIRGO_LIB_${name} NAMES ${ARG_STATIC} REQUIRED)
  else()
    find_library(VIRGO_LIB_${name} NAMES ${ARG_SHARED} REQUIRED)
  endif()
  find_path(VIRGO_INC_${name} NAMES ${ARG_HEADER} PATH_SUFFIXES ${ARG_INCLUDE_SUFFIXES} REQUIRED)
  # An imported target rather than an interface with a file name in it: only then
  # does CMake put the library in front of those it needs.
  add_library(virgo_ext_${name} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(virgo_ext_${name} PROPERTIES
    IMPORTED_LOCATION ${VIRGO_LIB_${name}}
    INTERFACE_INCLUDE_DIRECTORIES ${VIRGO_INC_${name}})
  target_link_libraries(virgo_ext_${name} INTERFACE ${ARG_LINK})
  add_library(virgo_ext::${name} ALIAS virgo_ext_${name})
endfunction()

virgo_external(uv STATIC libuv_a.a SHARED libuv.so HEADER uv.h LINK Threads::Threads ${CMAKE_DL_LIBS})
virgo_external(luajit STATIC libluajit-5.1.a SHARED libluajit-5.1.so HEADER luajit.h
  INCLUDE_SUFFIXES luajit-2.1 LINK m ${CMAKE_DL_LIBS})
virgo_external(luv STATIC liblua5.1-luv.a HEADER luv/luv.h INCLUDE_SUFFIXES lua5.1
  LINK virgo_ext_luajit virgo_ext_uv)
virgo_external(yaml STATIC libyaml-cpp.a SHARED libyaml-cpp.so HEADER yaml-cpp/yaml.h)
virgo_external(json STATIC libboost_json.a SHARED libboost_json.so HEADER boost/json.hpp)

# llhttp: Debian ships its C sources, in a package of Node's, and no library of them.
find_path(VIRGO_SRC_llhttp NAMES llhttp.c PATHS /usr/share/llhttp REQUIRED)
find_path(VIRGO_INC_llhttp NAMES llhttp.h PATHS /usr/share/include PATH_SUFFIXES llhttp REQUIRED)
add_library(virgo_ext_llhttp STATIC ${VIRGO_SRC_llhttp}/api.c ${VIRGO_SRC_llhttp}/http.c
  ${VIRGO_SRC_llhttp}/llhttp.c)
target_include_directories(virgo_ext_llhttp SYSTEM PUBLIC ${VIRGO_INC_llhttp})
target_compile_options(virgo_ext_llhttp PRIVATE -O2 -w -fvisibility=hidden -ffunction-sections
  -fdata-sections)
add_library(virgo_ext::llhttp ALIAS virgo_ext_llhttp)

add_library(virgo_ext_openssl INTERFACE)
target_link_libraries(virgo_ext_openssl INTERFACE OpenSSL::SSL OpenSSL::Crypto)
add_library(virgo_ext::openssl ALIAS virgo_ext_openssl)

# Boost.DLL is header-only with std::filesystem.
add_library(virgo_ext_boost_dll INTERFACE)
target_compile_definitions(virgo_ext_boost_dll INTERFACE BOOST_DLL_USE_STD_FS)
target_link_libraries(virgo_ext_boost_dll INTERFACE Boost::headers ${CMAKE_DL_LIBS})
add_library(virgo_ext::boost_dll ALIAS virgo_ext_boost_dll)

# {fmt}: Debian ships only the shared library; base/format.cpp compiles it in.
find_path(VIRGO_INC_fmt NAMES fmt/core.h REQUIRED)
add_library(virgo_ext_fmt INTERFACE)
target_include_directories(virgo_ext_fmt SYSTEM INTERFACE ${VIRGO_INC_fmt})
add_library(virgo_ext::fmt ALIAS virgo_ext_fmt)
