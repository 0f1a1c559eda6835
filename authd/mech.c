#include "authd/mech.h"

#include <sasl/sasl.h>
#include <sasl/saslplug.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/alloc.h"
#include "base/attr.h"
#include "base/log.h"

#define PLUGIN "chancery"

/* Cyrus keeps callbacks in its own shape: any function, cast. */
typedef int any_fn(void);

enum { CALLBACKS = 5 };

struct mech {
	sasl_conn_t *conn;
	const char *list;
	sasl_callback_t callbacks[CALLBACKS];
	char *user, *password, *secret;
	size_t user_len, password_len, secret_len;
	char *external;
	sasl_channel_binding_t binding; /* its pointers are ours */
	bool wants_name; /* LOGIN: what comes next is a user's name */
};

static int
on_option(void *context, const char *plugin, const char *option,
    const char **result, unsigned *len)
{
	static const struct {
		const char *name, *value;
	} fixed[] = {
		/* No database of Cyrus's own is ever looked at. */
		{ "pwcheck_method", "none" },
		{ "auxprop_plugin", PLUGIN },
		{ "canon_user_plugin", "INTERNAL" },
		{ "log_level", "1" },
	};

	(void)plugin;
	*result = NULL;
	if (strcmp(option, "mech_list") == 0)
		*result = context;
	for (size_t i = 0; i < NELEMS(fixed); i++) {
		if (strcmp(option, fixed[i].name) == 0)
			*result = fixed[i].value;
	}
	if (*result == NULL)
		return SASL_FAIL;
	if (len != NULL)
		*len = (unsigned)strlen(*result);
	return SASL_OK;
}

static int
on_log(void *context, int level, const char *message)
{
	(void)context;
	if (level <= SASL_LOG_ERR && message != NULL)
		log_debug("sasl: %s", message);
	return SASL_OK;
}

static void
note(char **to, size_t *to_len, const char *bytes, size_t len)
{
	free_secret(*to, *to_len);
	*to = xstrndup(bytes, len);
	*to_len = len;
}

static int
on_password(sasl_conn_t *conn, void *context, const char *user,
    const char *password, unsigned len, struct propctx *props)
{
	struct mech *mech = context;

	(void)conn;
	(void)props;
	note(&mech->user, &mech->user_len, user, strlen(user));
	note(&mech->password, &mech->password_len, password, len);
	return SASL_OK;
}

/* The exchange for which Cyrus asks: the context of its own callback. */
static struct mech *
mech_of(sasl_server_params_t *params)
{
	sasl_callback_ft fn;
	void *context = NULL;

	if (params->utils->getcallback(params->utils->conn,
		SASL_CB_SERVER_USERDB_CHECKPASS, &fn, &context) != SASL_OK)
		return NULL;
	return context;
}

/* auxprop_lookup: the secret, whoever it is asked for; nothing else. */
static int
on_lookup(void *global, sasl_server_params_t *params, unsigned flags,
    const char *user, unsigned len)
{
	const struct propval *wanted = params->utils->prop_get(params->propctx);
	const struct mech *mech = mech_of(params);

	(void)global;
	(void)user;
	(void)len;
	if (flags & SASL_AUXPROP_AUTHZID)
		return SASL_OK;
	if (mech == NULL || mech->secret == NULL)
		return SASL_NOUSER;
	for (; wanted != NULL && wanted->name != NULL; wanted++)
		if (strcmp(wanted->name, "*authPassword") == 0)
			(void)params->utils->prop_set(params->propctx,
			    wanted->name, mech->secret, (int)mech->secret_len);
	return SASL_OK;
}

static int
on_plugin(const sasl_utils_t *utils, int max, int *version,
    sasl_auxprop_plug_t **out, const char *name)
{
	/* Cyrus keeps the pointer. */
	static sasl_auxprop_plug_t plug = {
		.auxprop_lookup = on_lookup,
		.name = (char *)(uintptr_t)PLUGIN,
	};

	(void)utils;
	(void)name;
	if (max < SASL_AUXPROP_PLUG_VERSION)
		return SASL_BADVERS;
	*version = SASL_AUXPROP_PLUG_VERSION;
	*out = &plug;
	return SASL_OK;
}

int
mech_init(const char *list, struct err *err)
{
	/* Cyrus keeps the pointer. */
	static sasl_callback_t callbacks[] = {
		{ SASL_CB_GETOPT, (any_fn *)(void (*)(void))on_option, NULL },
		{ SASL_CB_LOG, (any_fn *)(void (*)(void))on_log, NULL },
		{ SASL_CB_LIST_END, NULL, NULL },
	};
	int rc;

	callbacks[0].context = (void *)(uintptr_t)list;
	rc = sasl_auxprop_add_plugin(PLUGIN, on_plugin);
	if (rc == SASL_OK)
		rc = sasl_server_init(callbacks, "chancery");
	if (rc != SASL_OK)
		return err_set(err, ERR_TEMP, "sasl: %s",
		    sasl_errstring(rc, NULL, NULL));
	return 0;
}

void
mech_done(void)
{
	sasl_server_done();
}

static void
set_callbacks(struct mech *mech)
{
	mech->callbacks[0] = (sasl_callback_t){ SASL_CB_GETOPT,
		(any_fn *)(void (*)(void))on_option,
		(void *)(uintptr_t)mech->list };
	mech->callbacks[1] = (sasl_callback_t){ SASL_CB_LOG,
		(any_fn *)(void (*)(void))on_log, NULL };
	mech->callbacks[2] = (sasl_callback_t){ SASL_CB_SERVER_USERDB_CHECKPASS,
		(any_fn *)(void (*)(void))on_password, mech };
	mech->callbacks[3] = (sasl_callback_t){ SASL_CB_LIST_END, NULL, NULL };
}

