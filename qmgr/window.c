#include "qmgr/window.h"

/* 1*DIGIT ["." 1*DIGIT], at most 1 */
static int
take_share(struct str *in, double *share, struct err *err)
{
	double unit = 1;
	size_t digits = 0;

	*share = 0;
	for (; in->len > 0 && is_digit(in->p[0]); str_skip(in, 1)) {
		*share = *share * 10 + (in->p[0] - '0');
		digits++;
	}
	if (digits > 0 && str_take(in, '.')) {
		for (digits = 0; in->len > 0 && is_digit(in->p[0]);
		     str_skip(in, 1)) {
			unit /= 10;
			*share += unit * (in->p[0] - '0');
			digits++;
		}
	}
	if (digits == 0 || digits > 9 || *share > 1)
		return err_set(err, ERR_SYNTAX,
		    "a number from 0 to 1 expected");
	return 0;
}

int
window_feedback_parse(struct window_feedback *feedback, struct str text,
    struct err *err)
{
	if (take_share(&text, &feedback->share, err) < 0)
		return -1;
	if (text.len == 0)
		feedback->kind = WINDOW_FIXED;
	else if (str_eqz(text, "/concurrency"))
		feedback->kind = WINDOW_BY_CONCURRENCY;
	else if (str_eqz(text, "/sqrt_concurrency"))
		feedback->kind = WINDOW_BY_SQUARE_ROOT;
	else
		return err_set(err, ERR_SYNTAX,
		    "\"/concurrency\" or \"/sqrt_concurrency\" expected");
	return 0;
}

/* The whole part, which is near enough for a share. */
static unsigned
square_root(unsigned n)
{
	unsigned root = 1;

	while ((root + 1) * (root + 1) <= n)
		root++;
	return root;
}

static double
step(const struct window_feedback *feedback, unsigned size)
{
	switch (feedback->kind) {
	case WINDOW_BY_CONCURRENCY:
		return feedback->share / size;
	case WINDOW_BY_SQUARE_ROOT:
		return feedback->share / square_root(size);
	default:
		return feedback->share;
	}
}

void
window_init(struct window *window, const struct window_conf *conf)
{
	*window = (struct window){
		.size =
		    conf->initial < conf->limit ? conf->initial : conf->limit,
	};
}

void
window_success(struct window *window, const struct window_conf *conf,
    unsigned busy)
{
	window->cohorts = 0;
	window->lost = 0;
	if (window->size >= conf->limit || busy < window->size)
		return;
	window->gained += step(&conf->grow, window->size);
	if (window->gained >= 1) {
		window->gained -= 1;
		window->size++;
	}
}

bool
window_failure(struct window *window, const struct window_conf *conf)
{
	window->gained = 0;
	window->cohorts += 1.0 / window->size;
	window->lost += step(&conf->shrink, window->size);
	while (window->lost >= 1) {
		window->lost -= 1;
		if (window->size > 1)
			window->size--;
	}
	/* a little less: thirds do not add up to one */
	return conf->cohort_limit > 0 &&
	    window->cohorts >= conf->cohort_limit - 0.001;
}
