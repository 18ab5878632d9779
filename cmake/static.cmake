# SPDX-License-Identifier: Apache-2.0
# tbot_link_statically(TARGET): one file without any shared library, not even the C library.
# docs/dependencies.md says what that costs, docs/packages.md what is different in it.

option(TBOT_STATIC "Link tbot itself statically (otherwise: the target tbot-static)" OFF)

# What stands between this machine and a static program, or nothing.
function(tbot_why_not_static ret)
    set(why)
    if(TBOT_SANITIZE)
        set(why "sanitizers are shared libraries")
    elseif(NOT TBOT_GRPC_ARCHIVES)
        set(why "gRPC is linked dynamically")
    elseif(TBOT_MISSING_ARCHIVES)
        set(why "there is no ${TBOT_MISSING_ARCHIVES}")
    endif()
    set(${ret} "${why}" PARENT_SCOPE)
endfunction()

function(tbot_link_statically target)
    set_target_properties(${target} PROPERTIES TBOT_STATIC ON)
    target_link_libraries(${target} PRIVATE tbot_static_parts)
endfunction()
