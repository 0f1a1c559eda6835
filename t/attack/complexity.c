/*
 * complexity - algorithmic complexity attacks (Crosby and Wallach, USENIX
 * Security 2003; "ReDoS"; CVE-2020-12100 and CVE-2024-23184 in mail): every
 * parser of strangers' bytes with inputs made to be dear.
 *
 * Each input is made in five sizes, each twice the last; the CPU time of each
 * is the least of several runs. The slope of log time over log size may be
 * SLOPE at most, and that of memory too. What is over it is measured again, the
 * least of all counting, and after a while, since others share the machine.
 * What is a little over it even so is measured up to eight times that size:
 * where a cache ends a byte gets dearer by one step, which many sizes even out;
 * what is not linear gets steeper.
 *
 * complexity [WORD]: only inputs whose parser or description contains it.
 */
#include "t/attack/complexity.h"

#include <inttypes.h>
#include <malloc.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/attr.h"
#include "base/buf.h"

enum {
	SIZES = 5,
	SIZES_BEYOND = 3,
	MESSAGE = 256 << 10,
	RUNS = 3,
	TRIES = 40,
	TRIES_BEYOND = 20,
	WHILE_US = 30000, /* between these */
	BRIEF = 500000,   /* ns that one measurement takes at least */
};

static const double SLOPE = 1.1;
/* Of the three largest sizes alone, where caches have their steps. */
static const double LAST_SLOPE = 1.3;
/* Below both, larger sizes are worth a look; */
static const double DOUBT = 1.3, LAST_DOUBT = 1.6;
/* ... if they are not refused, for that takes no time. */
static const double LEAST_SLOPE = 0.9;
/* ns a byte: what is faster only waits for memory, whose caches have steps. */
static const double CHEAP = 0.25;

volatile size_t complexity_sink;

struct sample {
	double size, time, memory;
};

static void
add_unit(struct buf *out, const char *unit, size_t rising, size_t falling)
{
	for (const char *p = unit; *p != '\0'; p++) {
		if (*p == '#')
			(void)buf_add_num(out, rising);
		else if (*p == '^')
			(void)buf_add_num(out, falling);
		else
			(void)buf_addc(out, *p);
	}
}

static void
make_input(struct buf *out, const struct complexity_input *input, size_t size)
{
	size_t tail = input->tail == NULL ? 0 : strlen(input->tail);

	buf_reset(out);
	(void)buf_addz(out, input->head == NULL ? "" : input->head);
	for (size_t i = 0; out->len + tail < size; i++)
		add_unit(out, input->unit, i + 1, size - i);
	(void)buf_addz(out, input->tail == NULL ? "" : input->tail);
}

static int64_t
cpu_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* ns for one run, the least seen. */
static double
measure(const struct complexity_row *row, struct str in, size_t *memory)
{
	double least = INFINITY;
	unsigned repeat = 1;

	for (int run = 0; run < RUNS;) {
		int64_t began = cpu_now(), took;

		for (unsigned i = 0; i < repeat; i++)
			*memory = row->run(in);
		took = cpu_now() - began;
		complexity_sink += *memory;
		if (took < BRIEF && repeat < 1u << 20) {
			repeat *= 2;
			continue;
		}
		if ((double)took / repeat < least)
			least = (double)took / repeat;
		run++;
	}
	return least;
}

/* Least squares through the logarithms of count samples. */
static double
slope(const struct sample *sample, int count, bool of_memory)
{
	double sx = 0, sy = 0, sxx = 0, sxy = 0, n = count;

	for (int i = 0; i < count; i++) {
		double x = log(sample[i].size);
		double y = log(of_memory ? sample[i].memory : sample[i].time);

		sx += x;
		sy += y;
		sxx += x * x;
		sxy += x * y;
	}
	return (n * sxy - sx * sy) / (n * sxx - sx * sx);
}

/* Of count sizes, the largest of SIZES the row's, others beyond it. */
static void
take_samples(struct sample *sample, int count, const struct complexity_row *row,
    const struct complexity_input *input, struct buf *bytes)
{
	size_t max = row->max == 0 ? MESSAGE : row->max;

	for (int i = 0; i < count; i++) {
		size_t memory = 0;
		double time;

		make_input(bytes, input, (max >> (SIZES - 1)) << i);
		time = measure(row, buf_str(bytes), &memory);
		sample[i].size = (double)bytes->len;
		if (row->growth == SORTS)
			time /= log2(sample[i].size);
		if (time < sample[i].time || sample[i].time == 0)
			sample[i].time = time;
		sample[i].memory = (double)memory + 1;
		if (row->growth ==
		    SORTS) /* numbers grow by a digit now and then */
			sample[i].memory /= log2(sample[i].size);
	}
}

struct verdict {
	double time, memory; /* slopes */
	double dearest;      /* ns a byte at the largest size */
};

