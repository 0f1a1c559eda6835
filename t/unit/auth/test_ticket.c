#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "auth/ticket.h"
#include "base/attr.h"

enum { NOW = 1800000000 };

struct keys {
	struct buf private, public;
	struct ticket_signer *signer;
	struct ticket_verifier *verifier;
};

static void
make_keys(struct keys *keys)
{
	struct err err;

	buf_init(&keys->private, 0);
	buf_init(&keys->public, 0);
	assert_int_equal(ticket_make_keys(&keys->private, &keys->public, &err),
	    0);
	keys->signer = ticket_signer_new(buf_str(&keys->private), &err);
	keys->verifier = ticket_verifier_new(buf_str(&keys->public), &err);
	assert_non_null(keys->signer);
	assert_non_null(keys->verifier);
}

static void
clear_keys(struct keys *keys)
{
	buf_clear(&keys->private);
	buf_clear(&keys->public);
	ticket_signer_free(keys->signer);
	ticket_verifier_free(keys->verifier);
}

static void
sign(struct keys *keys, struct buf *out)
{
	struct ticket_group groups[] = { { STR("staff") }, { STR("x") } };
	struct ticket ticket = {
		.session = STR("s-1"),
		.user = STR("ada@example.org"),
		.service = STR("imap"),
		.mech = STR("PLAIN"),
		.issued = NOW,
		.expires = NOW + 3600,
		.groups = { groups, 2 },
	};
	struct err err;

	buf_init(out, 0);
	assert_int_equal(ticket_sign(out, keys->signer, &ticket, &err), 0);
}

static int
verify(struct keys *keys, struct str bytes, int64_t now, enum err_kind *kind)
{
	struct arena *arena = arena_new(0);
	struct ticket ticket;
	struct err err = { 0 };
	int ret =
	    ticket_verify(&ticket, keys->verifier, bytes, now, arena, &err);

	*kind = err.kind;
	arena_free(arena);
	return ret;
}

static void
comes_back_as_it_was(void **state)
{
	struct arena *arena = arena_new(0);
	struct ticket_group *group;
	struct ticket ticket;
	struct keys keys;
	struct err err;
	struct buf out;

	(void)state;
	make_keys(&keys);
	sign(&keys, &out);
	assert_int_equal(ticket_verify(&ticket, keys.verifier, buf_str(&out),
			     NOW, arena, &err),
	    0);
	assert_true(str_eqz(ticket.user, "ada@example.org"));
	assert_true(str_eqz(ticket.session, "s-1"));
	assert_true(str_eqz(ticket.service, "imap"));
	assert_true(str_eqz(ticket.mech, "PLAIN"));
	assert_int_equal(ticket.expires, NOW + 3600);
	assert_int_equal(ticket.groups.count, 2);
	group = ticket.groups.items;
	assert_true(str_eqz(group[0].name, "staff"));
	arena_free(arena);
	buf_clear(&out);
	clear_keys(&keys);
}

static void
holds_in_its_time_only(void **state)
{
	static const struct {
		int64_t now;
		int ret;
	} cases[] = {
		{ NOW - TICKET_SKEW - 1, -1 },
		{ NOW - TICKET_SKEW, 0 },
		{ NOW + 3600 + TICKET_SKEW, 0 },
		{ NOW + 3600 + TICKET_SKEW + 1, -1 },
	};
	struct keys keys;
	struct buf out;

	(void)state;
	make_keys(&keys);
	sign(&keys, &out);
	for (size_t i = 0; i < NELEMS(cases); i++) {
		enum err_kind kind;

		assert_int_equal(
		    verify(&keys, buf_str(&out), cases[i].now, &kind),
		    cases[i].ret);
		if (cases[i].ret < 0)
			assert_int_equal(kind, ERR_DENIED);
	}
	buf_clear(&out);
	clear_keys(&keys);
}

/* Any bit of a ticket, turned over, makes it worthless; so does any cut. */
static void
cannot_be_changed(void **state)
{
	enum err_kind kind;
	struct keys keys;
	struct buf out;

	(void)state;
	make_keys(&keys);
	sign(&keys, &out);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		out.p[bit / 8] ^= (char)(1 << bit % 8);
		assert_int_equal(verify(&keys, buf_str(&out), NOW, &kind), -1);
		assert_true(kind == ERR_DENIED || kind == ERR_SYNTAX);
		out.p[bit / 8] ^= (char)(1 << bit % 8);
	}
	for (size_t len = 0; len < out.len; len++)
		assert_int_equal(
		    verify(&keys, str_make(out.p, len), NOW, &kind), -1);
	(void)buf_addc(&out, 0);
	assert_int_equal(verify(&keys, buf_str(&out), NOW, &kind), -1);
	buf_clear(&out);
	clear_keys(&keys);
}

static void
needs_a_key_we_have(void **state)
{
	struct keys old, new;
	enum err_kind kind;
	struct err err;
	struct buf out;

	(void)state;
	make_keys(&old);
	make_keys(&new);
	sign(&old, &out);
	assert_int_equal(verify(&new, buf_str(&out), NOW, &kind), -1);
	assert_int_equal(kind, ERR_DENIED);

	/* While a key is replaced both are known. */
	ticket_verifier_free(new.verifier);
	(void)buf_add_str(&new.public, buf_str(&old.public));
	new.verifier = ticket_verifier_new(buf_str(&new.public), &err);
	assert_non_null(new.verifier);
	assert_int_equal(verify(&new, buf_str(&out), NOW, &kind), 0);
	buf_clear(&out);
	clear_keys(&old);
	clear_keys(&new);
}

static void
refuses_what_is_no_key(void **state)
{
	struct err err;

	(void)state;
	assert_null(ticket_signer_new(STR("x"), &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
	assert_null(ticket_verifier_new(STR(""), &err));
	assert_int_equal(err.kind, ERR_CORRUPT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_back_as_it_was),
		cmocka_unit_test(holds_in_its_time_only),
		cmocka_unit_test(cannot_be_changed),
		cmocka_unit_test(needs_a_key_we_have),
		cmocka_unit_test(refuses_what_is_no_key),
	};

	return cmocka_run_group_tests_name("auth/ticket", tests, NULL, NULL);
}
