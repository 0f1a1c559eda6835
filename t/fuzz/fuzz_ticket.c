/*
 * Tickets, as a session daemon would hand them to stored: anything may come.
 * The key is this target's own. An input that begins with "+" is signed
 * first, so that what stands behind the signature is reached too.
 */
#include <openssl/evp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "auth/ticket.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define PUBLIC                                                                 \
	"-----BEGIN PUBLIC KEY-----\n"                                         \
	"MCowBQYDK2VwAyEAFpG+YRi9TVwwOCSRiSP4R0a/JNjHCFos1Uew/TRwlgE=\n"       \
	"-----END PUBLIC KEY-----\n"
#define PRIVATE                                                                \
	"-----BEGIN PRIVATE KEY-----\n"                                        \
	"MC4CAQAwBQYDK2VwBCIEID5aow3f7VxSGTlqGU3DxVXUfD3UWKS3j5RWnAMdaKqj\n"   \
	"-----END PRIVATE KEY-----\n"

enum { NOW = 1800000000 };

/* A ticket whose strings are the pieces of in: it must come back the same. */
static void
round_trip(struct str in)
{
	struct err err;
	struct ticket_signer *signer = ticket_signer_new(STR(PRIVATE), &err);
	struct ticket_verifier *verifier =
	    ticket_verifier_new(STR(PUBLIC), &err);
	struct ticket ticket = { .issued = NOW, .expires = NOW }, again;
	struct arena *arena = arena_new(0);
	struct buf out;

	(void)str_split(&in, ' ', &ticket.user);
	(void)str_split(&in, ' ', &ticket.session);
	buf_init(&out, 0);
	if (signer == NULL || verifier == NULL)
		abort();
	if (ticket_sign(&out, signer, &ticket, &err) == 0 &&
	    (ticket_verify(&again, verifier, buf_str(&out), NOW, arena, &err) <
		    0 ||
		!str_eq(again.user, ticket.user)))
		abort();
	buf_clear(&out);
	arena_free(arena);
	ticket_signer_free(signer);
	ticket_verifier_free(verifier);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = str_make(data, size);
	struct ticket_verifier *verifier;
	struct ticket ticket;
	struct arena *arena;
	struct err err;

	if (str_take(&in, '+')) {
		round_trip(in);
		return 0;
	}
	verifier = ticket_verifier_new(STR(PUBLIC), &err);
	arena = arena_new(1 << 20);
	if (verifier == NULL)
		abort();
	(void)ticket_verify(&ticket, verifier, in, NOW, arena, &err);
	arena_free(arena);
	ticket_verifier_free(verifier);
	return 0;
}
