# Read instead of engine_only.cmake where the engine is built to be carried to another machine, which may lack OpenMP:
# it lies beside the engine then. The C++ library is taken from that machine, since only one can be loaded.
include("${CMAKE_CURRENT_LIST_DIR}/engine_only.cmake")
execute_process(
    COMMAND "${CMAKE_C_COMPILER}" -print-file-name=libgomp.so.1
    OUTPUT_VARIABLE openmp
    OUTPUT_STRIP_TRAILING_WHITESPACE)
if(IS_ABSOLUTE "${openmp}")
    file(REAL_PATH "${openmp}" openmp)
    install(FILES "${openmp}" DESTINATION "${SKBUILD_PLATLIB_DIR}/llama_cpp/lib" RENAME libgomp.so.1)
endif()
