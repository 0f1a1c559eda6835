/*
 * The words between a daemon and master, one datagram each on a SEQPACKET
 * pair. Down: "reload NAME..." with as many descriptors, "drain", "stop",
 * "probe WHAT" (jail test only). Up, believed as gossip only: "up LEVEL
 * MISSING", "reloaded", "kept TEXT" (a reload that failed), "probed TEXT",
 * "reader PID MS" (master/reader.h).
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "net/fdpass.h"
#include "service/impl.h"

void
link_send(struct daemon *d, const char *fmt, ...)
{
	char text[LINK_TEXT_MAX];
	va_list ap;

	if (d->master_fd < 0)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	/* A master that does not listen must not stop us. */
	(void)send(d->master_fd, text, strlen(text),
	    MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* The descriptors get the names "reload:NAME", in order. */
static void
reload(struct daemon *d, struct str names, int *fds, int count)
{
	struct err err = { 0 };
	struct str name;
	char full[64];
	int used = 0;

	while (used < count && str_split(&names, ' ', &name)) {
		(void)snprintf(full, sizeof(full), "reload:%" STR_F,
		    STR_A(name));
		fds_add(d, full, fds[used++]);
	}
	while (used < count)
		(void)close(fds[used++]);
	if (config_reload(d, daemon_fd(d, "reload:main.cf"), &err) < 0 ||
	    (d->ops->reload != NULL && d->ops->reload(d, d->ctx, &err) < 0)) {
		log_warn("reload: %s; the old settings stay", err.text);
		link_send(d, "kept %s", err.text);
	} else {
		link_send(d, "reloaded");
	}
	fds_close(d, "reload:");
}

void
daemon_end_reader(struct daemon *d, pid_t pid, int64_t connected_ms)
{
	link_send(d, "reader %d %lld", (int)pid, (long long)connected_ms);
}

bool
link_receive(struct daemon *d, bool *drain)
{
	char text[LINK_TEXT_MAX];
	int fds[FDPASS_MAX], count = 0;
	struct str in;
	ssize_t len;

	len = fdpass_recv(d->master_fd, text, sizeof(text) - 1, fds, &count);
	if (len < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (len <= 0)
		return false;
	text[len] = '\0';
	in = str_make(text, (size_t)len);
	if (str_take_str(&in, STR("reload "))) {
		reload(d, in, fds, count);
		return true;
	}
	while (count > 0)
		(void)close(fds[--count]);
	if (str_eqz(in, "stop") || (str_eqz(in, "drain") && drain == NULL))
		daemon_stop(d);
	else if (str_eqz(in, "drain"))
		*drain = true;
	else if (d->may_probe && str_take_str(&in, STR("probe ")))
		link_send(d, "probed %s", probe(in.p));
	return true;
}
