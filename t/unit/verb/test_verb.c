#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "verb/verb.h"

static int
nothing(struct verb_call *call, struct err *err)
{
	(void)call;
	(void)err;
	return 0;
}

static const struct verb sample = { VERB_ANYONE, "try it", "FIRST [SECOND]",
	"--size SIZE --all", "for the test", .run = nothing };
static const struct verb many = { VERB_ANYONE, "try many", "NAME...", "",
	"for the test", .run = nothing };

static int
parse(struct verb_call *call, const struct verb *verb, const char *line,
    char *copy, char **argv, struct err *err)
{
	int argc = 0;

	strcpy(copy, line);
	for (char *word = strtok(copy, " "); word != NULL;
	     word = strtok(NULL, " "))
		argv[argc++] = word;
	argv[argc] = NULL;
	*call = (struct verb_call){ .verb = verb };
	return verb_parse(call, argc, argv, err);
}

static void
words_are_sorted_into_arguments_and_options(void **state)
{
	static const struct {
		const struct verb *verb;
		const char *line;
		bool ok;
		size_t args;
		const char *size; /* of --size */
		bool all;
	} cases[] = {
		{ &sample, "a", true, 1, NULL, false },
		{ &sample, "a b", true, 2, NULL, false },
		{ &sample, "--size 5 a", true, 1, "5", false },
		{ &sample, "a --size=5 b --all", true, 2, "5", true },
		{ &sample, "--size= a", true, 1, "", false },
		{ &sample, "-- --size --all", true, 2, NULL, false },
		{ &sample, "", false, 0, NULL, false },
		{ &sample, "a b c", false, 0, NULL, false },
		{ &sample, "a --size", false, 0, NULL, false },
		{ &sample, "a --all=yes", false, 0, NULL, false },
		{ &sample, "a --other", false, 0, NULL, false },
		{ &sample, "a --SIZE", false, 0, NULL, false },
		{ &many, "a b c d e f", true, 6, NULL, false },
		{ &many, "", false, 0, NULL, false },
		{ &many, "a --all", false, 0, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		char copy[100], *argv[20];
		struct verb_call call;
		struct err err;
		int ret = parse(&call, cases[i].verb, cases[i].line, copy, argv,
		    &err);
		const char *size;

		assert_int_equal(ret, cases[i].ok ? 0 : -1);
		assert_true(call.is_usage == !cases[i].ok);
		if (ret < 0)
			continue;
		assert_int_equal(call.args_len, cases[i].args);
		size = verb_option(&call, "--size");
		if (cases[i].size == NULL)
			assert_null(size);
		else
			assert_string_equal(size, cases[i].size);
		assert_true(
		    (verb_option(&call, "--all") != NULL) == cases[i].all);
	}
}

static void
the_longest_name_wins(void **state)
{
	char *status[] = { "status", "--json", NULL };
	char *nothing_known[] = { "no", "such", NULL };
	const struct verb *verb;
	int words;

	(void)state;
	verb = verb_find(2, status, &words);
	assert_non_null(verb);
	assert_string_equal(verb->name, "status");
	assert_int_equal(words, 1);
	assert_null(verb_find(2, nothing_known, &words));
	assert_null(verb_find(0, nothing_known, &words));
}

static void
every_row_is_whole(void **state)
{
	const struct verb *verb;
	size_t i;

	(void)state;
	for (i = 0; (verb = verb_at(i)) != NULL; i++) {
		assert_non_null(verb->name);
		assert_non_null(verb->run);
		assert_true(
		    verb->who == VERB_ANYONE || verb->who == VERB_OPERATOR);
	}
	assert_true(i > 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_sorted_into_arguments_and_options),
		cmocka_unit_test(the_longest_name_wins),
		cmocka_unit_test(every_row_is_whole),
	};

	return cmocka_run_group_tests_name("verb/verb", tests, NULL, NULL);
}
