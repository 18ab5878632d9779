# SPDX-License-Identifier: Apache-2.0
# The libraries we stand on, each as one target dep_NAME. docs/dependencies.md says why each is here.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
pkg_check_modules(OPENSSL REQUIRED IMPORTED_TARGET libcrypto>=3.0 libssl>=3.0)
pkg_check_modules(YAML REQUIRED IMPORTED_TARGET yaml-0.1)
pkg_check_modules(JANSSON REQUIRED IMPORTED_TARGET jansson)
pkg_check_modules(MICROHTTPD REQUIRED IMPORTED_TARGET libmicrohttpd)
pkg_check_modules(ZLIB REQUIRED IMPORTED_TARGET zlib)
pkg_check_modules(PROTOBUFC REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(SECCOMP REQUIRED IMPORTED_TARGET libseccomp>=2.5)
pkg_check_modules(GRPC REQUIRED IMPORTED_TARGET grpc_unsecure gpr)
find_library(HTTP_PARSER_LIBRARY http_parser REQUIRED)
find_program(PROTOC protoc REQUIRED)
find_program(PROTOC_C protoc-c REQUIRED)

# ThreadSanitizer cannot see abseil's locks; its suppressions name shared libraries, so that build
# links gRPC dynamically. Everywhere else the static archives make the program smaller and quicker.
option(TBOT_STATIC_GRPC "Link gRPC and abseil statically where their archives exist" ON)

# A target with the property TBOT_STATIC is linked without any shared library: cmake/static.cmake. So that both
# kinds of program can be made of the same objects, what a library is linked as is asked of the program.
set(is_static $<BOOL:$<TARGET_PROPERTY:TBOT_STATIC>>)

add_library(dep_grpc INTERFACE)

# Puts into `out` the static form of every library pkg-config names, and OFF when one has none.
function(tbot_static_archives out)
    set(archives)
    foreach(flag IN LISTS GRPC_STATIC_LDFLAGS)
        if(NOT flag MATCHES "^-l(.+)$")
            continue()
        endif()
        set(name ${CMAKE_MATCH_1})
        if(name MATCHES "^(rt|m|dl|pthread|atomic)$")
            continue()
        endif()
        find_library(ARCHIVE_${name} lib${name}.a HINTS ${GRPC_LIBRARY_DIRS} NO_CACHE)
        if(NOT ARCHIVE_${name})
            set(${out} OFF PARENT_SCOPE)
            return()
        endif()
        list(APPEND archives ${ARCHIVE_${name}})
    endforeach()
    # Debian's grpc_unsecure.pc leaves these out of its static list.
    foreach(name upb address_sorting cares)
        find_library(ARCHIVE_${name} lib${name}.a NO_CACHE)
        if(NOT ARCHIVE_${name})
            set(${out} OFF PARENT_SCOPE)
            return()
        endif()
        list(APPEND archives ${ARCHIVE_${name}})
    endforeach()
    list(REMOVE_DUPLICATES archives)
    set(${out} "${archives}" PARENT_SCOPE)
endfunction()

set(TBOT_GRPC_ARCHIVES OFF)
if(TBOT_STATIC_GRPC)
    tbot_static_archives(TBOT_GRPC_ARCHIVES)
endif()
if(TBOT_GRPC_ARCHIVES)
    target_include_directories(dep_grpc INTERFACE ${GRPC_INCLUDE_DIRS})
    target_link_libraries(dep_grpc INTERFACE
        -Wl,--start-group ${TBOT_GRPC_ARCHIVES} -Wl,--end-group
        -Wl,-Bstatic -lstdc++ $<$<NOT:${is_static}>:-Wl,-Bdynamic> -lz -lm Threads::Threads)
    message(STATUS "gRPC: linked statically")
else()
    target_link_libraries(dep_grpc INTERFACE PkgConfig::GRPC Threads::Threads)
    message(STATUS "gRPC: linked dynamically")
endif()

# Small libraries are linked statically too where they can be: fewer files to map at start.
function(tbot_dependency target pkg_target archive)
    add_library(${target} INTERFACE)
    find_library(${target}_ARCHIVE ${archive} NO_CACHE)
    if(TBOT_STATIC_GRPC AND ${target}_ARCHIVE)
        target_link_libraries(${target} INTERFACE ${${target}_ARCHIVE})
    else()
        target_link_libraries(${target} INTERFACE ${pkg_target})
    endif()
endfunction()

tbot_dependency(dep_yaml PkgConfig::YAML libyaml.a)
tbot_dependency(dep_jansson PkgConfig::JANSSON libjansson.a)
tbot_dependency(dep_protobufc PkgConfig::PROTOBUFC libprotobuf-c.a)
tbot_dependency(dep_seccomp PkgConfig::SECCOMP libseccomp.a)
tbot_dependency(dep_http_parser ${HTTP_PARSER_LIBRARY} libhttp_parser.a)

# tbot_shared_dependency(TARGET PKG_TARGET ARCHIVE…): shared, so that a distribution's updates reach us, but in a static
# program these archives. What of them is not there is noted in TBOT_MISSING_ARCHIVES.
set(TBOT_MISSING_ARCHIVES)
function(tbot_shared_dependency target pkg_target)
    set(archives)
    set(missing ${TBOT_MISSING_ARCHIVES})
    foreach(archive IN LISTS ARGN)
        find_library(ARCHIVE_${archive} ${archive} NO_CACHE)
        if(NOT ARCHIVE_${archive})
            list(APPEND missing ${archive})
        endif()
        list(APPEND archives ${ARCHIVE_${archive}})
    endforeach()
    set(TBOT_MISSING_ARCHIVES "${missing}" PARENT_SCOPE)
    add_library(${target} INTERFACE)
    target_link_libraries(${target} INTERFACE "$<${is_static}:${archives}>" "$<$<NOT:${is_static}>:${pkg_target}>")
endfunction()

tbot_shared_dependency(dep_microhttpd PkgConfig::MICROHTTPD libmicrohttpd.a)
# Not a second copy beside the one that gRPC's archives ask for.
tbot_shared_dependency(dep_zlib PkgConfig::ZLIB libz.a)
tbot_shared_dependency(dep_openssl PkgConfig::OPENSSL libssl.a libcrypto.a)
