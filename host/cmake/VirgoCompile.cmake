# Compiler settings for everything in this tree: virgo::compile is linked by
# every target of ours, never by what is installed for plugin authors.
add_library(virgo_compile INTERFACE)
add_library(virgo::compile ALIAS virgo_compile)

target_compile_options(virgo_compile INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
  $<$<COMPILE_LANGUAGE:CXX>:-Wnon-virtual-dtor -Woverloaded-virtual>
  -fvisibility=hidden -ffunction-sections -fdata-sections)
target_compile_definitions(virgo_compile INTERFACE _GNU_SOURCE)
target_link_options(virgo_compile INTERFACE -Wl,--gc-sections -Wl,-z,relro,-z,now)

if(CMAKE_BUILD_TYPE STREQUAL "RelWithDebInfo")
  target_compile_options(virgo_compile INTERFACE -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
endif()
# Debug info costs build time and ccache space; line tables are enough for a backtrace.
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_C_FLAGS_DEBUG "-O1 -g1")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1")
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")

# Sanitizers apply to plugins and to what is built of third parties too, hence globally.
if(VIRGO_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all)
endif()
if(VIRGO_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(VIRGO_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
elseif(NOT VIRGO_SANITIZE STREQUAL "")
  message(FATAL_ERROR "VIRGO_SANITIZE is '${VIRGO_SANITIZE}': use address, thread or nothing")
endif()
