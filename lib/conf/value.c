#include "conf/value.h"

#include <limits.h>

#include "base/attr.h"
#include "base/num.h"

struct unit {
	char letter; /* lower case */
	uint64_t factor;
};

static int
check_range(uint64_t n, int64_t min, int64_t max, uint64_t largest,
    struct err *err)
{
	if (max > 0 && (uint64_t)max < largest)
		largest = (uint64_t)max;
	if (min > 0 && n < (uint64_t)min)
		return err_set(err, ERR_LIMIT, "must be at least %lld",
		    (long long)min);
	if (n > largest)
		return err_set(err, ERR_LIMIT, "must be at most %llu",
		    (unsigned long long)largest);
	return 0;
}

int
value_int(struct str text, int64_t min, int64_t max, int *out, struct err *err)
{
	bool negative = str_take(&text, '-');
	uint64_t n;

	if (!num_take(&text, INT_MAX, &n) || text.len > 0)
		return err_set(err, ERR_SYNTAX, "a number is expected");
	if (negative) {
		if (-(int64_t)n < min)
			return err_set(err, ERR_LIMIT, "must be at least %lld",
			    (long long)min);
		*out = -(int)n;
		return 0;
	}
	if (check_range(n, min, max, INT_MAX, err) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

/* 1*DIGIT [unit], as a number of the smallest unit. */
static int
take_scaled(struct str text, const struct unit *units, size_t count,
    uint64_t *out)
{
	if (!num_take(&text, INT64_MAX, out) || text.len > 1)
		return -1;
	if (text.len == 0)
		return 0;
	for (size_t i = 0; i < count; i++) {
		if (units[i].letter == lower(text.p[0])) {
			if (!num_mul(*out, units[i].factor, out))
				*out = UINT64_MAX; /* out of any range */
			return 0;
		}
	}
	return -1;
}

int
value_size(struct str text, int64_t min, int64_t max, size_t *out,
    struct err *err)
{
	static const struct unit units[] = {
		{ 'k', 1 << 10 },
		{ 'm', 1 << 20 },
		{ 'g', 1 << 30 },
	};
	uint64_t n;

	if (take_scaled(text, units, NELEMS(units), &n) < 0)
		return err_set(err, ERR_SYNTAX,
		    "a size is expected, as 10240000, 500K, 20M or 1G");
	if (check_range(n, min, max, INT64_MAX, err) < 0)
		return -1;
	*out = n;
	return 0;
}

int
value_time(struct str text, int64_t min, int64_t max, int *out, struct err *err)
{
	static const struct unit units[] = {
		{ 's', 1 },
		{ 'm', 60 },
		{ 'h', 3600 },
		{ 'd', 86400 },
		{ 'w', 604800 },
	};
	uint64_t n;

	if (take_scaled(text, units, NELEMS(units), &n) < 0)
		return err_set(err, ERR_SYNTAX,
		    "a time is expected, as 30s, 5m, 1h, 1d or 1w");
	if (check_range(n, min, max, INT_MAX, err) < 0)
		return -1;
	*out = (int)n;
	return 0;
}

int
value_bool(struct str text, bool *out, struct err *err)
{
	if (str_ieqz(text, "yes"))
		*out = true;
	else if (str_ieqz(text, "no"))
		*out = false;
	else
		return err_set(err, ERR_SYNTAX, "yes or no is expected");
	return 0;
}
