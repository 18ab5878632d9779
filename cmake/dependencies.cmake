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
        -Wl,-Bstatic -lstdc++ -Wl,-Bdynamic -lz -lm Threads::Threads)
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

# Always shared: its archive would bring GnuTLS, which it is built with and which we do not use.
add_library(dep_microhttpd INTERFACE)
target_link_libraries(dep_microhttpd INTERFACE PkgConfig::MICROHTTPD)

# Always shared: gRPC's archives use the shared one, and one copy is enough.
add_library(dep_zlib INTERFACE)
target_link_libraries(dep_zlib INTERFACE PkgConfig::ZLIB)

add_library(dep_openssl INTERFACE)
target_link_libraries(dep_openssl INTERFACE PkgConfig::OPENSSL)
