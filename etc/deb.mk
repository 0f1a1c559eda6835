# make deb: Debian packages in build/deb, of what is committed.

deb_dir := build/deb

.PHONY: deb check-package
deb:
	$(Q)etc/install-packages etc/packages etc/deb-packages
	$(Q)rm -rf $(deb_dir) && mkdir -p $(deb_dir)/chancery
	$(Q)git archive HEAD | tar -x -C $(deb_dir)/chancery
	$(call say,DEB,$(deb_dir))
	$(Q)cd $(deb_dir)/chancery && dpkg-buildpackage -b -us -uc -j2 \
	    >../build.log 2>&1 || { tail -40 ../build.log; exit 1; }
	$(Q)rm -rf $(deb_dir)/chancery
	$(Q)lintian --fail-on error $(deb_dir)/*.changes
	$(Q)ls $(deb_dir)/*.deb

# Installed, set up, upgraded, removed and purged in a fresh Debian.
check-package: deb
	$(Q)t/package $(deb_dir)
