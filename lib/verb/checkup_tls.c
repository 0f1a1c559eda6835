#include "base/fsutil.h"
#include "base/time.h"
#include "verb/certfile.h"
#include "verb/checkup.h"

enum { DAY = 86400, WARN_DAYS = 14 };

/* Below DIR, as master opens it. */
static const char *
path_of(struct checkup *c, const char *parameter, const char *usual)
{
	struct err err;
	const char *path;

	if (main_cf_find(c->cf, parameter) == NULL)
		return usual;
	path = main_cf_get(c->cf, parameter, &err);
	return path == NULL ? usual : path;
}

static void
judge(struct checkup *c, const struct certfile *cert, const char *host)
{
	int64_t now = time_real() / TIME_SECOND;

	if (cert->not_after <= now)
		checkup_say(c, "error", "the certificate has expired");
	else if (cert->not_after - now < WARN_DAYS * DAY)
		checkup_say(c, "warning", "the certificate expires in %d days",
		    (int)((cert->not_after - now) / DAY));
	if (cert->not_before > now)
		checkup_say(c, "error", "the certificate is not valid yet");
	if (!cert->names_host)
		checkup_say(c, "warning", "the certificate is not one for %s",
		    host);
	if (cert->is_self_signed)
		checkup_say(c, "warning",
		    "the certificate is signed by itself: clients will ask "
		    "whether to trust it (see chancery tls install)");
}

void
checkup_tls(struct checkup *c)
{
	const char *cert_path = path_of(c, "tls_cert_file", "tls/cert.pem");
	const char *key_path = path_of(c, "tls_key_file", "tls/key.pem");
	const char *host;
	struct certfile cert;
	struct buf chain, key;
	struct err err;

	buf_init(&chain, CERTFILE_MAX);
	buf_init(&key, CERTFILE_MAX);
	host = main_cf_get(c->cf, "myhostname", &err);
	if (host == NULL)
		checkup_say(c, "error", "%s", err.text);
	else if (fs_read_file(c->call->env->dirfd, cert_path, &chain, &err) <
	    0) {
		/* Without TLS it is served in the clear alone. */
		if (err.kind != ERR_NOENT ||
		    main_cf_find(c->cf, "tls_cert_file") != NULL)
			checkup_say(c, "error", "%s", err.text);
	} else if (fs_read_file(c->call->env->dirfd, key_path, &key, &err) <
	    0) {
		if (err.kind != ERR_DENIED)
			checkup_say(c, "error", "%s", err.text);
	} else if (certfile_look(&cert, buf_str(&chain), buf_str(&key), host,
		       &err) < 0) {
		checkup_say(c, "error", "%s: %s", cert_path, err.text);
	} else {
		judge(c, &cert, host);
	}
	buf_clear(&chain);
	buf_clear_secret(&key);
}
