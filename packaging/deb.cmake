# SPDX-License-Identifier: Apache-2.0
# Debian packages by CPack: tbot-c and tbot-authority-c. `./dev package deb` makes them.

# A package of a commit that is no release sorts before the release: scripts/package says which it is.
set(TBOT_PACKAGE_VERSION "${PROJECT_VERSION}" CACHE STRING "Version of the packages")
set(TBOT_PACKAGE_MAINTAINER "tbot maintainers <maintainers@tbot.invalid>" CACHE STRING
    "Whom the packages name as maintainer")

# The date is that of SOURCE_DATE_EPOCH, if there is one.
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(debian/changelog.in changelog @ONLY)
tbot_gzip(changelog ${CMAKE_CURRENT_BINARY_DIR}/changelog)
install(FILES ${changelog} DESTINATION ${doc_dir} COMPONENT agent)
install(FILES ${changelog} DESTINATION ${authority_doc_dir} COMPONENT authority)

install(FILES debian/lintian-overrides DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME tbot-c
    COMPONENT agent)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME tbot-c)
set(CPACK_PACKAGE_VERSION ${TBOT_PACKAGE_VERSION})
set(CPACK_PACKAGE_CONTACT ${TBOT_PACKAGE_MAINTAINER})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL agent authority)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_AGENT_PACKAGE_NAME tbot-c)
set(CPACK_DEBIAN_AGENT_PACKAGE_SECTION net)
# The system's roots: what proxy_server is verified with. A machine that uses auth_server needs none.
set(CPACK_DEBIAN_AGENT_PACKAGE_RECOMMENDS ca-certificates)
set(CPACK_DEBIAN_AGENT_PACKAGE_SUGGESTS "openssh-client, tbot-authority-c")
set(CPACK_COMPONENT_AGENT_DESCRIPTION
    "machine identity from a Teleport cluster, kept through outages
tbot joins a Teleport cluster as a machine, keeps that machine's short-lived
identity renewed, and writes credentials made from it for programs beside it.

It is a drop-in for the tbot that comes with Teleport: the same command, the
same configuration, the same files. Both can be installed side by side.")
set(CPACK_DEBIAN_AGENT_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postinst
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/prerm
    ${CMAKE_CURRENT_SOURCE_DIR}/debian/postrm)

set(CPACK_DEBIAN_AUTHORITY_PACKAGE_NAME tbot-authority-c)
set(CPACK_DEBIAN_AUTHORITY_PACKAGE_SECTION devel)
set(CPACK_COMPONENT_AUTHORITY_DESCRIPTION
    "development authority that answers tbot as a Teleport cluster does
A small server to try, develop and test tbot with on a machine without a
cluster. Every answer can be made to go wrong on command.

It is not a replacement for Teleport: it has no access control worth the name.")
include(CPack)
