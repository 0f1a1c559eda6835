/*
 * proof - exchanges in which no password is shown: SCRAM-SHA-256, with and
 * without channel binding (RFC 5802, RFC 7677), and EXTERNAL (RFC 4422
 * appendix A) by the certificate of the TLS connection.
 *
 * Before the mechanism may start the directory is asked: for the secret of the
 * name in the client's first message, or for the user of the certificate. Who
 * is not there, may not log in or has no secret that is good gets one that
 * looks like any, so that the exchange goes its way to the same refusal.
 */
#include <stdlib.h>
#include <string.h>

#include "auth/scram.h"
#include "authd/exchange_impl.h"
#include "base/alloc.h"

#define EXTERNAL "EXTERNAL"

struct proof {
	bool is_external;
	bool is_started; /* the mechanism runs: the next word is the last */
	char *exporter, *unique; /* owned: channel binding, or NULL */
	size_t exporter_len, unique_len;
	char *certificate;  /* as in auth_start */
	char *owner;        /* of the mailboxes; NULL: nobody who may log in */
	struct facts facts; /* of that user */
	struct buf held;    /* the client's word, until its turn comes */
};

bool
proof_is_for(const char *mech)
{
	return strcasecmp(mech, EXTERNAL) == 0 ||
	    strncasecmp(mech, "SCRAM-", 6) == 0;
}

void
proof_free(struct proof *proof)
{
	if (proof == NULL)
		return;
	free(proof->exporter);
	free(proof->unique);
	free(proof->certificate);
	free(proof->owner);
	facts_clear(&proof->facts);
	buf_clear_secret(&proof->held);
	free(proof);
}

void
proof_begin(struct exchange *x, const struct auth_start *start)
{
	struct proof *proof = xcalloc(1, sizeof(*proof));

	proof->is_external = strcasecmp(x->mech_name, EXTERNAL) == 0;
	proof->exporter_len = start->tls_binding.len;
	if (proof->exporter_len > 0)
		proof->exporter =
		    xstrndup(start->tls_binding.p, start->tls_binding.len);
	proof->unique_len = start->tls_unique.len;
	if (proof->unique_len > 0)
		proof->unique =
		    xstrndup(start->tls_unique.p, start->tls_unique.len);
	proof->certificate =
	    xstrndup(start->tls_client.p, start->tls_client.len);
	facts_init(&proof->facts);
	buf_init_secret(&proof->held, AUTH_RESPONSE_MAX);
	x->proof = proof;
}

/*
 * Tell Cyrus of the binding that the client names, or of the one we would
 * have. False: the client names another, or says that we have none though we
 * do: then somebody took -PLUS out of our list (RFC 5802 section 6).
 */
static bool
set_binding(struct exchange *x, const struct scram_first *first)
{
	const struct proof *proof = x->proof;
	struct str name = first->binding;

	if (first->flag == 'n')
		return true;
	if (first->flag == 'y')
		return proof->exporter == NULL && proof->unique == NULL;
	if (str_eqz(name, "tls-exporter") && proof->exporter != NULL)
		mech_set_binding(x->mech, "tls-exporter",
		    str_make(proof->exporter, proof->exporter_len));
	else if (str_eqz(name, "tls-unique") && proof->unique != NULL)
		mech_set_binding(x->mech, "tls-unique",
		    str_make(proof->unique, proof->unique_len));
	else
		return false;
	return true;
}

/* A mechanism that says how it goes on. */
static void
take_result(struct exchange *x, enum mech_result result, struct str challenge)
{
	const char *user = x->user;
	char *before = xstrdup(user);

	if (result == MECH_PROVEN) {
		/* the name the directory was asked for, and no other */
		exchange_set_user(x, mech_user(x->mech));
		if (x->proof->owner == NULL || strcmp(before, x->user) != 0)
			result = MECH_FAIL;
	}
	free(before);
	switch (result) {
	case MECH_PROVEN:
		x->state = IS_CHECKED; /* so that the next in the row goes */
		exchange_accept(x, str_of(x->proof->owner), &x->proof->facts,
		    challenge);
		return;
	case MECH_CONTINUE:
		exchange_challenge(x, challenge);
		return;
	case MECH_BADPROTO:
		exchange_end(x, AUTH_BADPROTO);
		return;
	case MECH_BADMECH:
		exchange_end(x, AUTH_BADMECH);
		return;
	case MECH_TEMP:
		exchange_trouble(x, "sasl: no memory");
		return;
	case MECH_PASSWORD:
	case MECH_FAIL:
		break;
	}
	exchange_refuse(x);
}

