# The house rules of the build: one static library per folder of common/, one program per folder of tools/,
# one test program per folder of tests/unit/. Each takes every .cc beside its CMakeLists.txt.

add_library(tubepost_flags INTERFACE)
target_compile_options(tubepost_flags INTERFACE
  -Wall -Wextra -Wconversion $<$<NOT:$<BOOL:${TUBEPOST_BATCHES}>>:-Wshadow> -Werror -fstack-protector-strong)
target_compile_definitions(tubepost_flags INTERFACE TUBEPOST_VERSION="${PROJECT_VERSION}")
target_include_directories(tubepost_flags INTERFACE ${PROJECT_SOURCE_DIR}/common)

if(TUBEPOST_FUZZ)
  # Every library is instrumented; only the targets in tests/fuzz link libFuzzer's main.
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -O1 -g1)
  add_link_options(-fsanitize=address,undefined)
elseif(TUBEPOST_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=address,undefined)
elseif(TUBEPOST_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer -O1)
  add_link_options(-fsanitize=thread)
else()
  add_compile_definitions($<$<NOT:$<CONFIG:Debug>>:_FORTIFY_SOURCE=2>)
endif()

find_program(CCACHE ccache)
if(CCACHE)
  # With the paths taken relative to the tree, every clone of it finds what another has compiled.
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros
    CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

# ./quickstart and ./check compile the sources of a target in batches (TUBEPOST_BATCHES), so that what they have in common is read
# once for several (docs/adr/0006).
# For work on the sources they are compiled one by one, which finds the include that is missing.
if(TUBEPOST_BATCHES)
  set(CMAKE_UNITY_BUILD ON)
  set(CMAKE_UNITY_BUILD_BATCH_SIZE 8)
  # In a batch a local name may be a name of the file before, and a type's member is of an unnamed namespace.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-subobject-linkage>)
endif()

# One precompiled header of the standard library serves every target.
file(WRITE ${PROJECT_BINARY_DIR}/pch.cc "")
add_library(tubepost_pch OBJECT ${PROJECT_BINARY_DIR}/pch.cc)
target_link_libraries(tubepost_pch PRIVATE tubepost_flags)
target_precompile_headers(tubepost_pch PRIVATE
  <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <functional> <map> <memory>
  <mutex> <optional> <span> <string> <string_view> <thread> <utility> <variant> <vector>)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-fpch-preprocess)
endif()

function(tubepost_target target)
  target_link_libraries(${target} PRIVATE tubepost_flags)
  target_precompile_headers(${target} REUSE_FROM tubepost_pch)
endfunction()

# Tests are compiled without optimisation, and looked at by the address sanitizer alone: what they test has all of it, and
# they are most of what a check compiles (a file of tests took 17 s of a processor with everything, 5 s so).
function(tubepost_cheap target)
  target_compile_options(${target} PRIVATE -O0 -U_FORTIFY_SOURCE)
  if(TUBEPOST_SANITIZE STREQUAL "address")
    target_compile_options(${target} PRIVATE -fno-sanitize=undefined)
  endif()
endfunction()

# A second one, with GoogleTest, serves the tests (tests/CMakeLists.txt).
function(tubepost_make_test_pch)
  file(WRITE ${PROJECT_BINARY_DIR}/test_pch.cc "")
  add_library(tubepost_test_pch OBJECT ${PROJECT_BINARY_DIR}/test_pch.cc)
  target_link_libraries(tubepost_test_pch PRIVATE tubepost_flags GTest::gtest)
  tubepost_cheap(tubepost_test_pch)
  target_precompile_headers(tubepost_test_pch PRIVATE
    <algorithm> <array> <atomic> <charconv> <chrono> <condition_variable> <cstdint> <filesystem> <fstream> <functional>
    <map> <memory> <mutex> <optional> <span> <string> <string_view> <thread> <utility> <variant> <vector> <gtest/gtest.h>)
endfunction()

# tubepost_library(net USES base log LINK Poco::Net): the library tubepost_net, target alias tubepost::net.
function(tubepost_library name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  list(TRANSFORM ARG_USES PREPEND tubepost::)
  if(NOT sources)  # headers only
    add_library(tubepost_${name} INTERFACE)
    add_library(tubepost::${name} ALIAS tubepost_${name})
    target_link_libraries(tubepost_${name} INTERFACE ${ARG_USES} ${ARG_LINK} Threads::Threads)
    return()
  endif()
  add_library(tubepost_${name} STATIC ${sources})
  add_library(tubepost::${name} ALIAS tubepost_${name})
  tubepost_target(tubepost_${name})
  target_link_libraries(tubepost_${name} PUBLIC ${ARG_USES} ${ARG_LINK} Threads::Threads)
endfunction()

# tubepost_tool(smtpd USES spool auth ...): the program build/bin/smtpd and its manual page.
function(tubepost_tool name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
    return()
  endif()
  list(TRANSFORM ARG_USES PREPEND tubepost::)
  # Everything but main is a library, so that unit tests and fuzz targets can link a tool's session.
  set(parts ${sources})
  list(FILTER parts EXCLUDE REGEX "/main\\.cc$")
  string(REPLACE "-" "_" id ${name})
  if(parts)
    add_library(tool_${id} STATIC ${parts})
    tubepost_target(tool_${id})
    target_include_directories(tool_${id} PUBLIC ${PROJECT_SOURCE_DIR}/tools)
    target_link_libraries(tool_${id} PUBLIC ${ARG_USES} ${ARG_LINK} Threads::Threads)
  endif()
  add_executable(${name} ${CMAKE_CURRENT_SOURCE_DIR}/main.cc)
  tubepost_target(${name})
  target_link_libraries(${name} PRIVATE $<TARGET_NAME_IF_EXISTS:tool_${id}> ${ARG_USES} ${ARG_LINK})
  install(TARGETS ${name} DESTINATION lib/tubepost/bin)
  file(GLOB pages ${CMAKE_CURRENT_SOURCE_DIR}/*.[158])
  foreach(page ${pages})
    string(REGEX REPLACE ".*\\." "" section ${page})
    install(FILES ${page} DESTINATION share/man/man${section})
  endforeach()
endfunction()

# For the sources of a test that read files of the tree: TESTS_FOLDER is tests/. (__FILE__ is no path where a compiler cache
# shortens it.)
function(tubepost_reads_tests)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS "TESTS_FOLDER=\"${PROJECT_SOURCE_DIR}/tests\"")
endfunction()

# tubepost_unit_tests(net USES ...): unit-net from the *_test.cc here.
function(tubepost_unit_tests name)
  cmake_parse_arguments(ARG "" "" "USES;LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  list(TRANSFORM ARG_USES PREPEND tubepost::)
  add_executable(unit-${name} ${sources})
  target_link_libraries(unit-${name} PRIVATE tubepost_flags)
  tubepost_cheap(unit-${name})
  target_precompile_headers(unit-${name} REUSE_FROM tubepost_test_pch)
  target_include_directories(unit-${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/tools)
  target_link_libraries(unit-${name} PRIVATE ${ARG_USES} ${ARG_LINK} GTest::gtest GTest::gtest_main)
  include(GoogleTest)
  gtest_discover_tests(unit-${name} TEST_PREFIX "${name}/" DISCOVERY_TIMEOUT 60)
endfunction()
