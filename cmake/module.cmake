# postern_module(NAME [FOLDERS folder...] [DEPS lib...]): one static library from every .cpp beside and below the calling
# CMakeLists.txt, and one test program from every *_test.cpp below tests/unit/NAME. The DEPS are the dependency rule: a
# file may include only what they reach. The FOLDERS are the same rule inside the module, lowest first, with "." for its
# own folder: a file may include only from its own folder and from those before it. The compiler cannot enforce that;
# scripts/lint-layering.mjs does.
set(POSTERN_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror)

function(postern_target_options target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE ${POSTERN_WARNINGS} -fno-omit-frame-pointer)
  target_compile_definitions(${target} PUBLIC
    BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED
    $<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>)
  # The same objects wherever the clone lies.
  target_compile_options(${target} PRIVATE -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
  if(POSTERN_SANITIZE)
    target_compile_options(${target} PUBLIC -fsanitize=${POSTERN_SANITIZE} -fno-sanitize-recover=all)
    target_link_options(${target} PUBLIC -fsanitize=${POSTERN_SANITIZE})
    # Recycled coroutine frames would hide use after free from the sanitizers.
    target_compile_definitions(${target} PUBLIC BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING)
  endif()
  if(POSTERN_FUZZ)
    target_compile_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
    # Programs that are no fuzz target need what counts coverage too, where no sanitizer brings it.
    target_link_options(${target} PUBLIC -fsanitize=fuzzer-no-link)
  endif()
  if(CMAKE_BUILD_TYPE STREQUAL "Release" AND NOT POSTERN_SANITIZE)
    target_compile_options(${target} PRIVATE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -fstack-protector-strong
      -fstack-clash-protection -fcf-protection -fPIE)
    target_link_options(${target} PUBLIC -pie -Wl,-z,relro,-z,now,-z,noexecstack)
  endif()
  target_link_options(${target} PUBLIC -fuse-ld=lld-19)
endfunction()

function(postern_module name)
  cmake_parse_arguments(ARG "" "" "FOLDERS;DEPS" ${ARGN})
  foreach(folder IN LISTS ARG_FOLDERS)
    if(NOT IS_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/${folder})
      message(FATAL_ERROR "FOLDERS of the module ${name} names ${folder}, which does not exist")
    endif()
  endforeach()
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  add_library(postern_${name} STATIC ${sources})
  postern_target_options(postern_${name})
  target_include_directories(postern_${name} PUBLIC ${CMAKE_SOURCE_DIR}/gateway)
  target_link_libraries(postern_${name} PUBLIC ${ARG_DEPS})

  file(GLOB_RECURSE tests CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/tests/unit/${name}/*_test.cpp)
  if(tests AND (NOT POSTERN_TESTS OR name IN_LIST POSTERN_TESTS))
    add_executable(${name}_tests ${tests})
    postern_target_options(${name}_tests)
    target_include_directories(${name}_tests PRIVATE ${CMAKE_SOURCE_DIR}/tests)
    target_link_libraries(${name}_tests PRIVATE postern_${name} postern_test_support GTest::gtest_main GTest::gmock)
    add_test(NAME ${name} COMMAND ${name}_tests)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()

# Apart, so that no other object of the tests depends on where the clone lies. An image is built without the tests.
if(EXISTS ${CMAKE_SOURCE_DIR}/tests/unit)
  add_library(postern_test_support STATIC ${CMAKE_SOURCE_DIR}/tests/unit/source_dir.cpp)
  postern_target_options(postern_test_support)
  target_include_directories(postern_test_support PRIVATE ${CMAKE_SOURCE_DIR}/tests)
  target_compile_definitions(postern_test_support PRIVATE POSTERN_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
endif()