/* Is what is a little too steep up to the row's size linear beyond it? */
static bool
is_linear_beyond(struct sample *sample, struct verdict *verdict,
    const struct complexity_row *row, const struct complexity_input *input,
    struct buf *bytes)
{
	enum { ALL = SIZES + SIZES_BEYOND };

	if (verdict->time > DOUBT || verdict->memory > SLOPE ||
	    slope(sample + SIZES - 3, 3, false) > LAST_DOUBT)
		return false;
	for (int i = 0; i < TRIES_BEYOND; i++) {
		double last;

		if (i > 0)
			(void)usleep(WHILE_US);
		take_samples(sample, ALL, row, input, bytes);
		last = slope(sample + ALL - 3, 3, false);
		verdict->time = slope(sample, ALL, false);
		verdict->memory = slope(sample, ALL, true);
		if (last < LEAST_SLOPE)
			return false;
		if (verdict->time <= SLOPE && verdict->memory <= SLOPE &&
		    last <= LAST_SLOPE)
			return true;
	}
	return false;
}

static bool
judge(struct verdict *verdict, const struct complexity_row *row,
    const struct complexity_input *input, struct buf *bytes)
{
	struct sample sample[SIZES + SIZES_BEYOND] = { 0 };

	for (int i = 0; i < TRIES; i++) {
		double last;

		if (i > 0)
			(void)usleep(WHILE_US);
		take_samples(sample, SIZES, row, input, bytes);
		last = slope(sample + SIZES - 3, 3, false);
		verdict->time = slope(sample, SIZES, false);
		verdict->memory = slope(sample, SIZES, true);
		verdict->dearest =
		    sample[SIZES - 1].time / sample[SIZES - 1].size;
		if (verdict->dearest < CHEAP ||
		    (row->growth == BOUNDED &&
			sample[SIZES - 1].time < COMPLEXITY_BOUND))
			verdict->time = last = 0;
		if (verdict->time <= SLOPE && last <= LAST_SLOPE &&
		    verdict->memory <= SLOPE)
			return true;
	}
	if (is_linear_beyond(sample, verdict, row, input, bytes))
		return true;
	printf("%s, %s: slope %.2f in time, %.2f in memory\n", row->parser,
	    input->what, verdict->time, verdict->memory);
	for (int i = 0; i < SIZES + SIZES_BEYOND && sample[i].size > 0; i++)
		printf("  %8.0f bytes  %12.0f ns  %10.0f bytes held\n",
		    sample[i].size, sample[i].time, sample[i].memory);
	return false;
}

struct tally {
	unsigned good, bad;
	struct verdict worst; /* the largest of each, of what was good */
	char steepest[200], dearest[200];
};

static void
take_row(struct tally *tally, const struct complexity_row *row,
    const char *word, struct buf *bytes)
{
	for (const struct complexity_input *input = row->input;
	     input->what != NULL; input++) {
		struct verdict verdict;

		if (word != NULL && strstr(row->parser, word) == NULL &&
		    strstr(input->what, word) == NULL)
			continue;
		if (!judge(&verdict, row, input, bytes)) {
			tally->bad++;
			continue;
		}
		tally->good++;
		if (verdict.time > tally->worst.time) {
			tally->worst.time = verdict.time;
			(void)snprintf(tally->steepest, sizeof(tally->steepest),
			    "%s, %s", row->parser, input->what);
		}
		if (verdict.dearest > tally->worst.dearest) {
			tally->worst.dearest = verdict.dearest;
			(void)snprintf(tally->dearest, sizeof(tally->dearest),
			    "%s, %s", row->parser, input->what);
		}
		if (verdict.memory > tally->worst.memory)
			tally->worst.memory = verdict.memory;
	}
}

int
main(int argc, char **argv)
{
	static const struct complexity_row *const tables[] = {
		complexity_mime,
		complexity_imap,
		complexity_rest,
	};
	struct tally tally = { 0 };
	struct buf bytes;

	/* Memory that is there already: no page is made while time is taken. */
	(void)mallopt(M_MMAP_THRESHOLD, 1 << 30);
	(void)mallopt(M_TRIM_THRESHOLD, 1 << 30);
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	buf_init(&bytes, 0);
	for (size_t i = 0; i < NELEMS(tables); i++) {
		for (const struct complexity_row *row = tables[i];
		     row->parser != NULL; row++)
			take_row(&tally, row, argc > 1 ? argv[1] : NULL,
			    &bytes);
	}
	buf_clear(&bytes);
	printf("saw: %u inputs, %u of them steeper than %.1f\n",
	    tally.good + tally.bad, tally.bad, SLOPE);
	printf("saw: steepest: %.2f in time (%s), %.2f in memory\n",
	    tally.worst.time, tally.steepest, tally.worst.memory);
	printf("saw: dearest at its largest size: %.0f ns a byte (%s)\n",
	    tally.worst.dearest, tally.dearest);
	return tally.bad == 0 && tally.good > 0 ? 0 : 1;
}
