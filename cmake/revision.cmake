# SPDX-License-Identifier: Apache-2.0
# TBOT_REVISION, which diagnostics show: as the builder says, else what is checked out, else nothing.
set(TBOT_REVISION "" CACHE STRING "Which revision of the source is built, for diagnostics to show")

# A checkout is asked anew once something else is checked out; an archive of the source has no answer.
function(tbot_find_revision ret)
    find_program(GIT git)
    mark_as_advanced(GIT)
    set(${ret} "${TBOT_REVISION}" PARENT_SCOPE)
    if(TBOT_REVISION OR NOT GIT OR NOT EXISTS "${PROJECT_SOURCE_DIR}/.git")
        return()
    endif()
    execute_process(COMMAND ${GIT} rev-parse --short=12 HEAD WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        OUTPUT_VARIABLE revision OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    execute_process(COMMAND ${GIT} rev-parse --path-format=absolute --git-path logs/HEAD
        WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
        OUTPUT_VARIABLE moves OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
    if(moves AND EXISTS "${moves}")
        set_property(DIRECTORY "${PROJECT_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${moves}")
    endif()
    set(${ret} "${revision}" PARENT_SCOPE)
endfunction()