struct mech *
mech_new(const char *service, const char *hostname, const char *list,
    bool secure, struct err *err)
{
	sasl_security_properties_t props = {
		.security_flags =
		    SASL_SEC_NOANONYMOUS | (secure ? 0 : SASL_SEC_NOPLAINTEXT),
	};
	struct mech *mech = xcalloc(1, sizeof(*mech));
	int rc;

	mech->list = list;
	set_callbacks(mech);
	rc = sasl_server_new(service, hostname, NULL, NULL, NULL,
	    mech->callbacks, 0, &mech->conn);
	if (rc == SASL_OK)
		rc = sasl_setprop(mech->conn, SASL_SEC_PROPS, &props);
	if (rc == SASL_OK)
		return mech;
	(void)err_set(err, ERR_TEMP, "sasl: %s",
	    sasl_errstring(rc, NULL, NULL));
	mech_free(mech);
	return NULL;
}

void
mech_free(struct mech *mech)
{
	if (mech == NULL)
		return;
	if (mech->conn != NULL)
		sasl_dispose(&mech->conn);
	free_secret(mech->user, mech->user_len);
	free_secret(mech->password, mech->password_len);
	free_secret(mech->secret, mech->secret_len);
	free(mech->external);
	free((char *)(uintptr_t)mech->binding.name);
	free((unsigned char *)(uintptr_t)mech->binding.data);
	free(mech);
}

void
mech_set_binding(struct mech *mech, const char *name, struct str data)
{
	mech->binding.name = xstrdup(name);
	mech->binding.data = (unsigned char *)xstrndup(data.p, data.len);
	mech->binding.len = data.len;
	if (sasl_setprop(mech->conn, SASL_CHANNEL_BINDING, &mech->binding) !=
	    SASL_OK)
		panic("sasl: channel binding");
}

void
mech_set_secret(struct mech *mech, struct str secret)
{
	note(&mech->secret, &mech->secret_len, secret.p, secret.len);
}

void
mech_set_external(struct mech *mech, const char *user)
{
	mech->external = xstrdup(user);
	if (sasl_setprop(mech->conn, SASL_AUTH_EXTERNAL, mech->external) !=
	    SASL_OK)
		panic("sasl: external");
}

/* Who it is, says Cyrus, when it was not asked about a password. */
static enum mech_result
proven(struct mech *mech)
{
	const void *user = NULL;

	if ((mech->secret == NULL && mech->external == NULL) ||
	    sasl_getprop(mech->conn, SASL_USERNAME, &user) != SASL_OK ||
	    user == NULL)
		return MECH_FAIL;
	note(&mech->user, &mech->user_len, user, strlen(user));
	return MECH_PROVEN;
}

static enum mech_result
result_of(struct mech *mech, int rc)
{
	switch (rc) {
	case SASL_CONTINUE:
		return MECH_CONTINUE;
	case SASL_OK:
		return mech->password != NULL ? MECH_PASSWORD : proven(mech);
	case SASL_NOMECH:
		/* Also said of some refusals, once a mechanism runs. */
		return mech->password != NULL ? MECH_FAIL : MECH_BADMECH;
	case SASL_ENCRYPT:
	case SASL_TOOWEAK:
		return MECH_BADMECH;
	case SASL_BADPROT:
		return MECH_BADPROTO;
	case SASL_NOMEM:
		return MECH_TEMP;
	default:
		return MECH_FAIL;
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/*
 * LOGIN's name as Cyrus will take it: to its first NUL, without blanks around
 * it. False when nothing is left. Cyrus itself asks for a password first, then
 * finds that the name is blank, or beside enough blanks, and forgets to free
 * the password: a kilobyte an attempt, before any login.
 */
static bool
trim_name(struct mech *mech, struct str *said)
{
	if (!mech->wants_name)
		return true;
	mech->wants_name = false;
	if (said->len > 0)
		said->len = strnlen(said->p, said->len);
	while (said->len > 0 && is_blank(said->p[0]))
		str_skip(said, 1);
	while (said->len > 0 && is_blank(said->p[said->len - 1]))
		said->len--;
	return said->len > 0;
}

enum mech_result
mech_start(struct mech *mech, const char *name, struct str initial,
    struct str *challenge)
{
	const char *out = NULL;
	unsigned len = 0;
	int rc;

	mech->wants_name = strcasecmp(name, "LOGIN") == 0;
	if (initial.len > 0 && !trim_name(mech, &initial)) {
		*challenge = STR("");
		return MECH_FAIL;
	}
	rc = sasl_server_start(mech->conn, name, initial.p,
	    (unsigned)initial.len, &out, &len);
	*challenge = str_make(out, out == NULL ? 0 : len);
	return result_of(mech, rc);
}

enum mech_result
mech_next(struct mech *mech, struct str response, struct str *challenge)
{
	const char *out = NULL;
	unsigned len = 0;
	int rc;

	if (!trim_name(mech, &response)) {
		*challenge = STR("");
		return MECH_FAIL;
	}
	/* NULL would mean that there is no response at all. */
	rc = sasl_server_step(mech->conn, response.p == NULL ? "" : response.p,
	    (unsigned)response.len, &out, &len);
	*challenge = str_make(out, out == NULL ? 0 : len);
	return result_of(mech, rc);
}

struct str
mech_user(const struct mech *mech)
{
	return str_make(mech->user, mech->user_len);
}

struct str
mech_password(const struct mech *mech)
{
	return str_make(mech->password, mech->password_len);
}
