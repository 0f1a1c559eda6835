#include "verb/status.h"

#include "base/attr.h"
#include "base/num.h"

enum { FIELDS_MAX = 10, BUCKETS_MAX = 64 };

struct line {
	struct str field[FIELDS_MAX];
	size_t len;
};

static void
split(struct line *line, struct str text)
{
	line->len = 0;
	while (line->len < FIELDS_MAX &&
	    str_split(&text, '\t', &line->field[line->len]))
		line->len++;
	for (size_t i = line->len; i < FIELDS_MAX; i++)
		line->field[i] = (struct str){ "", 0 };
}

static uint64_t
number(struct str s)
{
	uint64_t n = 0;

	(void)num_parse(s, UINT64_MAX, &n);
	return n;
}

/* false: it is not up. */
static bool
print_service(struct print *p, const struct line *line)
{
	struct str pids = line->field[4], pid;

	print_open_record(p, NULL);
	print_str(p, "name", line->field[1]);
	print_str(p, "program", line->field[2]);
	print_str(p, "state", line->field[3]);
	print_open_list(p, "pids");
	while (str_split(&pids, ',', &pid)) {
		if (pid.len > 0)
			print_int(p, NULL, (int64_t)number(pid));
	}
	print_close(p);
	print_time(p, "since", (int64_t)number(line->field[5]));
	print_int(p, "starts", (int64_t)number(line->field[6]));
	print_str(p, "jail", line->field[7]);
	print_close(p);
	return str_eqz(line->field[3], "up");
}

/* The time that a share of the observations stayed under. */
static uint64_t
quantile(struct str buckets, uint64_t total, unsigned percent)
{
	uint64_t seen = 0;
	struct str part;

	for (unsigned i = 0; str_split(&buckets, ',', &part); i++) {
		seen += number(part);
		if (total > 0 && seen * 100 >= total * percent && i < 63)
			return (uint64_t)1 << i;
	}
	return 0;
}

static void
print_histogram(struct print *p, const struct line *line)
{
	uint64_t total = number(line->field[4]), sum = number(line->field[5]);
	struct str buckets = line->field[6], part;

	print_int(p, "value", (int64_t)total);
	print_int(p, "mean_us", total == 0 ? 0 : (int64_t)(sum / total));
	print_int(p, "p50_us", (int64_t)quantile(buckets, total, 50));
	print_int(p, "p99_us", (int64_t)quantile(buckets, total, 99));
	if (!print_is_json(p))
		return;
	print_open_list(p, "buckets");
	while (str_split(&buckets, ',', &part))
		print_int(p, NULL, (int64_t)number(part));
	print_close(p);
}

static void
print_counter(struct print *p, const struct line *line)
{
	print_open_record(p, NULL);
	print_str(p, "service", line->field[1]);
	print_str(p, "counter", line->field[2]);
	print_str(p, "kind", line->field[3]);
	if (str_eqz(line->field[3], "histogram"))
		print_histogram(p, line);
	else
		print_int(p, "value", (int64_t)number(line->field[4]));
	print_close(p);
}

int
status_print(struct print *print, struct str report, bool counters,
    struct err *err)
{
	struct str rest = report, text;
	int down = 0;
	struct line line;

	while (str_split(&rest, '\n', &text)) {
		split(&line, text);
		if (str_eqz(line.field[0], "master")) {
			print_int(print, "pid", (int64_t)number(line.field[1]));
			print_time(print, "since",
			    (int64_t)number(line.field[2]));
		}
	}
	print_open_list(print, "services");
	for (rest = report; str_split(&rest, '\n', &text);) {
		split(&line, text);
		if (str_eqz(line.field[0], "service"))
			down += !print_service(print, &line);
	}
	print_close(print);
	if (counters || print_is_json(print)) {
		print_open_list(print, "counters");
		for (rest = report; str_split(&rest, '\n', &text);) {
			split(&line, text);
			if (str_eqz(line.field[0], "counter"))
				print_counter(print, &line);
		}
		print_close(print);
	}
	if (down > 0)
		return err_set(err, ERR_TEMP, "%d services are not up", down);
	return 0;
}
