# make install: programs and manual pages under PREFIX; it makes no users and
# starts nothing.

PREFIX ?= /usr/local
DESTDIR ?=
install_root := $(DESTDIR)$(PREFIX)
man_pages := $(wildcard */*.[158])

.PHONY: install
install: all
	install -d $(install_root)/sbin $(install_root)/libexec/chancery \
	    $(install_root)/share/chancery
	install -m 755 $(BUILD)/bin/chancery $(install_root)/sbin/
	ln -sf chancery $(install_root)/sbin/sendmail
	ln -sf chancery $(install_root)/sbin/mailq
	ln -sf chancery $(install_root)/sbin/newaliases
	install -m 755 $(BUILD)/libexec/* $(install_root)/libexec/chancery/
	install -m 644 $(wildcard etc/*.schema etc/*.in) \
	    $(install_root)/share/chancery/
	for page in $(man_pages); do \
	    section=$${page##*.}; \
	    install -d $(install_root)/share/man/man$$section && \
	    install -m 644 $$page $(install_root)/share/man/man$$section/ || \
	    exit 1; \
	done
