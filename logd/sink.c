#include "logd/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/fsutil.h"
#include "base/log.h"

enum { DATE_SIZE = 32 };

struct sink {
	char *name; /* of the file; NULL: syslog */
	char *host;
	int fd;
};

/* How a level is called in the line, and in syslog. */
static const struct level {
	const char *mark, *word;
	int priority;
} levels[] = {
	{ "<error> ", "error: ", LOG_ERR },
	{ "<warning> ", "warning: ", LOG_WARNING },
	{ "<info> ", "", LOG_INFO },
	{ "<debug> ", "debug: ", LOG_DEBUG },
};

static int
open_file(const char *name, struct err *err)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);

	return fd < 0 ? err_sys(err, "open %s", name) : fd;
}

struct sink *
sink_open_file(const char *name, const char *host, struct err *err)
{
	int fd = open_file(name, err);
	struct sink *sink;

	if (fd < 0)
		return NULL;
	sink = xcalloc(1, sizeof(*sink));
	sink->fd = fd;
	sink->name = xstrdup(name);
	sink->host = xstrdup(host);
	return sink;
}

struct sink *
sink_open_syslog(const char *path, struct err *err)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct sink *sink;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || strlen(path) >= sizeof(addr.sun_path)) {
		err_sys(err, "syslog at %s", path);
		return NULL;
	}
	strcpy(addr.sun_path, path);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0) {
		err_sys(err, "syslog at %s", path);
		(void)close(fd);
		return NULL;
	}
	sink = xcalloc(1, sizeof(*sink));
	sink->fd = fd;
	return sink;
}

void
sink_close(struct sink *sink)
{
	if (sink == NULL)
		return;
	(void)close(sink->fd);
	free(sink->name);
	free(sink->host);
	free(sink);
}

/* Take the mark off the front; a line without one is information. */
static const struct level *
take_level(struct str *line)
{
	for (size_t i = 0; i < NELEMS(levels); i++) {
		if (str_take_str(line, str_of(levels[i].mark)))
			return &levels[i];
	}
	return &levels[2];
}

/* "ident[pid]: " off the front, empty if the line has none. */
static struct str
take_ident(struct str *line)
{
	ptrdiff_t at = str_find(*line, STR("]: "));
	struct str ident;

	if (at < 0)
		return (struct str){ line->p, 0 };
	ident = str_sub(*line, 0, (size_t)at + 3);
	str_skip(line, ident.len);
	return ident;
}

int
sink_write(struct sink *sink, int64_t seconds, struct str datagram,
    struct err *err)
{
	char line[LOG_LINE_MAX + 400], escaped[LOG_LINE_MAX + 64];
	char date[DATE_SIZE] = "";
	const struct level *level = take_level(&datagram);
	struct str ident;
	time_t when = (time_t)seconds;
	struct tm tm;
	int len;

	/* Whoever holds the socket could write what log.c never would. */
	for (size_t i = 0; i < datagram.len && i < sizeof(escaped); i++) {
		unsigned char c = (unsigned char)datagram.p[i];

		escaped[i] = c < 0x20 || c == 0x7f ? '?' : (char)c;
	}
	datagram.p = escaped;
	if (datagram.len > sizeof(escaped))
		datagram.len = sizeof(escaped);
	ident = take_ident(&datagram);
	if (localtime_r(&when, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%b %e %H:%M:%S", &tm);
	if (sink->name == NULL)
		len = snprintf(line, sizeof(line), "<%d>%s %" STR_F "%s%" STR_F,
		    LOG_MAIL | level->priority, date, STR_A(ident), level->word,
		    STR_A(datagram));
	else
		len = snprintf(line, sizeof(line),
		    "%s %s %" STR_F "%s%" STR_F "\n", date, sink->host,
		    STR_A(ident), level->word, STR_A(datagram));
	if (len >= (int)sizeof(line))
		len = (int)sizeof(line) - 1;
	if (sink->name != NULL)
		return fs_write_all(sink->fd, line, (size_t)len, err);
	if (send(sink->fd, line, (size_t)len, MSG_NOSIGNAL) < 0)
		return err_sys(err, "send to syslog");
	return 0;
}

int
sink_reopen(struct sink *sink, struct err *err)
{
	int fd;

	if (sink->name == NULL)
		return 0;
	fd = open_file(sink->name, err);
	if (fd < 0)
		return -1;
	(void)close(sink->fd);
	sink->fd = fd;
	return 0;
}
