/*
 * What a client says in a SASL exchange, behind each mechanism: the first byte
 * chooses mechanism and circumstances, lines are its responses. Nobody who did
 * not show the secret is proven.
 */
#include <stdint.h>
#include <stdlib.h>

#include "authd/mech.h"
#include "base/attr.h"
#include "base/log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char list[] = "PLAIN LOGIN SCRAM-SHA-256 SCRAM-SHA-256-PLUS "
			   "EXTERNAL";
static const char *const names[] = { "PLAIN", "LOGIN", "SCRAM-SHA-256",
	"SCRAM-SHA-256-PLUS", "EXTERNAL", "NONE" };

/* Of no password that anybody knows. */
static const char secret[] = "SCRAM-SHA-256$4096:c2FsdHNhbHRzYWx0c2FsdA==$"
			     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:"
			     "BAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

static void
talk(struct mech *mech, const char *name, struct str in, bool has_initial)
{
	struct str line = { 0 }, challenge;
	enum mech_result result;

	if (has_initial && !str_split(&in, '\n', &line))
		line = STR("");
	result = mech_start(mech, name, line, &challenge);
	while (result == MECH_CONTINUE && str_split(&in, '\n', &line))
		result = mech_next(mech, line, &challenge);
	if (result == MECH_PROVEN)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	struct mech *mech;
	struct err err;

	if (size == 0 || size > 20000)
		return 0;
	log_init("fuzz", LOG_LEVEL_ERROR);
	if (!ready && mech_init(list, &err) < 0)
		panic("%s", err.text);
	ready = true;
	mech =
	    mech_new("imap", "mail.example.test", list, !(data[0] & 64), &err);
	if (mech == NULL)
		panic("%s", err.text);
	if (data[0] & 32)
		mech_set_binding(mech, "tls-exporter", STR("0123456789abcdef"));
	mech_set_secret(mech, str_of(secret));
	talk(mech, names[(data[0] & 15) % NELEMS(names)],
	    str_make(data + 1, size - 1), data[0] & 16);
	mech_free(mech);
	return 0;
}
