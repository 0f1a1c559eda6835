#include "base/fsutil.h"
#include "base/time.h"
#include "verb/certfile.h"
#include "verb/checkup.h"

enum { DAY = 86400, WARN_DAYS = 14 };

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

/* false: err says why; of ERR_DENIED there is nothing to say. */
static bool
read_pair(struct checkup *c, const char *cert_path, const char *key_path,
    struct buf *chain, struct buf *key, struct err *err)
{
	int dirfd = c->call->env->dirfd;

	if (fs_read_file(dirfd, cert_path, chain, err) < 0) {
		/* Without TLS it is served in the clear alone. */
		if (err->kind == ERR_NOENT &&
		    main_cf_find(c->cf, "tls_cert_file") == NULL)
			err->kind = ERR_DENIED;
		return false;
	}
	return fs_read_file(dirfd, key_path, key, err) == 0;
}

void
checkup_tls(struct checkup *c)
{
	const char *host, *cert_path, *key_path;
	struct certfile cert;
	struct buf chain, key;
	struct err err;

	if ((host = main_cf_get(c->cf, "myhostname", &err)) == NULL ||
	    (cert_path = certfile_cert_path(c->cf, &err)) == NULL ||
	    (key_path = certfile_key_path(c->cf, &err)) == NULL) {
		checkup_say(c, "error", "%s", err.text);
		return;
	}
	buf_init(&chain, CERTFILE_MAX);
	buf_init(&key, CERTFILE_MAX);
	if (!read_pair(c, cert_path, key_path, &chain, &key, &err)) {
		if (err.kind != ERR_DENIED) /* not ours to see */
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
