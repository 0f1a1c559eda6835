/* main.cf, every value of it expanded, and read by a table of each kind. */
#include <stdint.h>

#include "conf/common.h"
#include "conf/conf.h"

struct sample {
	int number;
	size_t size;
	int time;
	bool flag;
	const char *text;
};

static const struct conf_param params[] = {
	CONF(INT, sample, number, "number", "1", -5, 10),
	CONF(SIZE, sample, size, "size", "1K", 1, 0),
	CONF(TIME, sample, time, "time", "1h", 1, 0),
	CONF(BOOL, sample, flag, "flag", "no", 0, 0),
	CONF(STR, sample, text, "text", "$myhostname", 1, 100),
	{ 0 },
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct main_cf *cf = main_cf_new();
	struct problems problems = { 0 };
	struct sample sample = { 0 };
	struct err err;

	main_cf_parse(cf, "main.cf", str_make(data, size), &problems);
	conf_common_defaults(cf);
	for (size_t i = 0; i < main_cf_len(cf) && i < 50; i++)
		(void)main_cf_get(cf, main_cf_at(cf, i)->name, &err);
	(void)conf_fill(cf, params, &sample, &problems);
	problems_clear(&problems);
	main_cf_free(cf);
	return 0;
}
