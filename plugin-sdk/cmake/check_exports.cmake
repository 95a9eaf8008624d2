# cmake -DNM=nm -DFILE=x.so -P check_exports.cmake
# Fails unless the plugin's one dynamic symbol is virgo_module_v1.
execute_process(COMMAND ${NM} -D --defined-only ${FILE} OUTPUT_VARIABLE out RESULT_VARIABLE rc)
if(NOT rc EQUAL 0)
  message(FATAL_ERROR "${NM} cannot read ${FILE}")
endif()
string(REGEX MATCHALL "[^ \n]+\n" symbols "${out}")
string(REPLACE "\n" "" symbols "${symbols}")
if(NOT symbols)
  message(FATAL_ERROR "${FILE} exports no virgo_module_v1: put VIRGO_MODULE_ENTRY() or, in C++, "
    "VIRGO_CXX_MODULE() at the end of one source file")
endif()
if(NOT symbols STREQUAL "virgo_module_v1")
  message(FATAL_ERROR "${FILE} must export virgo_module_v1 and nothing else, but exports: ${symbols}")
endif()
