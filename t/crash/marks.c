#include "t/crash/marks.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/fsutil.h"
#include "base/log.h"

int
marks_open(const char *path)
{
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

	if (fd < 0)
		fatal("cannot open %s", path);
	return fd;
}

void
marks_put(int marks, const char *fmt, ...)
{
	char line[128];
	struct err err;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= sizeof(line))
		fatal("a mark is too long");
	line[len++] = '\n';
	if (fs_write_all(marks, line, (size_t)len, &err) < 0)
		fatal("%s", err.text);
}

void
marks_read(struct buf *marks, const char *path)
{
	struct err err;

	buf_init(marks, 0);
	if (fs_read_file(AT_FDCWD, path, marks, &err) < 0)
		fatal("%s", err.text);
}
