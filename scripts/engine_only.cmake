# Read by CMake right after llama-cpp-python's `project(llama_cpp)`, by way of CMAKE_PROJECT_llama_cpp_INCLUDE.
# Only the engine is built: the common library, which the binding switches on but never loads, is two thirds
# of the compile time, and without version suffixes the wheel holds each library once and not three times.
set(LLAMA_BUILD_COMMON OFF)
set(CMAKE_PLATFORM_NO_VERSIONED_SONAME ON)
