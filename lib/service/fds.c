#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/fsutil.h"
#include "base/log.h"
#include "base/num.h"
#include "service/impl.h"

void
fds_add(struct daemon *d, const char *name, int fd)
{
	if (d->fds_len == DAEMON_FDS_MAX)
		fatal("more than %d descriptors handed down", DAEMON_FDS_MAX);
	d->fds[d->fds_len++] = (struct named_fd){ xstrdup(name), fd };
}

/* NAME=NUMBER */
static void
take_one(struct daemon *d, struct str entry)
{
	ptrdiff_t at = str_rchr(entry, '=');
	uint64_t fd;
	struct err err;
	char *name;

	if (at <= 0 ||
	    !num_parse(str_sub(entry, (size_t)at + 1, entry.len), 65535, &fd))
		fatal("CHANCERY_FDS: \"name=number\" expected");
	name = xstrndup(entry.p, (size_t)at);
	if (fs_set_cloexec((int)fd, true, &err) < 0)
		fatal("CHANCERY_FDS: %s: %s", name, err.text);
	if ((strncmp(name, "edge:", 5) == 0 ||
		strncmp(name, "listen:", 7) == 0) &&
	    fs_set_nonblock((int)fd, true, &err) < 0)
		fatal("CHANCERY_FDS: %s: %s", name, err.text);
	fds_add(d, name, (int)fd);
	free(name);
}

void
fds_take(struct daemon *d)
{
	struct str rest = str_of(getenv("CHANCERY_FDS")), entry;

	while (str_split(&rest, ' ', &entry)) {
		if (entry.len > 0)
			take_one(d, entry);
	}
	(void)unsetenv("CHANCERY_FDS");
}

int
daemon_fd(const struct daemon *d, const char *name)
{
	for (size_t i = 0; i < d->fds_len; i++) {
		if (strcmp(d->fds[i].name, name) == 0)
			return d->fds[i].fd;
	}
	return -1;
}

int
daemon_fd_at(const struct daemon *d, const char *prefix, size_t i,
    const char **name)
{
	size_t len = strlen(prefix);

	for (size_t at = 0; at < d->fds_len; at++) {
		if (strncmp(d->fds[at].name, prefix, len) != 0)
			continue;
		if (i-- == 0) {
			if (name != NULL)
				*name = d->fds[at].name;
			return d->fds[at].fd;
		}
	}
	return -1;
}

void
fds_close(struct daemon *d, const char *prefix)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->fds_len; i++) {
		if (strncmp(d->fds[i].name, prefix, strlen(prefix)) != 0) {
			d->fds[kept++] = d->fds[i];
			continue;
		}
		(void)close(d->fds[i].fd);
		free(d->fds[i].name);
	}
	d->fds_len = kept;
}
