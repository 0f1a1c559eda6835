#include "smtp/sasl.h"

#include <sasl/sasl.h>
#include <sasl/saslutil.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/log.h"
#include "base/rand.h"

/* Cyrus keeps callbacks in its own shape: any function, cast. */
typedef int any_fn(void);

enum { CALLBACKS = 5 };

struct sasl_talk {
	sasl_conn_t *conn;
	sasl_callback_t callbacks[CALLBACKS];
	char *user;
	sasl_secret_t *password;
	size_t password_size;
};

/*
 * In the place of the C library's, for libsasl2: with a name that has no dot
 * its client asks files and the DNS for a better one, neither of which a jail
 * has. No mechanism of ours tells the name to anybody.
 */
int
gethostname(char *name, size_t size)
{
	(void)snprintf(name, size, "localhost.localdomain");
	return 0;
}

/*
 * Likewise: the library's own asks /dev/urandom, which a jail has not, and
 * would make nonces of the time and the process id.
 */
void
sasl_rand(sasl_rand_t *pool, char *out, unsigned len)
{
	(void)pool;
	rand_bytes(out, len);
}

static int
on_log(void *context, int level, const char *message)
{
	(void)context;
	if (level <= SASL_LOG_ERR && message != NULL)
		log_debug("sasl: %s", message);
	return SASL_OK;
}

/* No file of Cyrus's own is ever looked at. */
static int
on_path(void *context, const char **path)
{
	(void)context;
	*path = "";
	return SASL_OK;
}

int
sasl_setup(struct err *err)
{
	/* Cyrus keeps the pointer. */
	static sasl_callback_t callbacks[] = {
		{ SASL_CB_LOG, (any_fn *)(void (*)(void))on_log, NULL },
		{ SASL_CB_GETCONFPATH, (any_fn *)(void (*)(void))on_path,
		    NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	int rc = sasl_client_init(callbacks);

	if (rc != SASL_OK)
		return err_set(err, ERR_TEMP, "sasl: %s",
		    sasl_errstring(rc, NULL, NULL));
	return 0;
}

int
sasl_options_parse(const char *text, unsigned *flags, struct err *err)
{
	static const struct {
		const char *word;
		unsigned flag;
	} words[] = {
		{ "noplaintext", SASL_SEC_NOPLAINTEXT },
		{ "noactive", SASL_SEC_NOACTIVE },
		{ "nodictionary", SASL_SEC_NODICTIONARY },
		{ "noanonymous", SASL_SEC_NOANONYMOUS },
		{ "mutual_auth", SASL_SEC_MUTUAL_AUTH },
		{ "forward_secrecy", SASL_SEC_FORWARD_SECRECY },
	};
	struct str rest = str_of(text), part, word;

	*flags = 0;
	while (str_split(&rest, ',', &part)) {
		while (str_split(&part, ' ', &word)) {
			size_t i = 0;

			word = str_trim(word);
			while (
			    i < NELEMS(words) && !str_ieqz(word, words[i].word))
				i++;
			if (i < NELEMS(words))
				*flags |= words[i].flag;
			else if (word.len > 0)
				return err_set(err, ERR_SYNTAX,
				    "\"%" STR_F "\" is no SASL option",
				    STR_A(word));
		}
	}
	return 0;
}

static int
on_name(void *context, int id, const char **result, unsigned *len)
{
	struct sasl_talk *talk = context;

	/* The authorization identity is the one that logs in. */
	*result = id == SASL_CB_AUTHNAME ? talk->user : "";
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
on_password(sasl_conn_t *conn, void *context, int id, sasl_secret_t **secret)
{
	struct sasl_talk *talk = context;

	(void)conn;
	(void)id;
	*secret = talk->password;
	return SASL_OK;
}

static void
set_callbacks(struct sasl_talk *talk)
{
	any_fn *name = (any_fn *)(void (*)(void))on_name;
	any_fn *password = (any_fn *)(void (*)(void))on_password;

	talk->callbacks[0] = (sasl_callback_t){ SASL_CB_USER, name, talk };
	talk->callbacks[1] = (sasl_callback_t){ SASL_CB_AUTHNAME, name, talk };
	talk->callbacks[2] = (sasl_callback_t){ SASL_CB_PASS, password, talk };
	talk->callbacks[3] = (sasl_callback_t){ SASL_CB_LOG,
		(any_fn *)(void (*)(void))on_log, NULL };
	talk->callbacks[4] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
}

struct sasl_talk *
sasl_talk_new(const char *host, const char *user, const char *password,
    unsigned flags, struct err *err)
{
	struct sasl_talk *talk = xcalloc(1, sizeof(*talk));
	sasl_security_properties_t props = { .security_flags = flags };
	size_t len = strlen(password);
	int rc;

	talk->user = xstrdup(user);
	talk->password_size = sizeof(*talk->password) + len;
	talk->password = xcalloc(1, talk->password_size);
	talk->password->len = len;
	memcpy(talk->password->data, password, len);
	set_callbacks(talk);
	rc = sasl_client_new("smtp", host, NULL, NULL, talk->callbacks, 0,
	    &talk->conn);
	if (rc == SASL_OK)
		rc = sasl_setprop(talk->conn, SASL_SEC_PROPS, &props);
	if (rc == SASL_OK)
		return talk;
	(void)err_set(err, ERR_TEMP, "%s", sasl_errstring(rc, NULL, NULL));
	sasl_talk_free(talk);
	return NULL;
}

void
sasl_talk_free(struct sasl_talk *talk)
{
	if (talk == NULL)
		return;
	if (talk->conn != NULL)
		sasl_dispose(&talk->conn);
	free(talk->user);
	free_secret(talk->password, talk->password_size);
	free(talk);
}

int
sasl_talk_begin(struct sasl_talk *talk, const char *mechanisms,
    const char **mechanism, struct buf *initial, bool *has_initial,
    struct err *err)
{
	const char *out = NULL;
	unsigned len = 0;
	int rc = sasl_client_start(talk->conn, mechanisms, NULL, &out, &len,
	    mechanism);

	if (rc == SASL_NOMECH)
		return err_set(err, ERR_NOENT, "no mechanism in common");
	if (rc != SASL_OK && rc != SASL_CONTINUE)
		return err_set(err, ERR_TEMP, "%s",
		    sasl_errstring(rc, NULL, NULL));
	*has_initial = out != NULL;
	return buf_add(initial, out, len);
}

int
sasl_talk_step(struct sasl_talk *talk, struct str challenge,
    struct buf *response, struct err *err)
{
	const char *out = NULL;
	unsigned len = 0;
	int rc = sasl_client_step(talk->conn, challenge.p,
	    (unsigned)challenge.len, NULL, &out, &len);

	if (rc != SASL_OK && rc != SASL_CONTINUE)
		return err_set(err, ERR_SYNTAX, "%s",
		    sasl_errstring(rc, NULL, NULL));
	return buf_add(response, out, len);
}
