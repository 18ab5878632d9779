# SPDX-License-Identifier: Apache-2.0
# tbot_flags: what every target of ours is compiled with. tbot_add_library() makes a folder's target.

set(TBOT_SANITIZE "" CACHE STRING "Sanitizers, e.g. 'address,undefined' or 'thread'")
option(TBOT_WERROR "Warnings are errors" OFF)
option(TBOT_FUZZ "Build the fuzzers (clang)" OFF)

# What is shipped has the same bytes wherever its source lies; a debugger wants to know where that is.
add_compile_options(
    $<IF:$<CONFIG:MinSizeRel>,-ffile-prefix-map,-fmacro-prefix-map>=${PROJECT_SOURCE_DIR}/=)

add_library(tbot_flags INTERFACE)
target_include_directories(tbot_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(tbot_flags INTERFACE _GNU_SOURCE)
target_compile_options(tbot_flags INTERFACE
    -Wall -Wextra -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes
    -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wundef
    -Wimplicit-fallthrough -Wno-missing-field-initializers -Werror=implicit-function-declaration -Werror=incompatible-pointer-types
    -Werror=int-conversion -Werror=unused-result -fno-common -fvisibility=hidden
    -ffunction-sections -fdata-sections)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(tbot_flags INTERFACE -Wformat-signedness -Wlogical-op -Wduplicated-cond)
endif()
if(TBOT_WERROR)
    target_compile_options(tbot_flags INTERFACE -Werror)
endif()

if(TBOT_SANITIZE)
    target_compile_options(tbot_flags INTERFACE
        -fsanitize=${TBOT_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
    target_link_options(tbot_flags INTERFACE -fsanitize=${TBOT_SANITIZE})
else()
    target_compile_options(tbot_flags INTERFACE
        -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero
        $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
endif()
if(TBOT_FUZZ)
    # What libFuzzer steers by. Programs that are no fuzzers run as ever.
    target_compile_options(tbot_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_link_options(tbot_flags INTERFACE
    $<IF:$<BOOL:$<TARGET_PROPERTY:TBOT_STATIC>>,-static-pie,-pie>
    -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--gc-sections -Wl,--as-needed)

# tbot_add_library(TARGET SOURCES … USES …): a static library of ours.
function(tbot_add_library target)
    cmake_parse_arguments(ARG "" "" "SOURCES;USES;PRIVATE_USES" ${ARGN})
    add_library(${target} STATIC ${ARG_SOURCES})
    target_link_libraries(${target} PUBLIC tbot_flags ${ARG_USES} PRIVATE ${ARG_PRIVATE_USES})
endfunction()

# What the linker really took, beside the program: packaging/sbom/bill reads it.
function(tbot_write_map target)
    target_link_options(${target} PRIVATE -Wl,-Map=$<TARGET_FILE:${target}>.map)
endfunction()
