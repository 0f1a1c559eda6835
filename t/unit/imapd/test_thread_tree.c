#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "imapd/thread_tree.h"

enum { MESSAGES_MAX = 40, REFS_MAX = 200 };

/*
 * Messages as words: "a<bc:s2" is id a with the references b and c, subject s
 * and date 2; "s!" is a reply; "-" is no id or no subject. Numbers go up from
 * 1, and so do dates that are not given.
 */
struct mail {
	struct thread_message message[MESSAGES_MAX];
	uint64_t ref[REFS_MAX];
	size_t count;
};

static uint64_t
word(char c)
{
	return c == '-' ? 0 : (uint64_t)(unsigned char)c * 0x9e3779b97f4a7c15u;
}

static void
parse(struct mail *mail, const char *text)
{
	size_t refs = 0;

	*mail = (struct mail){ 0 };
	while (*text != '\0') {
		struct thread_message *one = &mail->message[mail->count++];

		one->number = (uint32_t)mail->count;
		one->date = (int64_t)mail->count;
		one->ref = refs;
		one->id = word(*text++);
		if (*text == '<')
			for (text++; *text != ':'; text++)
				mail->ref[refs++] = word(*text);
		one->refs = refs - one->ref;
		assert_int_equal(*text++, ':');
		one->subject = word(*text++);
		if (*text == '!') {
			one->is_reply = true;
			text++;
		}
		if (*text >= '0' && *text <= '9')
			one->date = *text++ - '0';
		if (*text == ' ')
			text++;
	}
}

static void
references_make_trees(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a:-", "(1)" },
		{ "a:x b:y", "(1)(2)" },
		/* a chain, a fork, both */
		{ "a:x b<a:x! c<ab:x!", "(1 2 3)" },
		{ "a:x b<a:x! c<a:x!", "(1 (2)(3))" },
		{ "a:x b<a:x! c<ab:x! d<ab:x! e<a:x!", "(1 (2 (3)(4))(5))" },
		/* the later ones were there first */
		{ "c<ab:x! b<a:x! a:x", "(3 2 1)" },
		/* siblings stand by date, then by number */
		{ "a:x b<a:x!9 c<a:x!2 d<a:x!2", "(1 (3)(4)(2))" },
		{ "a:x9 b:y1", "(2)(1)" },
		/* a parent that is not there: two children, or one */
		{ "b<a:x! c<a:x!", "((1)(2))" },
		{ "b<a:x!", "(1)" },
		{ "c<ab:x! d<ab:x! e<a:x!", "((1)(2)(3))" },
		{ "a:x d<abc:x!", "(1 2)" },
		{ "a:x d<abc:x! e<abc:x!", "(1 (2)(3))" },
		/* a dummy stands where its first child would */
		{ "z:z5 b<a:x!9 c<a:x!1", "((3)(2))(1)" },
		/* what the message itself says counts more */
		{ "e:y c<ab:x! b<e:z", "(1 3 2)" },
		/* loops are not made */
		{ "a<b:x b<a:x", "(2 1)" },
		{ "a<a:x", "(1)" },
		{ "a<bab:x b<aba:y", "(2 1)" },
		/* the second with one id is another message */
		{ "a:x a:y b<a:x!", "(1 3)(2)" },
		{ "-:x -:y", "(1)(2)" },
		/* one subject: replies join, others meet under a dummy */
		{ "a:x b:x!", "(1 2)" },
		{ "b:x! a:x", "(2 1)" },
		{ "a:x b:x", "((1)(2))" },
		{ "a:x b:x c:x", "((1)(2)(3))" },
		{ "a:x! b:x! c:y", "((1)(2))(3)" },
		{ "a:- b:-", "(1)(2)" },
		{ "b<a:x! c<a:x! e<d:x! f<d:x!", "((1)(2)(3)(4))" },
		{ "b<a:x! c<a:x! d:x", "((1)(2)(3))" },
		{ "d:x b<a:x! c<a:x!", "((1)(2)(3))" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mail mail;
		struct buf out;

		parse(&mail, cases[i].in);
		buf_init(&out, 0);
		thread_by_references(&out, mail.message, mail.count, mail.ref);
		if (strcmp(buf_cstr(&out), cases[i].out) != 0)
			print_message("%s\n", cases[i].in);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

static void
subjects_make_two_levels(void **state)
{
	static const struct {
		const char *in, *out;
	} cases[] = {
		{ "", "" },
		{ "a:x b:y", "(1)(2)" },
		{ "a:x b:x", "(1 2)" },
		{ "a:x b:y c:x d:x", "(1 (3)(4))(2)" },
		{ "a:x9 b:y8 c:x1 d:x2", "(3 (4)(1))(2)" },
		{ "a:- b:- c:x", "(1 2)(3)" },
	};

	(void)state;
	for (size_t i = 0; i < NELEMS(cases); i++) {
		struct mail mail;
		struct buf out;

		parse(&mail, cases[i].in);
		buf_init(&out, 0);
		thread_by_subject(&out, mail.message, mail.count);
		assert_string_equal(buf_cstr(&out), cases[i].out);
		buf_clear(&out);
	}
}

/* A chain as deep as it is long, and references that only cost time. */
static void
takes_what_is_deep_or_hostile(void **state)
{
	enum { COUNT = 20000, REFS = 20 };
	static struct thread_message message[COUNT];
	static uint64_t ref[COUNT * REFS];
	struct buf out;

	(void)state;
	buf_init(&out, 0);
	for (size_t i = 0; i < COUNT; i++) {
		message[i] = (struct thread_message){ .date = (int64_t)i,
			.id = i + 1,
			.number = (uint32_t)i + 1,
			.ref = i,
			.refs = i > 0 };
		ref[i] = i;
	}
	thread_by_references(&out, message, COUNT, ref);
	assert_memory_equal(out.p, "(1 2 3 4 5", 10);
	assert_int_equal(out.p[out.len - 1], ')');
	assert_true(str_chr(str_sub(buf_str(&out), 1, out.len), '(') < 0);

	/* each asks whether the first is above the last */
	for (size_t i = 0; i < COUNT; i++) {
		message[i].refs = REFS;
		message[i].ref = i * REFS;
		for (size_t k = 0; k < REFS; k++)
			ref[i * REFS + k] = k % 2 == 0 ? COUNT : 1;
	}
	buf_reset(&out);
	thread_by_references(&out, message, COUNT, ref);
	buf_clear(&out);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(references_make_trees),
		cmocka_unit_test(subjects_make_two_levels),
		cmocka_unit_test(takes_what_is_deep_or_hostile),
	};

	return cmocka_run_group_tests_name("imapd/thread_tree", tests, NULL,
	    NULL);
}
