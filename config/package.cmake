# Debian packages, by `cpack` in a release build (./dev package): vsmd, libvsm1 and libvsm-dev. What is installed stands
# beside what is built, with its component; here is what describes the packages.
set(debian ${CMAKE_SOURCE_DIR}/config/debian)
set(out ${CMAKE_BINARY_DIR}/debian)
set(OTHER_UNITS "vsm-notify.service vsm-web.service")
set(USERS "vsmd vsm-notify vsm-web vsm-agent")
foreach(script postinst prerm postrm)
  configure_file(${debian}/${script} ${out}/${script} @ONLY FILE_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
endforeach()

file(READ ${debian}/changelog changelog LIMIT 100)
if(NOT changelog MATCHES "^vsmd \\(${PROJECT_VERSION}\\)")
  message(FATAL_ERROR "config/debian/changelog does not begin with vsmd (${PROJECT_VERSION})")
endif()
add_custom_command(OUTPUT ${out}/changelog.gz COMMAND gzip -9nc ${debian}/changelog > ${out}/changelog.gz
  DEPENDS ${debian}/changelog VERBATIM)
add_custom_target(debian_changelog ALL DEPENDS ${out}/changelog.gz)

foreach(component vsmd libvsm1 libvsm-dev)
  install(FILES ${out}/changelog.gz ${debian}/copyright DESTINATION share/doc/${component} COMPONENT ${component})
endforeach()
file(GLOB pages CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/docs/*.md)
install(FILES README.md ${pages} DESTINATION share/doc/vsmd COMPONENT vsmd)
install(FILES config/vsmd.yaml DESTINATION /etc/vsmd COMPONENT vsmd)
install(FILES config/notify-journal.yaml DESTINATION /etc/vsmd RENAME notify.yaml COMPONENT vsmd)
install(FILES config/quantum-energy.yaml config/quantum-energy.simulation.yaml config/value-stream-diagrams.md
  config/notify.yaml DESTINATION share/doc/vsmd/examples COMPONENT vsmd)
install(DIRECTORY config/examples/ DESTINATION share/doc/vsmd/examples COMPONENT vsmd)

# What libvsm1 has always had, and since when: complains where a symbol went away.
add_custom_target(debian_symbols
  COMMAND dpkg-gensymbols -c1 -q -plibvsm1 -v${PROJECT_VERSION} -I${debian}/libvsm1.symbols
          -e$<TARGET_FILE:vsm_shared> -O${out}/symbols
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/config DEPENDS vsm_shared VERBATIM)

set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_PACKAGE_CONTACT "vsmd maintainers <maintainers@vsmd.example>")
set(CPACK_PACKAGING_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_ALL vsmd libvsm1 libvsm-dev)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_POST_BUILD_SCRIPTS ${debian}/without_ldconfig.cmake)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

set(CPACK_DEBIAN_VSMD_PACKAGE_NAME vsmd)
set(CPACK_DEBIAN_VSMD_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_VSMD_DESCRIPTION "value stream monitoring daemon
Operational systems publish what they did; vsmd maps each event onto a stage
of a value stream, and keeps live figures of its flow: work in progress, cycle
time, age, throughput, what work waits for and for whom.

With it come vsm, its command line, vsm-notify, which brings its alerts to
people, and vsm-web, its HTTP gateway.")
set(CPACK_DEBIAN_VSMD_PACKAGE_DEPENDS "passwd, systemd | systemd-standalone-sysusers | systemd-sysusers, tzdata")
set(CPACK_DEBIAN_VSMD_PACKAGE_CONTROL_EXTRA
    "${out}/postinst;${out}/prerm;${out}/postrm;${debian}/conffiles")

set(CPACK_DEBIAN_LIBVSM1_PACKAGE_NAME libvsm1)
set(CPACK_DEBIAN_LIBVSM1_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_LIBVSM1_DESCRIPTION "client library of vsmd
Sends events to vsmd, the value stream monitoring daemon, hears what it
publishes, and asks it questions, without ever blocking.")
set(CPACK_DEBIAN_LIBVSM1_PACKAGE_CONTROL_EXTRA "${debian}/triggers;${debian}/shlibs;${out}/symbols")

set(CPACK_DEBIAN_LIBVSM-DEV_PACKAGE_NAME libvsm-dev)
set(CPACK_DEBIAN_LIBVSM-DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_LIBVSM-DEV_PACKAGE_DEPENDS "libvsm1 (= ${PROJECT_VERSION}), libprotobuf-c-dev")
set(CPACK_DEBIAN_LIBVSM-DEV_DESCRIPTION "client library of vsmd - development files
Headers, pkg-config file, protocol definitions and examples for programs that
send events to vsmd, the value stream monitoring daemon, or ask it questions.")
include(CPack)