static void
start(struct exchange *x)
{
	struct str challenge = { NULL, 0 };
	enum mech_result result = mech_start(x->mech, x->mech_name,
	    x->proof->held.len > 0 ? buf_str(&x->proof->held) : STR(""),
	    &challenge);

	x->proof->is_started = true;
	take_result(x, result, challenge);
}

static void
set_owner(struct proof *proof, const struct password_owner *owner)
{
	free(proof->owner);
	proof->owner = xstrndup(owner->name.p, owner->name.len);
	facts_clear(&proof->facts);
	facts_copy(&proof->facts, owner->facts);
}

static int
set_secret(struct exchange *x, const struct password_owner *owner)
{
	struct authd *authd = x->authd;
	struct buf fake;
	struct err err;
	int ret = 0;

	if (owner != NULL && owner->scram.p != NULL) {
		set_owner(x->proof, owner);
		mech_set_secret(x->mech, owner->scram);
		return 0;
	}
	buf_init(&fake, SCRAM_SECRET_MAX);
	ret = scram_fake(&fake,
	    str_make((const char *)authd->fake_key, sizeof(authd->fake_key)),
	    str_of(x->user), &err);
	if (ret == 0)
		mech_set_secret(x->mech, buf_str(&fake));
	buf_clear(&fake);
	return ret;
}

static void
on_secret(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err)
{
	struct exchange *x = ctx;

	if (x->peer == NULL)
		exchange_drop(x);
	else if (result == PASSWORD_TEMP)
		exchange_trouble(x, err->text);
	else if (set_secret(x, owner) < 0)
		exchange_trouble(x, "SCRAM secret");
	else
		start(x);
}

/* client-first-message: whose secret is wanted? */
static void
ask_secret(struct exchange *x)
{
	struct scram_first first;
	struct err err;

	if (scram_parse_first(&first, buf_str(&x->proof->held), &err) < 0) {
		exchange_end(x, AUTH_BADPROTO);
		return;
	}
	exchange_set_user(x, buf_str(&first.user));
	if (!set_binding(x, &first)) {
		buf_clear(&first.user);
		exchange_refuse(x);
		return;
	}
	buf_clear(&first.user);
	x->state = IS_LOOKED_UP;
	password_find(x->authd->password, str_of(x->user), on_secret, x);
}

static void
on_user(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err)
{
	struct exchange *x = ctx;

	if (x->peer == NULL) {
		exchange_drop(x);
		return;
	}
	if (result == PASSWORD_TEMP) {
		exchange_trouble(x, err->text);
		return;
	}
	if (owner == NULL) {
		exchange_refuse(x);
		return;
	}
	set_owner(x->proof, owner);
	exchange_set_user(x, owner->name);
	mech_set_external(x->mech, x->user);
	start(x);
}

/* There is a user of that certificate; may he log in, and his domain? */
static void
on_certificate(void *ctx, enum password_result result,
    const struct password_owner *owner, const struct err *err)
{
	struct exchange *x = ctx;

	if (x->peer == NULL || owner == NULL)
		on_user(ctx, result, owner, err);
	else
		password_look(x->authd->password, owner->name, on_user, x);
}

/* The word is the name to act as, or empty. */
static void
ask_certificate(struct exchange *x)
{
	if (x->proof->certificate[0] == '\0') {
		exchange_end(x, AUTH_BADMECH);
		return;
	}
	x->state = IS_LOOKED_UP;
	password_certificate(x->authd->password, str_of(x->proof->certificate),
	    on_certificate, x);
}

void
proof_attempt(struct exchange *x)
{
	struct str challenge = { NULL, 0 };
	enum mech_result result;

	x->state = IS_CHECKED;
	result = mech_next(x->mech, buf_str(&x->proof->held), &challenge);
	take_result(x, result, challenge);
}

void
proof_message(struct exchange *x, struct str message)
{
	struct proof *proof = x->proof;

	if (message.p == NULL) { /* the client is to speak first */
		exchange_challenge(x, STR(""));
		return;
	}
	buf_reset(&proof->held);
	if (buf_add_str(&proof->held, message) < 0)
		exchange_end(x, AUTH_BADPROTO);
	else if (proof->is_started)
		exchange_decide(x);
	else if (proof->is_external)
		ask_certificate(x);
	else
		ask_secret(x);
}
