#include "verb/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/log.h"
#include "base/time.h"

enum { WIDTH = 30, NAME = 30, PAUSE_US = 100000 };

void
progress_begin(struct progress *progress, struct str what, uint64_t total)
{
	bool is_visible = progress->is_visible;

	*progress = (struct progress){ .what = what, .total = total };
	progress->is_on = isatty(STDERR_FILENO) == 1;
	progress->is_visible = is_visible;
}

static void
draw(const struct progress *progress)
{
	char bar[WIDTH + 1], name[4 * NAME + 1];
	unsigned percent = 100, full;

	(void)log_escape(name, sizeof(name), str_sub(progress->what, 0, NAME));
	if (progress->total == 0) {
		(void)fprintf(stderr, "\r\033[K%s: %llu", name,
		    (unsigned long long)progress->done);
		return;
	}
	if (progress->done < progress->total)
		percent = (unsigned)(progress->done * 100 / progress->total);
	full = percent * WIDTH / 100;
	for (unsigned i = 0; i < WIDTH; i++)
		bar[i] = i < full ? '#' : '.';
	bar[WIDTH] = '\0';
	(void)fprintf(stderr, "\r\033[K[%s] %3u%% %s", bar, percent, name);
}

void
progress_step(struct progress *progress, uint64_t by)
{
	int64_t now;

	progress->done += by;
	if (!progress->is_on)
		return;
	now = time_mono();
	if (progress->drawn != 0 && now - progress->drawn < PAUSE_US)
		return;
	progress->drawn = now;
	progress->is_visible = true;
	draw(progress);
	(void)fflush(stderr);
}

void
progress_end(struct progress *progress)
{
	if (!progress->is_visible)
		return;
	(void)fputs("\r\033[K", stderr);
	(void)fflush(stderr);
	progress->is_visible = false;
}
